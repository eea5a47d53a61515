"""Label files of values, colours and palettes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import save
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive, read_labels
from dgl_rsis.errors import ImageError, InputError

VALUES = Coding(values={0: -1, 1: 0, 2: 1, 300: 2})
COLOURS = Coding(colours={(0, 0, 0): 0, (255, 0, 1): 1, (255, 1, 0): 2})


def test_values_are_reduced_by_zero() -> None:
    assert consecutive(3, first=1, uncounted=[0, 255]) == {0: -1, 1: 0, 2: 1, 3: 2, 255: -1}
    assert consecutive(2) == {0: 0, 1: 1}


def test_values(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[0, 1], [2, 1]], np.uint8))
    labels = read_labels(tmp_path / "a.png", VALUES)
    assert labels.dtype == np.int16
    assert labels.tolist() == [[-1, 0], [1, 0]]


def test_values_of_16_bits(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 300]], np.uint16)).save(tmp_path / "a.tif")
    assert read_labels(tmp_path / "a.tif", VALUES).tolist() == [[-1, 2]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_values_of_one_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, np.array([[0, 255, 255]], np.uint8), "1")
    assert read_labels(path, Coding({0: 0, 1: 1, 255: 1})).tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours(tmp_path: Path, mode: str) -> None:
    pixels = np.array([[[255, 1, 0], [255, 0, 1], [0, 0, 0]]], np.uint8)
    save(tmp_path / "a.png", pixels, mode)
    assert read_labels(tmp_path / "a.png", COLOURS).tolist() == [[2, 1, 0]]


def test_a_palette_is_read_by_what_the_set_has(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[1, 2]], np.uint8))
    image.putpalette([0, 0, 0, 255, 1, 0, 255, 0, 1])
    image.save(tmp_path / "a.png")
    assert read_labels(tmp_path / "a.png", VALUES).tolist() == [[0, 1]]
    assert read_labels(tmp_path / "a.png", COLOURS).tolist() == [[2, 1]]
    both = Coding(VALUES.values, COLOURS.colours)
    assert read_labels(tmp_path / "a.png", both).tolist() == [[2, 1]]


def test_a_set_of_both_kinds(tmp_path: Path) -> None:
    both = Coding(VALUES.values, COLOURS.colours)
    save(tmp_path / "a.png", np.array([[2]], np.uint8))
    save(tmp_path / "b.png", np.array([[[255, 1, 0]]], np.uint8))
    assert read_labels(tmp_path / "a.png", both).tolist() == [[1]]
    assert read_labels(tmp_path / "b.png", both).tolist() == [[2]]


def test_an_unknown_value_is_named_with_its_place(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[0, 1], [1, 9]], np.uint8))
    with pytest.raises(
        InputError, match=r"a\.png: value 9 \(column 1, row 1\) stands for no class"
    ):
        read_labels(tmp_path / "a.png", VALUES)


def test_an_unknown_colour_is_named_with_its_place(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[[0, 0, 0], [7, 8, 9]]], np.uint8))
    with pytest.raises(InputError, match=r"a\.png: colour \(7, 8, 9\) \(column 1, row 0\)"):
        read_labels(tmp_path / "a.png", COLOURS)


def test_other_colours_can_have_a_meaning(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[[0, 0, 0], [7, 8, 9]]], np.uint8))
    coding = Coding(colours=COLOURS.colours, other_colours=-1)
    assert read_labels(tmp_path / "a.png", coding).tolist() == [[0, -1]]


def test_a_picture_is_no_label_file(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(InputError, match="has 3 bands, but labels of this set are grey"):
        read_labels(tmp_path / "a.png", VALUES)
    save(tmp_path / "b.png", np.zeros((2, 2), np.uint8))
    with pytest.raises(InputError, match="has 1 bands, but labels of this set are coloured"):
        read_labels(tmp_path / "b.png", COLOURS)


def test_values_with_fractions_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="holds float32; save labels as 8 or 16 bits"):
        read_labels(tmp_path / "a.tif", VALUES)


def test_a_missing_or_broken_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_labels(tmp_path / "a.png", VALUES)
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(ImageError, match="is not an image"):
        read_labels(tmp_path / "a.png", VALUES)


colours = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.lists(colours, min_size=1, max_size=8, unique=True), st.integers(0, 2**32 - 1))
def test_any_palette_is_undone(
    tmp_path_factory: pytest.TempPathFactory, palette: list[tuple[int, int, int]], seed: int
) -> None:
    path = tmp_path_factory.mktemp("labels") / "a.png"
    truth = np.random.default_rng(seed).integers(0, len(palette), (4, 5))
    save(path, np.asarray(palette, np.uint8)[truth])
    coding = Coding(colours={colour: index for index, colour in enumerate(palette)})
    np.testing.assert_array_equal(read_labels(path, coding), truth)
