"""Boxes of DIOR-RSVG, counted over the objects of all files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.written import described, filled, write_rsvg

from dgl_rsis.benchmark.datasets import dior_rsvg
from dgl_rsis.benchmark.datasets.registry import find_entry
from dgl_rsis.errors import InputError

SHAPE = (30, 40)
OBJECTS = {
    "00010": [described((1, 2, 5, 9), "the last ship")],
    "00002": [
        described((0, 0, 40, 30), "the harbor"),
        described((10, 5, 20, 15), "a ship"),
        described((35, 25, 60, 45), "a ship that is cut"),
    ],
    "00005": [],
    "00001": [described((3, 4, 6, 8), "the first ship")],
}
SPLITS = {"train": [4, 1, 1], "val": [0], "test": [3, 2]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_rsvg(tmp_path / "DIOR_RSVG", OBJECTS, SPLITS, SHAPE)


def test_places_count_over_files_by_name(folder: Path) -> None:
    found = {
        split: [(each.name, each.image, each.sentence) for each in dior_rsvg.read(folder, split).samples]
        for split in find_entry("dior-rsvg").splits
    }  # fmt: skip
    assert found == {
        "train": [("1", "00002.jpg", "the harbor"), ("4", "00010.jpg", "the last ship")],
        "val": [("0", "00001.jpg", "the first ship")],
        "test": [("2", "00002.jpg", "a ship"), ("3", "00002.jpg", "a ship that is cut")],
    }


def test_boxes_are_filled_and_cut_at_the_border(folder: Path) -> None:
    dataset = dior_rsvg.read(folder, "test")
    assert dataset.name == "dior-rsvg/test"
    assert dataset.boxes
    assert dataset.side is None
    inside, cut = dataset.samples
    assert inside.read_image().shape == (*SHAPE, 3)
    np.testing.assert_array_equal(inside.read_mask(), filled((10, 5, 20, 15), SHAPE))
    np.testing.assert_array_equal(cut.read_mask(), filled((35, 25, 40, 30), SHAPE))


@pytest.mark.parametrize(
    "entry",
    [
        described((5, 2, 5, 9), "no width"),
        described((5, 9, 8, 2), "upside down"),
        described((5, 2, "nan", 9), "not a number"),
        described((5, 2, "inf", 9), "without end"),
        described(("", 2, 8, 9), "without a side"),
        described((1, 2, 5, 9), None),
        described((1, 2, 5, 9), " "),
        "<object><name>ship</name><description>no box</description></object>",
    ],
)
def test_an_object_that_cannot_be_used(tmp_path: Path, entry: str) -> None:
    objects = {"00001": [described((1, 2, 5, 9), "good"), entry]}
    folder = write_rsvg(tmp_path / "data", objects, {"test": [0]})
    with pytest.raises(InputError, match=r"00001\.xml: object 1 has no xmin, ymin"):
        dior_rsvg.read(folder, "test")


def test_a_box_outside_of_its_image(tmp_path: Path) -> None:
    objects = {"00001": [described((50, 2, 60, 9), "a ship far away")]}
    (sample,) = dior_rsvg.read(write_rsvg(tmp_path / "data", objects, {"val": [0]}), "val").samples
    with pytest.raises(InputError, match=r"the box of 'a ship far away' has no pixel in 00001"):
        sample.read_mask()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("test.txt", "2\n5\n", "object 5, but the 4 files of Annotations hold 5"),
        ("test.txt", "2\nship\n", r"test\.txt:2: 'ship' is no place of an object"),
        ("test.txt", "-1\n", r"test\.txt:1: '-1' is no place of an object"),
        ("test.txt", "\n", "no sentence of the split 'test'"),
        ("Annotations/00005.xml", "<annotation>", r"00005\.xml: no XML that can be read"),
    ],
)
def test_files_that_cannot_be_used(folder: Path, name: str, content: str, message: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=message):
        dior_rsvg.read(folder, "test")


@pytest.mark.parametrize("missing", ["JPEGImages", "Annotations", "test.txt"])
def test_a_missing_part_is_named(folder: Path, missing: str) -> None:
    (folder / missing).rename(folder / "elsewhere")
    with pytest.raises(InputError, match=rf"{missing}/? is missing; dior-rsvg is FOLDER/Ann"):
        dior_rsvg.read(folder, "test")


def test_an_image_that_was_not_unpacked(folder: Path) -> None:
    (folder / "JPEGImages" / "00002.jpg").unlink()
    with pytest.raises(InputError, match=r"00002\.jpg: missing, 00002\.xml needs it"):
        dior_rsvg.read(folder, "test")
    assert len(dior_rsvg.read(folder, "val").samples) == 1


def test_an_unknown_split(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no split 'testA', choose .*; dior-rsvg is"):
        dior_rsvg.read(folder, "testA")
