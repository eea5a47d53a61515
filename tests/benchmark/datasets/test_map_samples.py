"""Samples of files: read late, and a large image once for all of its patches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import picture, save, values

from dgl_rsis.benchmark.datasets import map_samples
from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import Pair
from dgl_rsis.benchmark.datasets.map_samples import (
    cut_samples,
    rows_then_columns,
    whole_samples,
    without_background,
)
from dgl_rsis.benchmark.datasets.patches import Patch, disjoint_spans, grid
from dgl_rsis.benchmark.datasets.samples import MapDataset
from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.types import RGBImage

CODING = Coding(consecutive(3))


def pair(folder: Path, name: str = "a", shape: tuple[int, int] = (4, 9)) -> Pair:
    save(folder / f"{name}.png", picture(*shape, seed=len(name)))
    save(folder / f"{name}_mask.png", values(*shape, [0, 1, 2]))
    return Pair(name, folder / f"{name}.png", folder / f"{name}_mask.png")


def quarters(height: int, width: int) -> tuple[Patch, ...]:
    return grid(disjoint_spans(height, 2), disjoint_spans(width, 5))


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    absent = Pair("a", tmp_path / "a.png", tmp_path / "b.png")
    (sample,) = whole_samples([absent], CODING)
    with pytest.raises(ImageError, match=r"a\.png does not exist"):
        sample.read_image()


def test_patches_put_together_are_the_image(tmp_path: Path) -> None:
    image, labels = picture(4, 9, seed=1), values(4, 9, [0, 1, 2])
    samples = cut_samples([pair(tmp_path)], CODING, quarters, rows_then_columns)
    names = ["a_0_2_0_5", "a_0_2_5_9", "a_2_4_0_5", "a_2_4_5_9"]
    assert [sample.name for sample in samples] == names
    assert {sample.image for sample in samples} == {"a"}
    pictures = [sample.read_image() for sample in samples]
    maps = [sample.read_labels() for sample in samples]
    np.testing.assert_array_equal(np.block([[maps[0], maps[1]], [maps[2], maps[3]]]), labels)
    rows = [np.hstack(pictures[:2]), np.hstack(pictures[2:])]
    np.testing.assert_array_equal(np.vstack(rows), image)


def test_an_image_is_decoded_once_for_its_patches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def read_rgb(path: Path) -> RGBImage:
        read.append(path.stem)
        return original(path)

    original = map_samples.read_rgb
    monkeypatch.setattr(map_samples, "read_rgb", read_rgb)
    pairs = [pair(tmp_path, "b"), pair(tmp_path, "a")]
    samples = cut_samples(pairs, CODING, quarters, rows_then_columns)
    assert read == []
    for sample in samples:
        sample.read_image()[:] = 0  # what a caller does to a patch stays in it
    assert read == ["a", "b"]
    assert samples[4].read_image().any()


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    (sample,) = whole_samples([pair(tmp_path)], CODING)
    save(tmp_path / "a_mask.png", values(9, 4, [0, 1]))
    with pytest.raises(InputError, match=r"a_mask\.png has 4 x 9 pixels, .* 9 x 4; they must be"):
        sample.read_labels()


@pytest.mark.parametrize(
    ("background", "expected"), [(0, [-1, 0, 1]), (1, [0, -1, 1]), (2, [0, 1, -1])]
)
def test_a_background_anywhere_is_taken_out(
    tmp_path: Path, background: int, expected: list[int]
) -> None:
    samples = whole_samples([pair(tmp_path)], CODING)
    names = ("x", "y", "z")
    dataset = without_background(MapDataset("set/val", names, names, background, samples))
    assert dataset.name == "set-foreground/val"
    assert dataset.classes == tuple(n for i, n in enumerate(names) if i != background)
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == expected


def test_without_background_there_is_none_to_take_out() -> None:
    with pytest.raises(ValueError, match="set/val has no background"):
        without_background(MapDataset("set/val", ("x",), ("x",), None, ()))
