"""Distil rs-tiny's image tower into a ViT.

Eight thousand scenes are far too few to teach a ViT by their names. The teacher's dense features
say of every patch what it shows, a hundred lessons an image: they do most of the work. The losses:

* cosines of image embeddings with the teacher's;
* the teacher's probabilities of the scene names (Hinton et al. 2015), and the true name;
* cosines of the patches, read both ways (``networks.read``), with the teacher's dense features;
* the teacher's probabilities of the concepts on every patch.

Most steps show a random part of the patches (He et al. 2022, section 3: cheap, and a harder task);
the last ones show all.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import CLIPVisionModelWithProjection

from dgl_rsis.models.tiny import RsTiny
from dgl_rsis.models.torch_tools import squeeze
from pretrain import checkpoints, log
from pretrain.concepts import CONCEPTS, SCENES
from pretrain.data import Real, load_real
from pretrain.image import Encode, TextBank, recolour, to_input
from pretrain.vit import bank as banks
from pretrain.vit import text as texts
from pretrain.vit.bank import Bank, Lesson, lesson
from pretrain.vit.networks import clip_config, image_student, read, start_vision

START_IMAGES = 1000  # whose patches the patch embedding starts from


@dataclass(frozen=True)
class Names:
    """Unit features of the scene names ``(S, D)`` and of the concepts ``(K, D)``."""

    scenes: Tensor
    concepts: Tensor

    @classmethod
    def of(cls, encode: Encode) -> Names:
        """By a text tower."""
        groups = (list(SCENES.values()), list(CONCEPTS.values()))
        return cls(*(TextBank(group, encode).mean() for group in groups))


@dataclass(frozen=True)
class Teaching:
    """What the lessons are judged by.

    Attributes:
        teacher: names by the teacher's text tower.
        student: names by the student's.
        scale: inverse temperature of image embeddings.
        dense_scale: inverse temperature of dense features.
    """

    teacher: Names
    student: Names
    scale: float
    dense_scale: float


def losses(
    student: CLIPVisionModelWithProjection,
    part: Lesson,
    pixels: Tensor,
    kept: Tensor,
    teaching: Teaching,
    settings: dict[str, Any],
) -> dict[str, Tensor]:
    """All losses of a step, weighted.

    Args:
        student: the image tower.
        part: targets.
        pixels: ``(B, 3, s, s)`` in [-1, 1].
        kept: ``(B, n)`` numbers of the patches that are shown.
        teaching: names and temperatures.
        settings: the ``vit.image`` part of the configuration.
    """
    said = read(student, pixels, kept)
    dense = part.dense.gather(1, kept[..., None].expand(-1, -1, part.dense.shape[-1]))
    teacher, own = teaching.teacher, teaching.student
    scenes = teaching.scale * said.image @ own.scenes.T
    is_named = part.scenes >= 0
    named = functional.cross_entropy(
        scenes[is_named], part.scenes[is_named], label_smoothing=0.1, reduction="sum"
    )
    parts = {
        "image": 1 - _cosine(said.image, part.embeddings),
        "names": _divergence(scenes, teaching.scale * part.embeddings @ teacher.scenes.T),
        "label": named / is_named.sum().clamp(min=1),
        "values": 1 - _cosine(said.values, dense),
        "tokens": 1 - _cosine(said.tokens, dense),
        "concepts": _divergence(
            teaching.dense_scale * said.values @ own.concepts.T,
            teaching.dense_scale * dense @ teacher.concepts.T,
        ),
    }
    return {name: settings["weights"][name] * value for name, value in parts.items()}


def _cosine(said: Tensor, wanted: Tensor) -> Tensor:
    """Mean cosine; ``said`` is of unit length, ``wanted`` nearly so."""
    return (said * wanted).sum(-1).mean()


def _divergence(said: Tensor, wanted: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of probabilities, from their logits ``(..., C)``."""
    return functional.kl_div(
        said.log_softmax(-1).flatten(0, -2),
        wanted.log_softmax(-1).flatten(0, -2),
        log_target=True,
        reduction="batchmean",
    )


def rows_of(step: int, batch: int, count: int, seed: int) -> NDArray[np.int64]:
    """The crops of a step ``(batch,)``: all of them in a new order, over and over."""
    places = np.arange(step * batch, (step + 1) * batch)
    rounds, within = places // count, places % count
    orders = {k: np.random.default_rng((seed, int(k))).permutation(count) for k in set(rounds)}
    return np.array([orders[k][place] for k, place in zip(rounds, within, strict=True)], np.int64)


def learning_rate(step: int, settings: dict[str, Any]) -> float:
    """Linear warm-up, then a half cosine to zero at the last step."""
    warm = min(1.0, (step + 1) / settings["warmup"])
    share = 0.5 * (1 + math.cos(math.pi * step / settings["steps"]))
    return float(settings["learning_rate"] * warm * share)


def choose_patches(step: int, batch: int, settings: dict[str, Any], seed: int) -> Tensor:
    """Numbers of the patches that a step shows, ``(B, n)``, each at most once and in order."""
    grid = settings["size"] // settings["patch"]
    is_last = step >= settings["steps"] - settings["final_steps"]
    count = grid * grid if is_last else round(grid * grid * settings["shown"])
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    order = torch.rand((batch, grid * grid), generator=generator).argsort(1)
    return order[:, :count].sort(1).values


@torch.inference_mode()
def embed(student: CLIPVisionModelWithProjection, scenes: list[Real], size: int) -> Tensor:
    """Image embeddings of whole images squeezed to the input ``size``, ``(n, D)`` of unit length."""
    parts = []
    for start in range(0, len(scenes), 64):
        images = np.stack([squeeze(real.image, size) for real in scenes[start : start + 64]])
        parts.append(functional.normalize(student(to_input(images, "cpu")).image_embeds, dim=-1))
    return torch.cat(parts)


def train(data: Path, output: Path, config: dict[str, Any]) -> None:
    """Train, resuming from ``output/vit/image.pt`` when it exists; a log line every 50 steps.

    Args:
        data: folder with the real images.
        output: folder of rs-tiny, exported, with ``vit/text.pt``.
        config: the whole configuration.
    """
    settings, seed = config["vit"]["image"], config["seed"]
    teacher = RsTiny.from_folder(output / "model")
    text = texts.load(output, config, teacher.dim)
    bank = banks.prepare(data, output, config, teacher.image_tower)
    teaching = Teaching(
        Names.of(texts.teacher_encode(teacher)),
        Names.of(text.encode),
        teacher.logit_scale,
        teacher.dense_logit_scale,
    )
    _, held_out, _ = load_real(data)
    torch.manual_seed(seed)
    sizes = clip_config(config["vit"], len(text.pairs.tokens), teacher.dim)
    student = image_student(sizes)
    start_vision(student, bank.images[:START_IMAGES], np.random.default_rng(seed))
    optimiser = torch.optim.AdamW(
        student.parameters(), settings["learning_rate"], weight_decay=settings["weight_decay"]
    )
    average = torch.optim.swa_utils.AveragedModel(
        student,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings["average_decay"]),
    )
    first, checkpoint = 0, output / "vit" / "image.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        student.load_state_dict(saved["tower"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
    student.train()
    started, seen = time.perf_counter(), 0
    for step in range(first, settings["steps"]):
        parts = _step(student, optimiser, bank, step, teaching, settings, seed)
        average.update_parameters(student)
        seen += settings["batch"]
        is_kept = (step + 1) % settings["checkpoint_every"] == 0 or step + 1 == settings["steps"]
        if is_kept or (step + 1) % 50 == 0:
            record = {"step": step + 1, **{k: round(v.item(), 4) for k, v in parts.items()}}
            record["images_per_second"] = round(seen / (time.perf_counter() - started), 1)
            if is_kept:
                own = cast("CLIPVisionModelWithProjection", average.module).eval()
                record["top1"] = texts.scene_accuracy(
                    embed(own, held_out, settings["size"]), held_out, text.encode
                )
                checkpoints.save(checkpoint, step + 1, student, average, optimiser)
            log.write(output / "vit", "image", record)


def _step(
    student: CLIPVisionModelWithProjection,
    optimiser: torch.optim.Optimizer,
    bank: Bank,
    step: int,
    teaching: Teaching,
    settings: dict[str, Any],
    seed: int,
) -> dict[str, Tensor]:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(step, settings)
    rows = rows_of(step, settings["batch"], len(bank.images), seed)
    part = lesson(bank, rows, np.random.default_rng((seed, step)))
    pixels = recolour(
        to_input(part.images, "cpu"), torch.Generator().manual_seed(seed * 1_000_003 + step)
    )
    kept = choose_patches(step, len(rows), settings, seed)
    parts = losses(student, part, pixels, kept, teaching, settings)
    optimiser.zero_grad()
    torch.stack(list(parts.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    optimiser.step()
    return parts
