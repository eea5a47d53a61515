"""The protocol of RRSIS-D on a tiny set in its layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark.datasets.run_lengths import encoded
from benchmark.datasets.test_plain_pickle import Malicious
from benchmark.datasets.written import filled, reference, write_refer

from dgl_rsis.benchmark.datasets import rrsisd
from dgl_rsis.benchmark.datasets.registry import find_entry
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.errors import InputError

SIDE = 800
TANK, ROOF, SHIP = (10, 10, 60, 40), (40, 20, 90, 60), (700, 790, 800, 800)
IMAGES = {
    1: ("00001.jpg", (SIDE, SIDE)),
    2: ("00002.jpg", (801, SIDE)),
    3: ("00003.jpg", (SIDE, 787)),
}
ANNOTATIONS: dict[int, Any] = {
    11: [encoded(filled(TANK, SIDE))],
    12: [encoded(filled(TANK, SIDE)), encoded(filled(ROOF, SIDE), as_text=False)],
    13: [[700, 790, 800, 790, 800, 800, 700, 800]],
    14: encoded(filled(SHIP, SIDE)),
    15: [encoded(filled(TANK, SIDE)), encoded(filled(TANK, SIDE))],
}
REFERENCES = [
    reference(0, 1, 11, "test", "The white Tank"),
    reference(1, 2, 13, "test", "A ship", "the ship at the bottom"),
    reference(2, 1, 12, "test", "the roof"),
    reference(3, 3, 14, "val", "the ship"),
    reference(4, 3, 15, "train", "the tank"),
    reference(5, 2, 14, "train", "a boat"),
    reference(6, 3, 11, "train", "a tank", "one tank", "that tank"),
]


def write(folder: Path, **changes: Any) -> Path:
    return write_refer(
        folder,
        "rrsisd",
        changes.pop("references", REFERENCES),
        changes.pop("annotations", ANNOTATIONS),
        IMAGES,
        masks=(SIDE, SIDE),
        **changes,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("rrsisd") / "data")


@pytest.fixture(scope="module")
def test_split(folder: Path) -> ReferDataset:
    return rrsisd.read(folder, "test")


def test_one_sample_for_each_sentence_of_a_split(folder: Path) -> None:
    sizes = {
        split: len(rrsisd.read(folder, split).samples) for split in find_entry("rrsis-d").splits
    }
    assert sizes == {"train": 5, "val": 1, "test": 4}


def test_how_it_is_evaluated(test_split: ReferDataset) -> None:
    assert test_split.name == "rrsis-d/test"
    assert test_split.side == 480
    assert not test_split.boxes
    assert not test_split.no_target


def test_sentences_about_one_image_are_neighbours(test_split: ReferDataset) -> None:
    found = [(sample.name, sample.image, sample.sentence) for sample in test_split.samples]
    assert found == [
        ("0#0", "00001.jpg", "The white Tank"),
        ("2#0", "00001.jpg", "the roof"),
        ("1#0", "00002.jpg", "A ship"),
        ("1#1", "00002.jpg", "the ship at the bottom"),
    ]


def test_masks_of_all_forms(folder: Path, test_split: ReferDataset) -> None:
    np.testing.assert_array_equal(test_split.samples[0].read_mask(), filled(TANK, SIDE))
    np.testing.assert_array_equal(test_split.samples[2].read_mask(), filled(SHIP, SIDE))
    (val,) = rrsisd.read(folder, "val").samples
    np.testing.assert_array_equal(val.read_mask(), filled(SHIP, SIDE))


def test_what_two_parts_cover_drops_out(folder: Path, test_split: ReferDataset) -> None:
    mask = test_split.samples[1].read_mask()
    np.testing.assert_array_equal(mask, filled(TANK, SIDE) ^ filled(ROOF, SIDE))
    # 50 x 30 and 50 x 40 pixels that share 20 x 20
    assert mask.sum() == 1500 + 2000 - 2 * 400
    tank = next(each for each in rrsisd.read(folder, "train").samples if each.name == "4#0")
    assert not tank.read_mask().any()


@pytest.mark.parametrize(("split", "name", "shape"), [("test", "1#1", (801, 800, 3)), ("val", "3#0", (800, 787, 3))])  # fmt: skip
def test_an_image_of_another_size_than_its_mask(
    folder: Path, split: str, name: str, shape: tuple[int, int, int]
) -> None:
    sample = next(each for each in rrsisd.read(folder, split).samples if each.name == name)
    assert sample.read_image().shape == shape
    assert sample.read_image().dtype == np.uint8
    assert sample.read_mask().shape == (SIDE, SIDE)
    assert sample.read_mask().dtype == np.bool_


@pytest.mark.parametrize("protocol", range(6))
def test_references_of_any_protocol(tmp_path: Path, protocol: int) -> None:
    samples = rrsisd.read(write(tmp_path / "data", protocol=protocol), "test").samples
    assert [sample.name for sample in samples] == ["0#0", "2#0", "1#0", "1#1"]


def test_malicious_references_do_nothing(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    folder = write(tmp_path / "data", references=[*REFERENCES, Malicious(proof)])
    with pytest.raises(InputError, match=r"refs\(unc\)\.p: refused"):
        rrsisd.read(folder, "test")
    assert not proof.exists()


def test_a_sentence_without_its_written_form(tmp_path: Path) -> None:
    only = reference(0, 1, 11, "test", "The Tank")
    del only["sentences"][0]["raw"]
    (sample,) = rrsisd.read(write(tmp_path / "data", references=[only]), "test").samples
    assert sample.sentence == "the tank"


def test_nothing_is_decoded_before_it_is_asked_for(tmp_path: Path) -> None:
    broken = {**ANNOTATIONS, 11: [{"size": [SIDE, SIDE], "counts": "05"}]}
    folder = write(tmp_path / "data", annotations=broken)
    (folder / rrsisd.PICTURES / "00001.jpg").write_bytes(b"no image")
    first = rrsisd.read(folder, "test").samples[0]
    with pytest.raises(InputError, match=r"00001\.jpg is not an image"):
        first.read_image()
    with pytest.raises(InputError, match="the mask of reference 0 cannot be decoded"):
        first.read_mask()


@pytest.mark.parametrize("missing", ["rrsisd/refs(unc).p", "rrsisd/instances.json"])
def test_a_missing_file_is_named_with_the_tree(tmp_path: Path, missing: str) -> None:
    folder = write(tmp_path / "data")
    (folder / missing).unlink()
    with pytest.raises(InputError) as caught:
        rrsisd.read(folder, "test")
    message = str(caught.value)
    assert message.startswith(f"{folder}: {missing} is missing; rrsis-d is FOLDER/rrsisd/{{refs")
    assert "\n" not in message


def test_a_folder_without_anything(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"refs\(unc\).p, .*instances.json, images/.* is missing"):
        rrsisd.read(tmp_path / "nowhere", "test")


def test_an_image_that_was_not_unpacked(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    (folder / rrsisd.PICTURES / "00002.jpg").unlink()
    with pytest.raises(InputError, match=r"00002\.jpg: missing, reference 1 needs it"):
        rrsisd.read(folder, "test")
    assert len(rrsisd.read(folder, "val").samples) == 1


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ([reference(0, 9, 11, "test", "a")], "no image 9, which reference 0 names"),
        ([reference(0, 1, 99, "test", "a")], "no annotation 99, which reference 0 names"),
        ([reference(0, 1, 11, "test", "a")] * 2, "two sentences are called '0#0'"),
        ([reference(0, 1, 11, "val", "a")], "no sentence of the split 'test'"),
        ([{"ref_id": 0}], "no list of references"),
        ([reference([0], 1, 11, "test", "a")], "no list of references"),  # type: ignore[arg-type]
        ([reference(0, 1, 11, "test", "a", sentences=[{"raw": 3}])], "no list of references"),
        ({"a": 1}, "no list of references"),
    ],
)
def test_references_that_cannot_be_used(tmp_path: Path, references: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rrsisd.read(write(tmp_path / "data", references=references), "test")


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"images": [], "annotations": [3]})])
def test_instances_that_cannot_be_used(tmp_path: Path, content: str) -> None:
    folder = write(tmp_path / "data")
    (folder / rrsisd.INSTANCES).write_text(content)
    with pytest.raises(InputError, match=r"instances\.json: no (JSON|COCO)"):
        rrsisd.read(folder, "test")


def test_an_unknown_split(folder: Path) -> None:
    with pytest.raises(
        InputError, match="no split 'testA', choose test or val or train; rrsis-d is"
    ):
        rrsisd.read(folder, "testA")
