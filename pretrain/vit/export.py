"""Write rs-tiny-vit as users have a CLIP on disk, in half precision.

The temperature is calibrated as rs-tiny's own is (``pretrain.export``): on the scene names of the
held-out AID images.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from dgl_rsis.models.tiny import RsTiny
from pretrain.checkpoints import averaged
from pretrain.concepts import SCENES
from pretrain.data import load_real
from pretrain.export import calibrate, top1
from pretrain.image import TextBank
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
    front = yaml.safe_dump({"license": "other", "license_name": card.licence})
    body = CARD.format(teacher=card.name, revision=card.revision, notice=card.notice, **facts)
    (folder / "README.md").write_text(f"---\n{front}---\n{body}", encoding="utf-8")
    print(json.dumps({**facts, "steps": saved["step"]}), flush=True)
