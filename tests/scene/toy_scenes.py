"""Scenes made in code, and backbones that look at single pixels or small cells."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.geo.mosaic import mosaic_text
from dgl_rsis.geo.windows import Box, TileGrid, make_grid
from dgl_rsis.pipeline import Model

TRANSFORM = Affine(0.5, 0.0, 346000.0, 0.0, -0.5, 5648000.0)
CLASSES = ("building", "tree", "water", "road")
COLOURS = np.array([(200, 10, 10), (10, 200, 10), (10, 10, 200), (120, 120, 120)])


class PixelBackbone(ToyBackbone):
    """Dense features are the colours of single pixels: what a tile shows does not matter."""

    cell = 1

    def dense(self, image: Any) -> Any:
        self.calls["dense"] += 1
        values = image.astype(np.float32) + 1
        return values / np.linalg.norm(values, axis=-1, keepdims=True)


class DamagedBackbone(PixelBackbone):
    """Cannot see pictures that hold a white pixel."""

    def dense(self, image: Any) -> Any:
        if (image == 255).all(-1).any():
            raise ValueError("white blinds me")
        return super().dense(image)


def toy_model(backbone: Any = None, **stages: Any) -> Model:
    """Reads at the size of the image, paints cells."""
    overrides = {
        "local": {"scales": [1.0], "ground_sampling": [], "max_side": 10_000},
        "paint": {"painter": "dense"},
        **stages,
    }
    return Model(backbone or PixelBackbone(), make_settings("default", overrides))


def blobs(height: int, width: int, seed: int = 0) -> Any:
    """``(3, H, W)`` uint8: patches of the four colours with noise."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 4, (height // 9 + 1, width // 11 + 1))
    kinds = np.kron(patches, np.ones((9, 11), int))[:height, :width]
    noise = rng.integers(-8, 9, (height, width, 3))
    return np.moveaxis(np.clip(COLOURS[kinds] + noise, 1, 250).astype(np.uint8), -1, 0)


def write(path: Path, values: Any, transform: Affine = TRANSFORM, **options: Any) -> Path:
    """A GeoTIFF of ``(B, H, W)`` values."""
    count, height, width = values.shape
    profile = {"driver": "GTiff", "crs": "EPSG:25832", "transform": transform} | options
    mask = profile.pop("mask", None)
    with rasterio.open(
        path, "w", count=count, height=height, width=width, dtype=values.dtype, **profile
    ) as dataset:
        dataset.write(values)
        if mask is not None:
            dataset.write_mask(mask)
    return path


def mosaic(path: Path, *images: Path) -> Path:
    """A VRT over images."""
    path.write_text(mosaic_text(list(map(str, images))))
    return path


def read(path: Path) -> Any:
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def digest(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def pixel_grid(height: int, width: int, size: int, context: int = 1) -> TileGrid:
    """Tiles whose cells are pixels, without any alignment."""
    return make_grid(
        (height, width),
        Box(0, 0, width, height),
        factors=(Fraction(1),),
        cell=1,
        alignment=1,
        size=size,
        context=context,
    )
