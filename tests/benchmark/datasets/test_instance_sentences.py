"""Own sentences about dior_mini and dota_mini, on images of a few pixels in their layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.run_lengths import encoded
from benchmark.datasets.written import filled, plain, save

from dgl_rsis.benchmark.datasets import dior_mini, dota_mini
from dgl_rsis.benchmark.datasets.instance_sentences import read_sentences
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.errors import InputError

SIDE = 24  # every instance is one pixel: number n is the n-th of the image
SETS = [
    pytest.param("dior_mini", dior_mini.read, id="dior_mini"),
    pytest.param("dota_mini", dota_mini.read, id="dota_mini"),
]
Read = Callable[[Path, str], ReferDataset]


def instance_count(dataset: str, image: str) -> int:
    return 1 + max(index for each in read_sentences(dataset)[image] for index in each.answer)


def write(folder: Path, dataset: str) -> Path:
    annotations = []
    for number, image in enumerate(read_sentences(dataset)):
        save(folder / image, plain((SIDE, SIDE)))
        corners = [divmod(index, SIDE) for index in range(instance_count(dataset, image))]
        lines = [f"{x} {y} {x + 1} {y} {x + 1} {y + 1} {x} {y + 1} ship 0" for y, x in corners]
        masks = [filled((x, y, x + 1, y + 1), SIDE) for y, x in corners]
        annotations += [
            {"image_id": number, "category_id": 1, "segmentation": encoded(mask)} for mask in masks
        ]
        if dataset == "dota_mini":
            (folder / image).with_suffix(".txt").write_text("\n".join(lines))
    if dataset == "dior_mini":
        images = [
            {"id": number, "file_name": image, "height": SIDE, "width": SIDE}
            for number, image in enumerate(read_sentences(dataset))
        ]
        content = {
            "categories": [{"id": 1, "name": "ship"}],
            "images": images,
            "annotations": annotations,
        }
        (folder / "annotations.json").write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(("dataset", "read"), SETS)
def test_the_truth_is_the_union_of_what_is_meant(tmp_path: Path, dataset: str, read: Read) -> None:
    found = read(write(tmp_path, dataset), "all")
    sentences = [each for entries in read_sentences(dataset).values() for each in entries]
    assert found.name == f"{dataset}/all"
    assert len(found.samples) == len(sentences)
    assert found.no_target == any(not each.answer for each in sentences)
    for sample, entry in zip(found.samples, sentences, strict=True):
        assert sample.sentence == entry.text
        mask = sample.read_mask()
        assert mask.shape == (SIDE, SIDE)
        assert tuple(np.flatnonzero(mask)) == entry.answer
    assert found.samples[0].read_image().shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize(
    ("dataset", "images", "sentences", "without_target"),
    [("dior_mini", 4, 88, 3), ("dota_mini", 2, 38, 0)],
)
def test_the_sentences_that_travel_with_the_package(
    dataset: str, images: int, sentences: int, without_target: int
) -> None:
    by_image = read_sentences(dataset)
    everything = [each for entries in by_image.values() for each in entries]
    assert len(by_image) == images
    assert len(everything) == sentences
    assert sum(not each.answer for each in everything) == without_target
    for entries in by_image.values():
        texts = [each.text for each in entries]
        assert len(set(texts)) == len(texts)
    for each in everything:
        assert each.construction
        assert each.text.strip() == each.text
        assert list(each.answer) == sorted(set(each.answer))
        assert min(each.answer, default=0) >= 0


@pytest.mark.parametrize(("dataset", "read"), SETS)
def test_a_missing_image_is_named(tmp_path: Path, dataset: str, read: Read) -> None:
    folder = write(tmp_path, dataset)
    image = next(iter(read_sentences(dataset)))
    (folder / image).unlink()
    with pytest.raises(InputError, match=rf"{image} is missing; {dataset} is FOLDER/"):
        read(folder, "all")


def test_missing_annotations_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"annotations\.json, 0.* is missing; dior_mini is"):
        dior_mini.read(tmp_path, "all")
    with pytest.raises(InputError, match=r"P0706\.txt, .* is missing; dota_mini is"):
        dota_mini.read(tmp_path, "all")


def test_annotations_are_read_with_the_first_mask(tmp_path: Path) -> None:
    folder = write(tmp_path, "dior_mini")
    (folder / "annotations.json").write_text("{}")
    samples = dior_mini.read(folder, "all").samples
    assert samples[0].read_image().shape == (SIDE, SIDE, 3)
    with pytest.raises(InputError, match="no COCO annotations"):
        samples[0].read_mask()


def test_too_few_instances_are_not_passed_over(tmp_path: Path) -> None:
    folder = write(tmp_path, "dota_mini")
    (folder / "P0706.txt").write_text("0 0 1 0 1 1 0 1 harbor 0\n")
    sample = dota_mini.read(folder, "all").samples[0]
    with pytest.raises(InputError, match=r"P0706\.png: 1 instances are annotated"):
        sample.read_mask()


@pytest.mark.parametrize(("dataset", "read"), SETS)
def test_there_is_one_split(tmp_path: Path, dataset: str, read: Read) -> None:
    with pytest.raises(InputError, match=f"no split 'test', choose all; {dataset} is"):
        read(tmp_path, "test")
