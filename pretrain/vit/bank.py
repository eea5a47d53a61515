"""Crops with what the teacher says of them, made once and kept on disk.

The teacher costs as much as a step of the student: it sees every crop once, the student many
times, turned and recoloured. The teacher was trained to answer alike to other colours, and its
dense features turn with the image.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.tiny import STRIDE
from dgl_rsis.models.tiny_networks import ImageTower
from dgl_rsis.models.torch_tools import squeeze
from pretrain import dubai
from pretrain.crops import Pixels, turn
from pretrain.data import Real, Sampler, Sources, load_real
from pretrain.image import to_input
from pretrain.rendered import render

WHOLE_BATCH = 64
STEP = 1 / 127  # of components of dense features on disk


@dataclass(frozen=True)
class Bank:
    """``N`` square crops, and targets.

    Attributes:
        images: ``(N, s, s, 3)`` uint8.
        scenes: ``(N,)`` int16 into ``SCENE_NAMES``, -1 where the crop is of no scene.
        embeddings: ``(N, D)`` float32, the teacher's image embeddings, of unit length.
        dense: ``(N, g, g, D)`` int8 in steps of ``STEP``, its dense features on the patches.
    """

    images: Pixels
    scenes: NDArray[np.int16]
    embeddings: NDArray[np.float32]
    dense: NDArray[np.int8]

    @classmethod
    def load(cls, folder: Path) -> Bank:
        """Map the files of a folder into memory."""
        return cls(**{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in NAMES})


NAMES = ("images", "scenes", "embeddings", "dense")


@dataclass(frozen=True)
class Lesson:
    """One step's crops and targets, turned alike.

    Attributes:
        images: ``(B, s, s, 3)`` uint8.
        scenes: ``(B,)`` int64, -1 where the crop is of no scene.
        embeddings: ``(B, D)``, of unit length.
        dense: ``(B, g * g, D)``, of nearly unit length.
    """

    images: Pixels
    scenes: Tensor
    embeddings: Tensor
    dense: Tensor


def lesson(bank: Bank, rows: NDArray[np.int64], rng: np.random.Generator) -> Lesson:
    """Crops of the bank, each in one of the eight symmetries of the square.

    Args:
        bank: all crops.
        rows: ``(B,)`` which of them.
        rng: source of chance.
    """
    ways = rng.integers(8, size=len(rows))
    images = np.stack([turn(way, bank.images[k]) for way, k in zip(ways, rows, strict=True)])
    dense = np.stack([turn(way, bank.dense[k]) for way, k in zip(ways, rows, strict=True)])
    return Lesson(
        images,
        torch.from_numpy(bank.scenes[rows].astype(np.int64)),
        torch.from_numpy(bank.embeddings[rows]),
        torch.from_numpy(dense).flatten(1, 2).float() * STEP,
    )


def prepare(data: Path, output: Path, config: dict[str, Any], tower: ImageTower) -> Bank:
    """The bank in ``output/vit/bank``, made if it is not there: whole scenes, then random crops.

    Args:
        data: folder with the real images.
        output: folder of rs-tiny; rendered scenes are kept there.
        config: the whole configuration.
        tower: the teacher's image tower, in evaluation mode.
    """
    folder = output / "vit" / "bank"
    if not folder.exists():
        real, _, _ = load_real(data, config["image"]["withheld"])
        rendered = render(config["rendered"], config["seed"], output / "rendered.npz")
        _make(folder, Sources(real, rendered, dubai.read(data / "dubai")), config, tower)
    return Bank.load(folder)


def _make(folder: Path, sources: Sources, config: dict[str, Any], tower: ImageTower) -> None:
    settings, vit = config["vit"]["bank"], config["vit"]["image"]
    size, grid, count = vit["size"], vit["size"] // vit["patch"], settings["crops"]
    sampler = Sampler(
        sources, {**config["image"], **settings, "size": size, "final_size": size}, config["seed"]
    )
    dim = tower.embed.out_channels
    partial = folder.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "images": ((size, size, 3), np.uint8),
        "scenes": ((), np.int16),
        "embeddings": ((dim,), np.float32),
        "dense": ((grid, grid, dim), np.int8),
    }
    files = {
        name: np.lib.format.open_memmap(
            partial / f"{name}.npy", "w+", dtype=kind, shape=(count, *shape)
        )
        for name, (shape, kind) in shapes.items()
    }
    done = step = 0
    while done < count:
        part = sources.real[done : done + WHOLE_BATCH]
        if part:
            images, scenes = _whole(part, size)
        else:
            images, scenes = _drawn(sampler, step)
            step += 1
        images, scenes = images[: count - done], scenes[: count - done]
        embeddings, dense = targets(tower, images, vit["patch"])
        place = slice(done, done + len(images))
        files["images"][place], files["scenes"][place] = images, scenes
        files["embeddings"][place], files["dense"][place] = embeddings, dense
        if done // 1024 < place.stop // 1024:
            print(f"vit bank: {place.stop} of {count} crops", flush=True)
        done = place.stop
    for file in files.values():
        file.flush()
    partial.rename(folder)


def _whole(part: list[Real], size: int) -> tuple[Pixels, NDArray[np.int16]]:
    images = np.stack([squeeze(real.image, size) for real in part])
    return images, np.array([real.scene for real in part], np.int16)


def _drawn(sampler: Sampler, step: int) -> tuple[Pixels, NDArray[np.int16]]:
    batch = sampler.batch(step)
    scenes = np.full(len(batch.images), -1, np.int16)
    scenes[: len(batch.scenes)] = batch.scenes
    return batch.images, scenes


@torch.inference_mode()
def targets(
    tower: ImageTower, images: Pixels, patch: int
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """What the teacher says of images.

    Args:
        tower: the teacher's image tower, in evaluation mode.
        images: ``(B, s, s, 3)``.
        patch: side of the student's patches in pixels, a multiple of ``STRIDE``.

    Returns:
        image embeddings ``(B, D)`` of unit length, and the means of its dense features over every
        patch ``(B, g, g, D)``, of unit length, in steps of ``STEP``.
    """
    maps = tower.maps(to_input(images, "cpu").contiguous(memory_format=torch.channels_last))
    embeddings = functional.normalize(tower.pool(maps[3]), dim=-1)
    cells = functional.normalize(tower.dense(maps), dim=1)
    dense = functional.normalize(functional.avg_pool2d(cells, patch // STRIDE), dim=1)
    steps = (dense / STEP).round().to(torch.int8)
    return embeddings.numpy(), steps.permute(0, 2, 3, 1).numpy()
