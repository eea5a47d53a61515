"""A folder of one's own with rendered images, for both tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIDE = 48


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grass with a square roof; the picture and where the roof is."""
    generator = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE, 3), (70, 130, 60)) + generator.integers(-8, 9, (SIDE, SIDE, 3))
    x, y = generator.integers(4, 20, 2)
    roof = np.zeros((SIDE, SIDE), bool)
    roof[y : y + 20, x : x + 20] = True
    picture[roof] = (190, 60, 50)
    return picture.astype(np.uint8), roof


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """Four images with masks of classes, and two sentences about each."""
    folder = tmp_path / "own"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    lines = ["image,sentence,mask"]
    for seed in range(4):
        picture, roof = draw(seed)
        Image.fromarray(picture).save(folder / "images" / f"part{seed}.png")
        Image.fromarray(roof.astype(np.uint8)).save(folder / "masks" / f"part{seed}.png")
        lines += [
            f"part{seed}.png,the red building,part{seed}.png",
            f"part{seed}.png,the ship north of the building,",
        ]
    (folder / "classes.txt").write_text("grass\nbuilding\n")
    (folder / "sentences.csv").write_text("\n".join(lines) + "\n")
    return folder
