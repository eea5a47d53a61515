from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dgl_rsis.geo.collar import find_collar, find_collar_part

SIDE = 200


def textured(low: int = 60, high: int = 200) -> NDArray[np.uint8]:
    generator = np.random.default_rng(3)
    return generator.integers(low, high, (3, SIDE, SIDE)).astype(np.uint8)


def all_valid() -> NDArray[np.bool_]:
    return np.ones((SIDE, SIDE), dtype=bool)


def rotated_footprint(degrees: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2 + 0.5
    angle = np.radians(degrees)
    x = columns * np.cos(angle) + rows * np.sin(angle)
    y = -columns * np.sin(angle) + rows * np.cos(angle)
    half = SIDE / 2 / (np.cos(angle) + np.sin(angle))
    inside: NDArray[np.bool_] = (np.abs(x) < half) & (np.abs(y) < half)
    return inside


@pytest.mark.parametrize("degrees", [5, 20, 45])
def test_corners_of_a_rotated_footprint(degrees: float) -> None:
    values = textured()
    outside = ~rotated_footprint(degrees)
    values[:, outside] = 0
    found = find_collar(values, all_valid())
    assert (found.mask == outside).mean() > 0.995
    assert "black margin" in found.notes[0]


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_frame_around_a_scene_in_any_type(dtype: str) -> None:
    values = textured().astype(dtype) * 10
    outside = all_valid()
    outside[15:-20, 10:-30] = False
    values[:, outside] = 0
    assert (find_collar(values, all_valid()).mask == outside).all()


def test_compressed_margin_includes_its_ringing_edge() -> None:
    values = textured(90, 120)
    outside = ~rotated_footprint(20)
    values[:, outside] = 0
    stream = io.BytesIO()
    Image.fromarray(np.moveaxis(values, 0, -1)).save(stream, "JPEG", quality=75)
    lossy = np.moveaxis(np.array(Image.open(stream)), -1, 0)
    found = find_collar(lossy, all_valid()).mask
    assert (found & outside).sum() > 0.97 * outside.sum()
    assert (found & ~outside).sum() < 0.01 * outside.sum()


def test_dark_water_is_kept() -> None:
    generator = np.random.default_rng(1)
    values = textured()
    values[:, :, :80] = generator.integers(0, 6, (3, SIDE, 80)).astype(np.uint8)
    assert not find_collar(values, all_valid()).mask.any()


def test_clipped_lake_at_the_border_is_kept_and_said() -> None:
    values = textured()
    rows, columns = np.mgrid[:SIDE, :SIDE]
    angle = np.arctan2(rows - 100, columns)
    lake = np.hypot(rows - 100, columns) < 60 + 12 * np.sin(7 * angle)
    values[:, lake] = 0
    found = find_collar(values, all_valid())
    assert not found.mask.any()
    assert "kept as data" in found.notes[0]


def test_black_river_across_a_corner_is_kept() -> None:
    values = textured()
    rows, columns = np.mgrid[:SIDE, :SIDE]
    values[:, np.abs(rows + columns - 150) < 12] = 0
    assert not find_collar(values, all_valid()).mask.any()


def test_black_gradient_is_kept() -> None:
    values = textured()
    fade = np.clip(np.arange(SIDE) - 60, 0, 255).astype(np.uint8)
    values[:] = np.minimum(values, fade)
    assert not find_collar(values, all_valid()).mask.any()


def test_black_image_and_inner_black_are_kept() -> None:
    assert not find_collar(np.zeros((3, SIDE, SIDE), np.uint8), all_valid()).mask.any()
    values = textured()
    values[:, 50:90, 50:90] = 0
    assert not find_collar(values, all_valid()).mask.any()


def test_part_follows_the_scene() -> None:
    values = textured()
    values[:, :, :90] = 0
    marked = np.zeros((SIDE, SIDE), dtype=bool)
    marked[:, :88] = True
    found = find_collar_part(values, all_valid(), marked).mask
    assert (found == (np.arange(SIDE) < 90)).all()
    nothing = find_collar_part(values, all_valid(), np.zeros_like(marked))
    assert not nothing.mask.any()
