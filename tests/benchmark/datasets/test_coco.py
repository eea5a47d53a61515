"""Reading instance masks of a tiny data set that is written here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgl_rsis.benchmark.datasets.coco import decode_mask, read_coco, run_lengths
from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray

UPPER_LEFT = np.zeros((3, 4), bool)
UPPER_LEFT[:2, :3] = True
LOWER_RIGHT = np.zeros((3, 4), bool)
LOWER_RIGHT[2, 2:] = True


def runs_of(mask: BoolArray) -> list[int]:
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges, flat.size]).tolist()
    return [0, *runs] if flat[0] else runs


def compressed(runs: list[int]) -> str:
    """The inverse of ``run_lengths``, written from the description of the format."""
    text = ""
    for number, run in enumerate(runs):
        value = run - runs[number - 2] if number > 2 else run
        while True:
            bits, value = value & 31, value >> 5
            is_last = value == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if is_last else 32))
            if is_last:
                break
    return text


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
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(InputError, match=r"annotations\.json: no COCO annotations"):
        read_coco(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_coco(tmp_path / "annotations.json")
