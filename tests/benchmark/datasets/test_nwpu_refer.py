"""Sentences of NWPU-Refer that mean one thing, several, or nothing, in the layout that is assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark.datasets.run_lengths import encoded
from benchmark.datasets.written import filled, reference, write_refer

from dgl_rsis.benchmark.datasets import nwpu_refer
from dgl_rsis.errors import InputError

SHAPE = (90, 120)
FIRST, SECOND = (5, 5, 30, 30), (20, 20, 70, 60)
ANNOTATIONS = {1: encoded(filled(FIRST, SHAPE)), 2: [encoded(filled(SECOND, SHAPE))]}
REFERENCES = [
    reference(0, 1, [2], "test", "one thing"),
    reference(1, 1, [1, 2], "test", "two things", "both things"),
    reference(2, 1, [-1], "test", "nothing"),
    reference(3, 2, -1, "test", "nothing either"),
    reference(4, 2, [], "test", "nor this"),
    reference(5, 2, 1, "val", "one thing, not in a list"),
]
IMAGES = {1: ("a.png", SHAPE), 2: ("b.png", SHAPE)}


def write(folder: Path, **changes: Any) -> Path:
    return write_refer(
        folder, "nwpu_refer", REFERENCES, ANNOTATIONS, IMAGES, masks=SHAPE, **changes
    )


@pytest.mark.parametrize("protocol", [None, 2, 5])
def test_targets(tmp_path: Path, protocol: int | None) -> None:
    dataset = nwpu_refer.read(write(tmp_path / "data", protocol=protocol), "test")
    assert dataset.name == "nwpu-refer/test"
    assert dataset.no_target
    assert dataset.side is None
    masks = {sample.name: sample.read_mask() for sample in dataset.samples}
    assert list(masks) == ["0#0", "1#0", "1#1", "2#0", "3#0", "4#0"]
    both = filled(FIRST, SHAPE) | filled(SECOND, SHAPE)
    np.testing.assert_array_equal(masks["0#0"], filled(SECOND, SHAPE))
    np.testing.assert_array_equal(masks["1#0"], both)  # what both cover stays
    np.testing.assert_array_equal(masks["1#1"], both)
    for name in ("2#0", "3#0", "4#0"):
        assert masks[name].shape == SHAPE
        assert not masks[name].any()


def test_a_number_instead_of_a_list(tmp_path: Path) -> None:
    (sample,) = nwpu_refer.read(write(tmp_path / "data"), "val").samples
    np.testing.assert_array_equal(sample.read_mask(), filled(FIRST, SHAPE))
    assert sample.read_image().shape == (*SHAPE, 3)


def test_the_layout_is_said_to_be_assumed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nwpu_refer/refs\(unc\)\.p, .*an assumed layout"):
        nwpu_refer.read(tmp_path, "test")


def test_an_unknown_split(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no split 'testB', choose .*; nwpu-refer is"):
        nwpu_refer.read(tmp_path, "testB")
