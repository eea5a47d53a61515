"""Digests by which a client knows whether the server has the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving import scene_of

from dgl_rsis.apps.server.file_digest import file_digest

LARGE = 70 * 2**20  # more than is read


def write(path: Path, size: int, *marks: int) -> Path:
    """A file of zeros, but for a byte at each mark."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
        for mark in marks:
            file.seek(mark)
            file.write(b"x")
    return path


@pytest.mark.parametrize("size", [1, 1000, 2**20, 2**20 + 1, LARGE])
def test_first_and_last_byte_count(tmp_path: Path, size: int) -> None:
    same = [file_digest(write(tmp_path / name, size)) for name in ("a.tif", "b.tif")]
    assert same[0] == same[1]
    for mark in (0, size - 1):
        assert file_digest(write(tmp_path / "c.tif", size, mark)) != same[0]
    assert file_digest(write(tmp_path / "d.tif", size + 1)) != same[0]


def test_every_byte_of_a_file_that_is_not_large_counts(tmp_path: Path) -> None:
    size = 5 * 2**20
    plain = file_digest(write(tmp_path / "a.tif", size))
    for mark in range(0, size, 2**19 - 1):
        assert file_digest(write(tmp_path / "b.tif", size, mark)) != plain


def test_empty_file_has_a_digest(tmp_path: Path) -> None:
    assert len(file_digest(write(tmp_path / "a.tif", 0))) == 64


def test_place_of_a_virtual_raster_counts(tmp_path: Path) -> None:
    """Two of them may name other files by the same relative names."""
    one, other = (write(tmp_path / year / "mosaic.vrt", 100) for year in ("2020", "2021"))
    assert file_digest(one) != file_digest(other)


def test_server_says_the_digest_of_a_scene(client: TestClient, scene_folder: Path) -> None:
    scene = scene_of(client, "scene.tif")
    answer = client.get(f"/scenes/{scene['id']}/digest").json()
    assert answer == {"digest": file_digest(scene_folder / "scene.tif")}
    assert client.get("/scenes/none/digest").status_code == 404
