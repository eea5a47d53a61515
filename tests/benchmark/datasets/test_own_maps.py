"""The user's own images and masks, and the files that name their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmark.datasets.make_sets import make_own_folder, picture, save, values
from hypothesis import given
from hypothesis import strategies as st

from dgl_rsis.benchmark.datasets.own_maps import read_class_names, read_own_folder
from dgl_rsis.errors import InputError


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_folder_with_names_in_lines(tmp_path: Path) -> None:
    make_own_folder(tmp_path)
    dataset = read_own_folder(tmp_path, "all")
    assert dataset.name == "own-maps/all"
    assert dataset.classes == dataset.words == ("background", "hangar", "taxiway")
    assert dataset.background == 0
    (sample,) = dataset.samples
    assert sample.name == "site a"
    assert sample.read_labels()[0, ::3].tolist() == [0, 1, 2, -1]


def test_values_may_have_gaps_and_no_name(tmp_path: Path) -> None:
    make_own_folder(tmp_path)
    (tmp_path / "classes.txt").unlink()
    write(tmp_path, "classes.csv", "value,name\n255,hangar\n0,\n7,water\n")
    save(tmp_path / "masks" / "site a.png", values(6, 12, [0, 7, 255]))
    dataset = read_own_folder(tmp_path, "all")
    assert dataset.classes == ("water", "hangar")
    assert dataset.background is None
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == [-1, 0, 1, -1]


def test_a_split_is_a_folder(tmp_path: Path) -> None:
    make_own_folder(tmp_path)
    save(tmp_path / "images" / "test" / "b.png", picture(6, 12))
    save(tmp_path / "masks" / "test" / "b.png", values(6, 12, [0, 1]))
    dataset = read_own_folder(tmp_path, "test")
    assert dataset.name == "own-maps/test"
    assert [sample.name for sample in dataset.samples] == ["b"]
    with pytest.raises(InputError, match="images/val is missing; own-maps is FOLDER/images"):
        read_own_folder(tmp_path, "val")


def test_a_value_that_nobody_named(tmp_path: Path) -> None:
    make_own_folder(tmp_path)
    save(tmp_path / "masks" / "site a.png", values(6, 12, [0, 3]))
    with pytest.raises(InputError, match=r"site a\.png: value 3 \(column 3, row 0\)"):
        read_own_folder(tmp_path, "all").samples[0].read_labels()


def test_one_file_of_names(tmp_path: Path) -> None:
    make_own_folder(tmp_path)
    write(tmp_path, "classes.json", '["a"]')
    with pytest.raises(InputError, match="more than one file of classes"):
        read_own_folder(tmp_path, "all")
    (tmp_path / "classes.json").unlink()
    (tmp_path / "classes.txt").unlink()
    with pytest.raises(InputError, match="no file of classes"):
        read_own_folder(tmp_path, "all")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("c.txt", "land\n\nwater\r\n", {0: "land", 1: "", 2: "water"}),
        ("c.csv", "name, value\nsea, 4\n\n", {4: "sea"}),
        ("c.json", '["land", null, " sea "]', {0: "land", 1: "", 2: "sea"}),
        ("c.json", '{"3": "land", "1": ""}', {3: "land", 1: ""}),
        ("c.txt", "\ufeffForêt\n", {0: "Forêt"}),
    ],
)
def test_names_of_values(tmp_path: Path, name: str, content: str, expected: dict[int, str]) -> None:
    assert read_class_names(write(tmp_path, name, content)) == expected


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("c.txt", "\n", "no value has a name"),
        ("c.txt", "sea\nsea\n", "'sea' names two values"),
        ("c.csv", "index,label\n0,sea\n", "no class names"),
        ("c.csv", "value,name\none,sea\n", "no class names"),
        ("c.csv", "value,name\n1,sea\n1,land\n", "a value is named twice"),
        ("c.csv", "value,name\n-1,sea\n", "values must be from 0 to 65535"),
        ("c.json", '{"0": 5}', "5 is no name"),
        ("c.json", "7", "no class names"),
        ("c.json", "[", "no class names"),
    ],
)
def test_files_without_names(tmp_path: Path, name: str, content: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as error:
        read_class_names(write(tmp_path, name, content))
    assert str(error.value).startswith(f"{tmp_path / name}: ")


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@given(st.dictionaries(st.integers(0, 65535), names, min_size=1, max_size=9))
def test_all_forms_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, named: dict[int, str]
) -> None:
    if len(set(named.values())) < len(named):
        named = {value: f"{name}{value:05}" for value, name in named.items()}
    folder = tmp_path_factory.mktemp("names")
    rows = "".join(f"{value},{name}\n" for value, name in named.items())
    table = write(folder, "c.csv", f"value,name\n{rows}")
    tree = write(folder, "c.json", json.dumps({str(k): v for k, v in named.items()}))
    assert read_class_names(table) == read_class_names(tree) == named
