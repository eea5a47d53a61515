"""Buildings and roads: two classes in every way in which masks are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import (
    make_inria,
    make_massachusetts_buildings,
    make_massachusetts_roads,
    make_whu,
    picture,
    save,
    values,
)

from dgl_rsis.benchmark.datasets.binary import (
    inria_patches,
    read_inria,
    read_massachusetts_buildings,
    read_massachusetts_roads,
    read_whu,
)
from dgl_rsis.errors import InputError

STRIPES = [0, 1, 0, 1]


@pytest.mark.parametrize("foreground", [1, 255])
def test_whu(tmp_path: Path, foreground: int) -> None:
    make_whu(tmp_path)
    save(tmp_path / "test" / "label" / "1.tif", values(6, 12, [0, foreground]))
    dataset = read_whu(tmp_path, "test")
    assert dataset.classes == ("background", "building")
    assert dataset.background == 0
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == STRIPES


def test_a_soft_mask_is_refused(tmp_path: Path) -> None:
    make_whu(tmp_path)
    save(tmp_path / "test" / "label" / "1.tif", values(6, 12, [0, 128]))
    with pytest.raises(InputError, match=r"1\.tif: value 128 \(column 3, row 0\)"):
        read_whu(tmp_path, "test").samples[0].read_labels()


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("val", ["austin1", "austin5", "tyrol-w2"]),
        ("train", ["austin15", "austin6", "tyrol-w36"]),
        ("all", ["austin15", "austin1", "austin5", "austin6", "tyrol-w2", "tyrol-w36"]),
    ],
)
def test_splits_of_inria(tmp_path: Path, split: str, names: list[str]) -> None:
    make_inria(tmp_path)
    samples = read_inria(tmp_path, split).samples
    assert [sample.name.split("_")[0] for sample in samples] == names
    assert samples[0].read_labels()[0, ::3].tolist() == STRIPES


def test_patches_of_inria(tmp_path: Path) -> None:
    make_inria(tmp_path)
    save(tmp_path / "train" / "images" / "austin1.tif", picture(20, 3000))
    save(tmp_path / "train" / "gt" / "austin1.tif", values(20, 3000, [0, 255]))
    samples = [s for s in read_inria(tmp_path, "val").samples if s.name.startswith("austin1_")]
    assert len(samples) == 3
    assert samples[-1].name == "austin1_0_20_2000_3000"
    np.testing.assert_array_equal(samples[-1].read_image(), picture(20, 3000)[:, 2000:])
    assert len(inria_patches(5000, 5000)) == 25


def test_massachusetts_in_both_layouts(tmp_path: Path) -> None:
    make_massachusetts_buildings(tmp_path / "buildings")
    dataset = read_massachusetts_buildings(tmp_path / "buildings", "test")
    assert dataset.words == ("background", "building")
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == STRIPES
    make_massachusetts_roads(tmp_path / "roads")
    dataset = read_massachusetts_roads(tmp_path / "roads", "test")
    assert dataset.words == ("background", "road")
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == STRIPES
