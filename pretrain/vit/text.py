"""Distil rs-tiny's text tower into a CLIP text tower over the corpus that rs-tiny's own learned.

rs-tiny reads word pieces in both directions and takes their mean, a CLIP reads byte pairs from
the left and takes the end: the weights of the one are no start for the other. What rs-tiny says
of single pieces is: token embeddings start there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.tiny import RsTiny
from pretrain import corpus, log
from pretrain.concepts import SCENES
from pretrain.data import Real, load_real
from pretrain.export import top1
from pretrain.image import Encode, TextBank
from pretrain.text import fit
from pretrain.vit.networks import TextStudent, clip_config, start_tokens
from pretrain.vit.tokenizer import BytePairs, learn

BATCH = 512


@dataclass(frozen=True)
class Text:
    """A distilled text tower with what it reads."""

    tower: TextStudent
    pairs: BytePairs
    length: int

    @torch.inference_mode()
    def encode(self, texts: list[str]) -> Tensor:
        """Unit features ``(T, D)``."""
        tokenizer, parts = self.pairs.tokenizer(), []
        for start in range(0, len(texts), BATCH):
            ids, _ = _ids(tokenizer, texts[start : start + BATCH], self.length)
            parts.append(functional.normalize(self.tower(ids), dim=-1))
        return torch.cat(parts)


def teacher_encode(teacher: RsTiny) -> Encode:
    """The teacher's text tower as a function from texts to unit features ``(T, D)``."""

    def encode(texts: list[str]) -> Tensor:
        order = sorted(range(len(texts)), key=lambda k: len(texts[k]))  # little padding
        features = np.empty((len(texts), teacher.dim), np.float32)
        features[order] = teacher.encode_texts([texts[k] for k in order])
        return torch.from_numpy(features)

    return encode


def train(data: Path, output: Path, config: dict[str, Any]) -> None:
    """Distil ``output/model`` and write ``output/vit/text.pt``; done in one go.

    Args:
        data: folder with the real images and captions.
        output: folder of rs-tiny, exported.
        config: the whole configuration.
    """
    settings, seed = config["vit"]["text"], config["seed"]
    torch.manual_seed(seed)
    teacher = RsTiny.from_folder(output / "model")
    words = (output / "model" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    field, dictionary, _ = corpus.read(data, config["text"], words, seed)
    texts = field + dictionary
    pairs = learn(texts, settings["vocabulary"])
    print(f"vit text: {len(texts)} texts, {len(pairs.tokens)} byte pairs", flush=True)
    targets = teacher_encode(teacher)(texts)
    tower = TextStudent(clip_config(config["vit"], len(pairs.tokens), teacher.dim))
    start_tokens(tower, teacher.encode_texts(pairs.pieces()))
    ids, lengths = _ids(pairs.tokenizer(), texts, settings["tokens"])
    fit(tower, ids, lengths, targets, len(field), settings, output / "vit")
    _, held_out, _ = load_real(data)
    text = Text(tower.eval(), pairs, settings["tokens"])
    images = torch.from_numpy(teacher.encode_images([real.image for real in held_out]))
    shares = {
        "top1_teacher_text": scene_accuracy(images, held_out, teacher_encode(teacher)),
        "top1_student_text": scene_accuracy(images, held_out, text.encode),
    }
    log.write(output / "vit", "text", shares)
    torch.save(
        {"tower": tower.clip.state_dict(), "tokens": pairs.tokens, "merges": pairs.merges},
        output / "vit" / "text.pt",
    )


def load(output: Path, config: dict[str, Any], dim: int) -> Text:
    """What ``train`` wrote.

    Args:
        output: folder of rs-tiny.
        config: the whole configuration.
        dim: of the joint space.
    """
    saved = torch.load(output / "vit" / "text.pt", weights_only=True)
    pairs = BytePairs(saved["tokens"], saved["merges"])
    tower = TextStudent(clip_config(config["vit"], len(pairs.tokens), dim)).eval()
    tower.clip.load_state_dict(saved["tower"])
    return Text(tower.requires_grad_(False), pairs, config["vit"]["text"]["tokens"])


def scene_accuracy(images: Tensor, scenes: list[Real], encode: Encode) -> float:
    """Share of the images whose embedding is nearest to the text of their own scene.

    Args:
        images: ``(n, D)`` of unit length.
        scenes: what they are of.
        encode: texts to unit features.
    """
    names = TextBank(list(SCENES.values()), encode).mean()
    labels = torch.tensor([real.scene for real in scenes])
    return round(top1(images @ names.T, labels), 4)


def _ids(tokenizer: Any, texts: list[str], length: int) -> tuple[Tensor, Tensor]:
    """Ids ``(N, T)``, padded behind, and how many each text has, start and end included."""
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
    return cast("Tensor", inputs["input_ids"]), cast("Tensor", inputs["attention_mask"].sum(1))
