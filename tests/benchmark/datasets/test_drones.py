"""UAVid, UDD and VDD: merged cars, patches and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import make_uavid, make_udd5, make_vdd, picture, save, values

from dgl_rsis.benchmark.datasets.drones import (
    UAVID_CODING,
    read_uavid,
    read_udd5,
    read_vdd,
    uavid_patches,
)
from dgl_rsis.benchmark.datasets.patches import Patch
from dgl_rsis.errors import InputError


def test_cars_of_uavid_are_one_class(tmp_path: Path) -> None:
    make_uavid(tmp_path)
    dataset = read_uavid(tmp_path, "test")
    names = [sample.name for sample in dataset.samples]
    assert names == ["seq21_000000_0_6_0_24", "seq22_000000_0_6_0_24"]
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == [0, 1, 2, 3, 4, 5, 6, 3]
    assert dataset.classes[UAVID_CODING.colours[(64, 0, 128)]] == "car"


@pytest.mark.parametrize(("width", "count"), [(3840, 6), (4096, 8)])
def test_patches_of_uavid_do_not_overlap(width: int, count: int) -> None:
    patches = uavid_patches(2160, width)
    assert patches[0] == Patch(0, 0, 1280, 1080)
    assert len(patches) == count
    assert sum((p.x1 - p.x0) * (p.y1 - p.y0) for p in patches) == 2160 * width


def test_a_wide_image_of_uavid(tmp_path: Path) -> None:
    make_uavid(tmp_path)
    save(tmp_path / "uavid_test" / "seq21" / "Images" / "000000.png", picture(6, 4096))
    samples = [s for s in read_uavid(tmp_path, "test").samples if s.name.startswith("seq21")]
    assert samples[-1].name == "seq21_000000_0_6_3840_4096"
    np.testing.assert_array_equal(samples[-1].read_image(), picture(6, 4096)[:, 3840:])


def test_uavid_without_sequences(tmp_path: Path) -> None:
    (tmp_path / "uavid_test").mkdir()
    with pytest.raises(InputError, match="uavid_test is missing or has no folder seqN"):
        read_uavid(tmp_path, "test")


def test_udd5_by_colours_or_values(tmp_path: Path) -> None:
    make_udd5(tmp_path)
    dataset = read_udd5(tmp_path, "val")
    assert dataset.background == 4
    (sample,) = dataset.samples
    assert sample.read_labels()[0, ::3].tolist() == [0, 1, 2, 3, 4]
    save(tmp_path / "val" / "gt" / "DJI_0285.png", values(6, 15, [4, 3, 2, 1, 0]))
    assert sample.read_labels()[0, ::3].tolist() == [4, 3, 2, 1, 0]


def test_vdd_by_values(tmp_path: Path) -> None:
    make_vdd(tmp_path)
    dataset = read_vdd(tmp_path, "test")
    assert dataset.classes == ("other", "wall", "road", "vegetation", "vehicle", "roof", "water")
    assert dataset.background == 0
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == list(range(7))
