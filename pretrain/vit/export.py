"""Write rs-tiny-vit as users have a CLIP on disk, in half precision.

Temperatures are calibrated as rs-tiny's own are (``pretrain.export``): that of image embeddings,
which mask-guided features share, on the scene names of the held-out AID images, that of dense features
on rendered scenes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.tiny import RsTiny
from pretrain import log
from pretrain.checkpoints import averaged
from pretrain.concepts import CONCEPTS, SCENES
from pretrain.crops import Pixels
from pretrain.data import load_real
from pretrain.export import calibrate, calibration_scenes, dense_cosines, top1
from pretrain.image import TextBank
from pretrain.rendered import Rendered
from pretrain.vit import text as texts
from pretrain.vit.image import embed
from pretrain.vit.networks import clip_config, image_student
from pretrain.vit.tokenizer import write

CARD = """
# rs-tiny-vit

A small CLIP for overhead imagery in Hugging Face's format, distilled from {teacher} ({revision}).
It stands in for a real CLIP in tests and benchmarks of what only works on a ViT; it is no rival to
one. Its joint space is that of its teacher.

{notice}

Made by `python -m pretrain vit` (`pretrain/vit`). On the held-out AID images: top-1 {top1} over the
30 scene names, negative log-likelihood {nll} at the calibrated temperature of 1/{scale:.1f}.
"""


def export(data: Path, output: Path, config: dict[str, Any]) -> None:
    """Write ``output/vit/model`` from ``text.pt`` and the averaged weights of ``image.pt``.

    Args:
        data: folder with the real images.
        output: folder of rs-tiny, exported, with both towers of the student.
        config: the whole configuration.
    """
    teacher = RsTiny.from_folder(output / "model")
    text = texts.load(output, config, teacher.dim)
    sizes = clip_config(config["vit"], len(text.pairs.tokens), teacher.dim)
    saved = torch.load(output / "vit" / "image.pt", weights_only=True)
    weights = averaged(saved)
    student = image_student(sizes).eval()
    student.load_state_dict(weights)
    _, held_out, _ = load_real(data)
    names = TextBank(list(SCENES.values()), text.encode).mean()
    side = config["vit"]["image"]["size"]
    cosines = embed(student, held_out, side) @ names.T
    labels = torch.tensor([real.scene for real in held_out])
    scale, loss = calibrate(cosines, labels)
    model = CLIPModel(sizes)
    model.load_state_dict(
        {
            **text.tower.clip.state_dict(),
            **weights,
            "logit_scale": torch.tensor(scale).log(),
        }
    )
    folder = output / "vit" / "model"
    folder.mkdir(exist_ok=True)
    model.half().save_pretrained(folder)
    write(text.pairs, folder, text.length)
    CLIPImageProcessorPil(
        size={"height": side, "width": side},
        do_center_crop=False,
        crop_size=None,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    ).save_pretrained(folder)
    facts = {"top1": round(top1(cosines, labels), 4), "nll": round(loss, 4), "scale": scale}
    card = teacher.card
    dense_scale = _dense_scale(folder, text, calibration_scenes(config, output))
    stated = {"dense_logit_scale": dense_scale, "notice": card.notice, "licence": card.licence}
    path = folder / "config.json"
    told = {**json.loads(path.read_text(encoding="utf-8")), "dgl_rsis": stated}
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    front = yaml.safe_dump({"license": "other", "license_name": card.licence})
    body = CARD.format(teacher=card.name, revision=card.revision, notice=card.notice, **facts)
    (folder / "README.md").write_text(f"---\n{front}---\n{body}", encoding="utf-8")
    figures = {**facts, "dense_logit_scale": dense_scale, "steps": saved["step"]}
    log.write(output / "vit", "export", figures)


def _dense_scale(folder: Path, text: texts.Text, scenes: Rendered) -> float:
    """Inverse temperature of the dense features that the package reads from the checkpoint."""
    backbone = HfClip.from_folder(folder)
    concepts = TextBank(list(CONCEPTS.values()), text.encode).mean()

    def read(image: Pixels) -> torch.Tensor:
        return torch.from_numpy(backbone.dense(image))

    scale, _ = calibrate(*dense_cosines(read, concepts, scenes))
    return round(scale, 3)
