"""RefSegRS and RISBench: pictures, masks and phrases with one number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.written import filled, save, save_mask, write_phrases

from dgl_rsis.benchmark.datasets import refsegrs, risbench
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.errors import InputError

Read = Callable[[Path, str], ReferDataset]
SETS = [
    pytest.param(refsegrs.read, "refsegrs", "images", "masks", ".tif", id="refsegrs"),
    pytest.param(risbench.read, "risbench", "img_rgb", "mask", ".png", id="risbench"),
]
LINES = {
    "train": "1 a car\n2 two cars\n3 the road\n",
    "val": "4 vehicle in the parking area\r\n",
    "test": "\ufeff7 the  road, paved\n5 building along the road\n\n7\tthe same road\u2028again \n",
}


@pytest.mark.parametrize(("read", "name", "pictures", "masks", "suffix"), SETS)
def test_splits(
    tmp_path: Path, read: Read, name: str, pictures: str, masks: str, suffix: str
) -> None:
    write_phrases(tmp_path, pictures, masks, LINES, suffix=suffix)
    sizes = {split: len(read(tmp_path, split).samples) for split in ("train", "val", "test")}
    assert sizes == {"train": 3, "val": 1, "test": 3}
    dataset = read(tmp_path, "test")
    assert dataset.name == f"{name}/test"
    assert dataset.side is None
    assert not dataset.boxes
    assert not dataset.no_target
    found = [(sample.name, sample.image, sample.sentence) for sample in dataset.samples]
    assert found == [
        ("7#0", "7", "the  road, paved"),
        ("7#1", "7", "the same road\u2028again"),
        ("5#0", "5", "building along the road"),
    ]
    last = dataset.samples[-1]
    assert last.read_image().shape == (20, 20, 3)
    assert last.read_image()[0, 0].tolist() == [5, 120, 60]
    np.testing.assert_array_equal(last.read_mask(), filled((0, 0, 5, 5), 20))


@pytest.mark.parametrize(("value", "size"), [(255, 25), (51, 25), (50, 0), (2, 0), (1, 25)])
def test_what_is_bright_counts_and_so_does_one(tmp_path: Path, value: int, size: int) -> None:
    write_phrases(tmp_path, "images", "masks", {"val": "5 a car"}, suffix=".tif", value=value)
    (sample,) = refsegrs.read(tmp_path, "val").samples
    assert sample.read_mask().sum() == size


def test_a_mask_in_colours_with_a_transparent_part(tmp_path: Path) -> None:
    write_phrases(tmp_path, "img_rgb", "mask", {"val": "5 a car"}, suffix=".png")
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[3:6, :, 0] = 200
    pixels[..., 3] = 255
    pixels[:, 10:, 3] = 0
    save(tmp_path / "mask" / "5.png", pixels)
    (sample,) = risbench.read(tmp_path, "val").samples
    np.testing.assert_array_equal(sample.read_mask(), filled((0, 3, 10, 6), 20))


@pytest.mark.parametrize(("read", "name", "pictures", "masks", "suffix"), SETS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_missing_part_is_named(
    tmp_path: Path, read: Read, name: str, pictures: str, masks: str, suffix: str, at: int
) -> None:
    write_phrases(tmp_path, pictures, masks, LINES, suffix=suffix)
    missing = (pictures, masks, "output_phrase_val.txt")[at]
    (tmp_path / missing).rename(tmp_path / "elsewhere")
    with pytest.raises(
        InputError, match=rf"{missing}/? is missing; {name} is FOLDER.*{pictures},{masks}"
    ):
        read(tmp_path, "val")


@pytest.mark.parametrize(("folder", "kind"), [("images", "picture"), ("masks", "mask")])
def test_a_missing_file_is_named_with_its_line(tmp_path: Path, folder: str, kind: str) -> None:
    write_phrases(tmp_path, "images", "masks", LINES, suffix=".tif")
    (tmp_path / folder / "2.tif").unlink()
    with pytest.raises(InputError, match=rf"train\.txt:2: no {kind} is called 2"):
        refsegrs.read(tmp_path, "train")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    write_phrases(tmp_path, "images", "masks", LINES, suffix=".tif")
    save_mask(tmp_path / "masks" / "2.png", filled((0, 0, 1, 1), 20))
    with pytest.raises(InputError, match=r"2\.png and .*2\.tif have the same name"):
        refsegrs.read(tmp_path, "val")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"5 a car\n6\n", r"output_phrase_val\.txt:2: '6' is no number and phrase"),
        (b"5 a c\xe4r\n", r"output_phrase_val\.txt: no text in UTF-8"),
        (b"\n\n", "no sentence of the split 'val'"),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    write_phrases(tmp_path, "images", "masks", {"val": "5 a car"}, suffix=".tif")
    (tmp_path / "output_phrase_val.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        refsegrs.read(tmp_path, "val")


def test_a_damaged_file_is_met_when_it_is_asked_for(tmp_path: Path) -> None:
    write_phrases(tmp_path, "images", "masks", {"val": "5 a car"}, suffix=".tif")
    for folder in ("images", "masks"):
        path = tmp_path / folder / "5.tif"
        path.write_bytes(path.read_bytes()[:60])
    (sample,) = refsegrs.read(tmp_path, "val").samples
    for read in (sample.read_image, sample.read_mask):
        with pytest.raises(InputError, match=r"5\.tif is"):
            read()


def test_unknown_splits(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="no split 'all', choose test or val or train; refsegrs is"
    ):
        refsegrs.read(tmp_path, "all")
    with pytest.raises(InputError, match=r"no split 'all', choose .*; risbench is"):
        risbench.read(tmp_path, "all")
