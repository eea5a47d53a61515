"""Every data set of the registry, read from a tiny copy in the layout of its distribution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import MAKERS

from dgl_rsis.benchmark.datasets.labels import UNCOUNTED
from dgl_rsis.benchmark.datasets.published_words import SEGEARTH_OV, SEGEARTH_OV3, with_words
from dgl_rsis.benchmark.datasets.registry import DATASETS, find_entry, read_dataset
from dgl_rsis.benchmark.datasets.samples import MapDataset
from dgl_rsis.errors import InputError
from dgl_rsis.text.classes import read_classes

MADE_ON_THE_SPOT = {"rendered", "rendered-maps"}
MAPS = [
    name for name, entry in DATASETS.items() if entry.kind == "map" and name not in MADE_ON_THE_SPOT
]
SENTENCES = [
    name
    for name, entry in DATASETS.items()
    if entry.kind == "refer" and name not in MADE_ON_THE_SPOT
]


def read(name: str, folder: Path, split: str | None = None) -> MapDataset:
    found = read_dataset(name, folder, split)
    assert isinstance(found, MapDataset)
    return found


@pytest.mark.parametrize("name", MAPS)
def test_a_copy_is_read(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    dataset = read(name, tmp_path)
    assert dataset.name == f"{name}/{find_entry(name).splits[0]}"
    names = [sample.name for sample in dataset.samples]
    assert names
    assert names == sorted(set(names))
    for sample in dataset.samples:
        image, labels = sample.read_image(), sample.read_labels()
        assert image.dtype == np.uint8
        assert image.shape == (*labels.shape, 3)
        assert labels.dtype == np.int16
        assert UNCOUNTED <= labels.min() <= labels.max() < len(dataset.classes)


@pytest.mark.parametrize("name", MAPS)
def test_words_can_be_asked_for(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    dataset = read(name, tmp_path)
    assert len(dataset.words) == len(dataset.classes) == len(set(dataset.classes))
    asked = read_classes(dataset.words)  # refuses repeated words and two for everything else
    own = {asked.class_of_name[place] for place in range(len(asked.prompts))}
    rest = set(range(len(dataset.words))) - own
    assert rest == (set() if dataset.background is None else {dataset.background})


@pytest.mark.parametrize("name", MAPS)
def test_another_folder_is_told_what_was_expected(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(name, tmp_path)
    message = str(error.value)
    assert message.startswith(f"{tmp_path}: ")
    assert "\n" not in message
    assert DATASETS[name].tree in message


@pytest.mark.parametrize("name", [each for each in MAPS if each != "own-maps"])
def test_an_unknown_split(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    with pytest.raises(InputError, match=r"no split 'elsewhere', choose"):
        read(name, tmp_path, "elsewhere")


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_entry_has_its_reader(name: str) -> None:
    assert callable(find_entry(name).load())


@pytest.mark.parametrize("name", SENTENCES)
def test_another_folder_of_sentences_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_dataset(name, tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data set 'isad'; choose one of isaid"):
        read_dataset("isad", tmp_path)


@pytest.mark.parametrize("table", [SEGEARTH_OV, SEGEARTH_OV3])
def test_published_words_fit_their_sets(
    table: dict[str, tuple[tuple[str, ...], ...]], tmp_path: Path
) -> None:
    for name, words in table.items():
        MAKERS[name](tmp_path / name)
        assert len(words) == len(read(name, tmp_path / name).classes)
        flat = [word for group in words for word in group]
        assert len(flat) == len(set(flat))


def test_a_set_is_asked_for_by_published_words(tmp_path: Path) -> None:
    MAKERS["potsdam"](tmp_path / "potsdam")
    ours = read("potsdam", tmp_path / "potsdam")
    theirs = with_words(ours, "segearth-ov")
    assert theirs.words[0] == "road,parking lot"
    assert (theirs.classes, theirs.background) == (ours.classes, ours.background)
    with pytest.raises(InputError, match="no words 'segearth'; choose one of segearth-ov, "):
        with_words(ours, "segearth")
    with pytest.raises(InputError, match="segearth-ov has no words for this set, but for isaid"):
        with_words(replace(ours, name="own-maps/all"), "segearth-ov")
