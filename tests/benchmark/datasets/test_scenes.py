"""Reading a tiny archive of scenes that is written here."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dgl_rsis.benchmark.datasets.scenes import read_scenes
from dgl_rsis.errors import InputError

COLOURS = {"Pond/pond_1.png": (0, 0, 250), "Park/park_1.png": (0, 250, 0)}


def write(path: Path, root: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        folder = tarfile.TarInfo(f"{root}Pond")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, colour in COLOURS.items():
            stream = io.BytesIO()
            Image.new("RGB", (5, 4), colour).save(stream, "PNG")
            entry = tarfile.TarInfo(root + name)
            entry.size = stream.tell()
            stream.seek(0)
            archive.addfile(entry, stream)
    return path


@pytest.mark.parametrize("root", ["", "./", "some/folder/"])
def test_images_with_their_class(tmp_path: Path, root: str) -> None:
    scenes = list(read_scenes(write(tmp_path / "scenes.tar", root)))
    assert [scene.name for scene in scenes] == list(COLOURS)
    assert [scene.label for scene in scenes] == ["Pond", "Park"]
    for scene, colour in zip(scenes, COLOURS.values(), strict=True):
        np.testing.assert_array_equal(scene.pixels, np.full((4, 5, 3), colour))


def test_only_what_is_wanted(tmp_path: Path) -> None:
    (scene,) = read_scenes(write(tmp_path / "scenes.tar"), lambda name: name == "park_1.png")
    assert scene.name == "Park/park_1.png"


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("no archive")
    for name in ("text.tar", "absent.tar"):
        with pytest.raises(InputError, match=rf"{name}: no archive"):
            list(read_scenes(tmp_path / name))
