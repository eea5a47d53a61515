"""Which files of a folder belong together, and what is said where some are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.errors import InputError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_files_by_name_without_what_else_lies_there(tmp_path: Path) -> None:
    touch(tmp_path, "a/2.PNG", "a/10.jpg", "a/._2.png", "a/Thumbs.db", "a/10.jpg.aux.xml")
    layout = Layout("vdd", tmp_path)
    assert layout.files("a", PICTURES) == {
        "10": tmp_path / "a" / "10.jpg",
        "2": tmp_path / "a" / "2.PNG",
    }
    assert layout.has("a")
    assert not layout.has("b")


def test_folders_below_are_searched_when_asked(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c/1.png")
    layout = Layout("vdd", tmp_path)
    assert list(layout.files("a", PICTURES, deep=True)) == ["1"]
    with pytest.raises(InputError, match="a holds no file of this set; vdd is FOLDER/SPLIT"):
        layout.files("a", PICTURES)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        Layout("vdd", tmp_path).files("test/src", PICTURES)
    assert str(error.value) == (
        f"{tmp_path}: test/src is missing; vdd is FOLDER/SPLIT/{{src/ID.JPG,gt/ID.png}}"
    )


def test_two_files_of_one_name(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "a/1.jpg")
    with pytest.raises(InputError, match=r"1\.jpg and .*1\.png have the same name, remove one"):
        Layout("vdd", tmp_path).files("a", PICTURES)


def test_pairs_have_both(tmp_path: Path) -> None:
    layout = Layout("vdd", tmp_path)
    images = {name: tmp_path / f"{name}.jpg" for name in "abc"}
    labels = {name: tmp_path / f"{name}.png" for name in "cba"}
    pairs = layout.pairs(images, labels)
    assert [pair.name for pair in pairs] == ["a", "b", "c"]
    assert (pairs[0].image, pairs[0].labels) == (tmp_path / "a.jpg", tmp_path / "a.png")
    with pytest.raises(InputError, match=r"2 of 3 files lack their labels, e\.g\. .*a\.jpg"):
        layout.pairs(images, {"c": labels["c"]})
    with pytest.raises(InputError, match=r"1 of 3 files lack their image, e\.g\. .*b\.png"):
        layout.pairs({name: images[name] for name in "ac"}, labels)


def test_an_unknown_split(tmp_path: Path) -> None:
    Layout("vdd", tmp_path).check_split("test")
    with pytest.raises(InputError, match="no split 'tset', choose test or val or train; vdd is"):
        Layout("vdd", tmp_path).check_split("tset")
