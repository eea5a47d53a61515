"""Reading instance masks of a tiny data set that is written here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark.datasets.run_lengths import compressed, encoded, runs_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dgl_rsis.benchmark.datasets.coco import (
    decode_mask,
    decode_parts,
    fill_polygon,
    read_coco,
    run_lengths,
)
from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray

UPPER_LEFT = np.zeros((3, 4), bool)
UPPER_LEFT[:2, :3] = True
LOWER_RIGHT = np.zeros((3, 4), bool)
LOWER_RIGHT[2, 2:] = True


def write(folder: Path, **changes: Any) -> Path:
    content = {
        "categories": [{"id": 7, "name": "storage tank"}, {"id": 9, "name": "ship"}],
        "images": [
            {"id": 1, "file_name": "a.png", "height": 3, "width": 4},
            {"id": 2, "file_name": "b.png", "height": 3, "width": 4},
        ],
        "annotations": [
            annotation(2, 9, runs_of(UPPER_LEFT)),
            annotation(1, 9, compressed(runs_of(LOWER_RIGHT))),
            annotation(1, 7, compressed(runs_of(UPPER_LEFT))),
        ],
        **changes,
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return path


def annotation(image: int, category: int, counts: list[int] | str) -> dict[str, Any]:
    segmentation = {"size": [3, 4], "counts": counts}
    return {"image_id": image, "category_id": category, "segmentation": segmentation}


def test_instances_come_in_the_order_of_their_image(tmp_path: Path) -> None:
    first, second = read_coco(write(tmp_path))
    assert first.path == tmp_path / "a.png"
    assert first.names == ("ship", "storage tank")
    assert second.names == ("ship",)
    assert first.instances.shape == (3, 4)
    np.testing.assert_array_equal(first.instances.mask(0), LOWER_RIGHT)
    np.testing.assert_array_equal(first.instances.mask(1), UPPER_LEFT)


def test_an_image_without_instances(tmp_path: Path) -> None:
    first, _ = read_coco(write(tmp_path, annotations=[]))
    assert len(first.instances) == 0
    assert first.names == ()


@pytest.mark.parametrize("runs", [[12], [0, 12], [5, 2, 1, 4], [40, 700, 3, 20000, 1, 31, 32, 16]])
def test_compressed_runs(runs: list[int]) -> None:
    assert run_lengths(compressed(runs)) == runs


def test_runs_of_a_known_text() -> None:
    assert run_lengths("05Q1") == [0, 5, 33]  # 33 = 1 + 1 * 32, and a bit that says so


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="11 pixels in the runs of a mask of 4 x 3"):
        decode_mask({"size": [3, 4], "counts": [5, 6]})


@pytest.mark.parametrize(
    "changes",
    [
        {"categories": []},
        {"annotations": [annotation(1, 7, [5, 6])]},
        {"annotations": [{"image_id": 1, "category_id": 7, "segmentation": [[0, 0, 1, 1]]}]},
        {"annotations": [{"image_id": 1, "category_id": 7, "segmentation": []}]},
        {"annotations": [{"image_id": 1, "category_id": 7, "segmentation": "05Q1"}]},
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(InputError, match=r"annotations\.json: no COCO annotations"):
        read_coco(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_coco(tmp_path / "annotations.json")


MASKS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(MASKS, st.booleans())
def test_what_is_encoded_comes_back(mask: BoolArray, as_text: bool) -> None:
    np.testing.assert_array_equal(decode_mask(encoded(mask, as_text=as_text)), mask)


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_any_runs_come_back(runs: list[int]) -> None:
    assert run_lengths(compressed(runs)) == runs


def test_huge_runs_are_refused_before_they_are_laid_out() -> None:
    with pytest.raises(ValueError, match="1000000000000 pixels in the runs"):
        decode_mask({"size": [3, 4], "counts": [10**12]})


def test_parts_of_all_forms() -> None:
    polygon = [0, 0, 3, 0, 3, 2, 0, 2]
    parts = decode_parts([encoded(UPPER_LEFT), encoded(LOWER_RIGHT, as_text=False)], (9, 9))
    np.testing.assert_array_equal(parts, [UPPER_LEFT, LOWER_RIGHT])
    (alone,) = decode_parts(encoded(LOWER_RIGHT), (9, 9))
    np.testing.assert_array_equal(alone, LOWER_RIGHT)
    (filled,) = decode_parts([polygon], (3, 4))
    np.testing.assert_array_equal(filled, UPPER_LEFT)


def test_an_annotation_is_the_union_of_its_parts(tmp_path: Path) -> None:
    parts = [encoded(UPPER_LEFT), encoded(LOWER_RIGHT), encoded(UPPER_LEFT)]
    entries = [
        {"image_id": 1, "category_id": 7, "segmentation": parts},
        {"image_id": 1, "category_id": 9, "segmentation": [[0, 0, 3, 0, 3, 2, 0, 2]]},
    ]
    first, _ = read_coco(write(tmp_path, annotations=entries))
    np.testing.assert_array_equal(first.instances.mask(0), UPPER_LEFT | LOWER_RIGHT)
    np.testing.assert_array_equal(first.instances.mask(1), UPPER_LEFT)


# The walk from (0, 5) to (5, 0) passes the middle of the first column between 22 and 23 fifths, so
# that four pixels are above it. All of these are what pycocotools 2.0.11 makes of them.
POLYGONS = {
    "a triangle": (
        [0, 0, 5, 0, 0, 5],
        ["####.", "###..", "##...", "#....", "....."],
    ),
    "on the middles of pixels": (
        [0.5, 0.5, 3.5, 0.5, 3.5, 3.5, 0.5, 3.5],
        [".....", ".###.", ".###.", ".###.", "....."],
    ),
    "beyond the image": (
        [-9, 2, 20, 2, 20, 20, -9, 20],
        [".....", ".....", "#####", "#####", "#####"],
    ),
    "a bow tie": (
        [0, 0, 5, 5, 5, 0, 0, 5],
        ["#...#", "##.##", "##.##", "#...#", "....."],
    ),
    "closed, its first corner twice": (
        [1, 1, 4, 1, 4, 4, 1, 4, 1, 1],
        [".....", ".###.", ".###.", ".###.", "....."],
    ),
    "thinner than a pixel": ([1.6, 0, 1.9, 0, 1.9, 5, 1.6, 5], ["....."] * 5),
}


@pytest.mark.parametrize("name", POLYGONS)
def test_polygons_by_the_rule_of_coco(name: str) -> None:
    corners, rows = POLYGONS[name]
    found = ["".join(".#"[int(value)] for value in row) for row in fill_polygon(corners, (5, 5))]
    assert found == rows


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 15), st.integers(1, 15))
def test_a_box_of_whole_pixels(x: int, y: int, width: int, height: int) -> None:
    corners = [x, y, x + width, y, x + width, y + height, x, y + height]
    expected = np.zeros((25, 30), bool)
    expected[y : y + height, x : x + width] = True
    np.testing.assert_array_equal(fill_polygon(corners, (25, 30)), expected)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=8))
def test_where_a_polygon_starts_does_not_matter(corners: list[tuple[float, float]]) -> None:
    whole = np.ravel(corners).tolist()
    turned = np.ravel([*corners[1:], corners[0]]).tolist()
    backwards = np.ravel(corners[::-1]).tolist()
    mask = fill_polygon(whole, (20, 30))
    np.testing.assert_array_equal(fill_polygon(turned, (20, 30)), mask)
    np.testing.assert_array_equal(fill_polygon(backwards, (20, 30)), mask)


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=4))
def test_there_and_back_encloses_nothing(ends: list[float]) -> None:
    assert not fill_polygon([*ends, *ends[:2]], (20, 30)).any()


@pytest.mark.parametrize(
    "corners",
    [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7], [[1, 2], [3, 4], [5, 6]], [0, 0, 9, 0, float("nan"), 9],
     [0, 0, 1e9, 0, 0, 9], ["a", "b", "c", "d", "e", "f"]],
)  # fmt: skip
def test_no_polygon(corners: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"polygon|convert"):
        fill_polygon(corners, (5, 5))
