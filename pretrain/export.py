"""Calibrate temperatures and write the model folder that the package carries.

Temperatures minimise the negative log-likelihood: for image embeddings over the 30 scene names on
the held-out AID images, for dense features over the concepts on rendered scenes that did not
train. Of the last weights and their moving average, the better by held-out top-1 is exported, in
half precision. Both are thus chosen on the very images that ``benchmarks/scene_names.py`` reports
(one parameter each, which no top-1 depends on, and one choice of two).

Where no AID image trains, none chooses either: the moving average is exported, and the temperature
of image embeddings is that of the embeddings of rendered regions over the concepts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.tiny_networks import ImageTower, TextTower, TinyConfig
from pretrain import log, stamps
from pretrain.checkpoints import averaged
from pretrain.concepts import CONCEPTS, SCENES
from pretrain.crops import Pixels
from pretrain.data import load_real
from pretrain.image import TextBank, image_logits, load_text, to_input
from pretrain.losses import embed_regions
from pretrain.rendered import Rendered, render
from pretrain.terms import terms, uses_aid

SCALES = np.geomspace(4, 80, 60)


def calibrate(cosines: Tensor, labels: Tensor) -> tuple[float, float]:
    """Inverse temperature with the least negative log-likelihood, and that likelihood.

    Args:
        cosines: ``(n, C)``.
        labels: ``(n,)``.
    """
    losses = [float(functional.cross_entropy(cosines * float(s), labels)) for s in SCALES]
    best = int(np.argmin(losses))
    return float(SCALES[best]), losses[best]


def calibration_scenes(config: dict[str, Any], output: Path) -> Rendered:
    """Rendered scenes that train nothing; kept in ``output``."""
    settings = {**config["rendered"], "scenes": 100}
    return render(settings, config["seed"] + 1, output / "calibration.npz")


def dense_cosines(
    read: Callable[[Pixels], Tensor], texts: Tensor, scenes: Rendered
) -> tuple[Tensor, Tensor]:
    """Cosines of dense features with texts, and the labels of the cells' centres.

    Args:
        read: dense features ``(h, w, D)`` of unit length of an image ``(H, W, 3)`` uint8.
        texts: ``(C, D)`` of unit length.
        scenes: images and labels.

    Returns:
        ``(n, C)`` and ``(n,)``; cells without a label are left out.
    """
    cosines, labels = [], []
    for image, dense in zip(scenes.images, scenes.dense, strict=True):
        features = read(image)
        rows, columns = (
            ((np.arange(cells) + 0.5) * length / cells).astype(int)
            for cells, length in zip(features.shape[:2], dense.shape, strict=True)
        )
        cosines.append((features @ texts.T).flatten(0, 1))
        labels.append(torch.from_numpy(dense[rows][:, columns].astype(np.int64)).flatten())
    joined = torch.cat(labels)
    return torch.cat(cosines)[joined >= 0], joined[joined >= 0]


@torch.inference_mode()
def region_cosines(tower: ImageTower, texts: Tensor, scenes: Rendered) -> tuple[Tensor, Tensor]:
    """Cosines of mask-guided embeddings of every label's own region with texts, and the labels.

    Args:
        tower: in evaluation mode.
        texts: ``(C, D)`` of unit length.
        scenes: images and labels.

    Returns:
        ``(n, C)`` and ``(n,)``.
    """
    cosines, labels = [], []
    for image, dense in zip(scenes.images, scenes.dense, strict=True):
        top = tower.maps(to_input(image[None], "cpu"))[3]
        regions = embed_regions(tower, top, torch.from_numpy(dense[None].astype(np.int64)))
        cosines.append(regions.features @ texts.T)
        labels.append(regions.label)
    return torch.cat(cosines), torch.cat(labels)


def candidates(saved: dict[str, Any], sizes: TinyConfig) -> dict[str, ImageTower]:
    """The last weights (``tower``) and their moving average (``average``) of a checkpoint."""
    towers = {}
    for name, state in (("tower", saved["tower"]), ("average", averaged(saved))):
        towers[name] = ImageTower(sizes).eval()
        towers[name].load_state_dict(state)
    return towers


def top1(logits: Tensor, labels: Tensor) -> float:
    """Share of rows of ``(n, C)`` whose largest value is at the label."""
    return float((logits.argmax(-1) == labels).float().mean())


def export(data: Path, output: Path, config: dict[str, Any]) -> None:
    """Write ``output/model`` from ``text.pt`` and ``image.pt``."""
    _, sizes = load_text(output)
    stamps.require(output / "image.pt", stamps.parts(config, "text", "rendered", "image"))
    saved = torch.load(output / "image.pt", weights_only=True, map_location="cpu")
    publish(data, output, config, candidates(saved, sizes), {"steps": saved["step"]})


def average(data: Path, output: Path, config: dict[str, Any], models: Sequence[Path]) -> None:
    """Write ``output/model`` with the mean of the image towers of exported models.

    Wortsman et al. (2022), model soups: weights of runs that began at the same ones can be
    averaged. Their text tower is that of ``output/text.pt``.
    """
    _, sizes = load_text(output)
    parts = [load_file(model / "model.safetensors") for model in models]
    tower = ImageTower(sizes).eval()
    mean = {
        key.removeprefix("image."): torch.stack([part[key].float() for part in parts]).mean(0)
        for key in parts[0]
        if key.startswith("image.")
    }
    tower.load_state_dict(mean, strict=False)  # batch counters are not exported
    names = [json.loads((model / "config.json").read_text())["revision"] for model in models]
    publish(data, output, config, {"mean": tower}, {"mean of": names})


def publish(
    data: Path, output: Path, config: dict[str, Any], towers: Mapping[str, ImageTower],
    origin: dict[str, Any],
) -> None:  # fmt: skip
    """Calibrate the best of some image towers and write it with the text tower.

    Args:
        data: folder with ``aid_rsicd``.
        output: with ``text.pt``; gets ``model``.
        config: of the run.
        towers: by name; the best by top-1 on held-out AID images is taken, or the last where no
            AID image trains.
        origin: facts that are kept beside the figures.
    """
    encode, sizes = load_text(output)
    _, held_out, _ = load_real(data)
    scenes = TextBank(list(SCENES.values()), encode).mean()
    labels = torch.tensor([r.scene for r in held_out])
    tables = {
        name: image_logits(tower, held_out, scenes, config["image"]["input_size"])
        for name, tower in towers.items()
    }
    has_aid = uses_aid(config)
    weights = max(tables, key=lambda name: top1(tables[name], labels)) if has_aid else [*towers][-1]
    tower, logits = towers[weights], tables[weights]
    concepts = TextBank(list(CONCEPTS.values()), encode).mean()

    @torch.inference_mode()
    def read(image: Pixels) -> Tensor:
        features = tower.dense(tower.maps(to_input(image[None], "cpu")))
        return functional.normalize(features[0], dim=0).permute(1, 2, 0)

    unseen = calibration_scenes(config, output)
    seen_as = (logits, labels) if has_aid else region_cosines(tower, concepts, unseen)
    scale, loss = calibrate(*seen_as)
    similar, places = dense_cosines(read, concepts, unseen)
    dense_scale, dense_loss = calibrate(similar, places)
    facts = {
        "weights": weights,
        "top1": round(top1(logits, labels), 4),
        "scene_nll" if has_aid else "region_nll": round(loss, 4),
        "rendered_accuracy": round(top1(similar, places), 4),
        "rendered_nll": round(dense_loss, 4),
        **origin,
    }
    scales = {"logit_scale": scale, "dense_logit_scale": dense_scale}
    _write(output, tower, sizes, config, scales, facts)
    log.write(output, "export", {**facts, **scales})


def _write(
    output: Path, tower: ImageTower, sizes: TinyConfig, config: dict[str, Any],
    scales: dict[str, float], facts: dict[str, Any],
) -> None:  # fmt: skip
    saved = torch.load(output / "text.pt", weights_only=True)
    text = TextTower(sizes)
    text.load_state_dict(saved["tower"])
    weights = {f"image.{k}": v for k, v in tower.state_dict().items()}
    weights |= {f"text.{k}": v for k, v in text.state_dict().items()}
    weights = {
        k: v.half().contiguous()
        for k, v in weights.items()
        if not k.endswith("num_batches_tracked")
    }
    folder = output / "model"
    folder.mkdir(exist_ok=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "vocab.txt").write_text("\n".join(saved["vocabulary"]) + "\n", encoding="utf-8")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:12]
    card = {
        "family": "rs-tiny",
        "name": "rs-tiny",
        "revision": f"{config['version']}-{digest}",
        **asdict(terms(config)),
        "input_size": config["image"]["input_size"],
        **{k: round(v, 3) for k, v in scales.items()},
        "sizes": asdict(sizes),
        "development": facts,
    }
    (folder / "config.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
