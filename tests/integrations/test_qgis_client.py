"""The part of the QGIS plugin that needs no QGIS: its client of the server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dgl_rsis.apps.server.file_digest import file_digest

PLUGINS = Path(__file__).parents[2] / "integrations/qgis"


@pytest.fixture(scope="module")
def plugin() -> Iterator[Any]:
    sys.path.insert(0, str(PLUGINS))
    from dgl_rsis_client import client, digest

    sys.path.remove(str(PLUGINS))
    yield SimpleNamespace(client=client, digest=digest)
    for name in ("dgl_rsis_client", "dgl_rsis_client.client", "dgl_rsis_client.digest"):
        del sys.modules[name]


def recording(plugin: Any, answers: dict[str, Any]) -> Any:
    """A client of a server that gives these answers; what else it is asked, it keeps."""

    class Client(plugin.client.Client):
        asked: list[tuple[str, str]] = []  # noqa: RUF012

        def _json(self, method: str, path: str, content: Any = None) -> Any:
            self.asked.append((method, path))
            return answers[path]

        def _upload(self, path: Path, size: int, is_cancelled: Any) -> Any:
            return {"id": "sent"}

    return Client("http://127.0.0.1:8000")


@pytest.fixture
def years(tmp_path: Path) -> list[Path]:
    """Two uncompressed images of one size, both called ortho.tif."""
    files = []
    for year, value in (("2020", b"a"), ("2021", b"b")):
        file = tmp_path / year / "ortho.tif"
        file.parent.mkdir()
        file.write_bytes(value * 100_000)
        files.append(file)
    return files


def open_scene(file: Path) -> dict[str, Any]:
    return {
        "/scenes": {"scenes": [{"id": "s", "name": file.name, "bytes": file.stat().st_size}]},
        "/scenes/s/digest": {"digest": file_digest(file)},
    }


def test_file_that_is_open_on_the_server_is_used_there(plugin: Any, years: list[Path]) -> None:
    client = recording(plugin, open_scene(years[0]))
    scene, is_upload = client.scene_of(years[0], lambda: False)
    assert (scene["id"], is_upload) == ("s", False)


def test_other_image_of_the_same_name_and_size_is_sent(plugin: Any, years: list[Path]) -> None:
    client = recording(plugin, open_scene(years[0]))
    scene, is_upload = client.scene_of(years[1], lambda: False)
    assert (scene["id"], is_upload) == ("sent", True)


@pytest.mark.parametrize("size", [0, 1, 2**20, 3 * 2**20 + 7, 70 * 2**20])
@pytest.mark.parametrize("name", ["a.tif", "a.vrt"])
def test_plugin_and_server_agree_on_digests(
    plugin: Any, tmp_path: Path, size: int, name: str
) -> None:
    file = tmp_path / name
    with file.open("wb") as stream:
        stream.write(b"start"[:size])
        stream.truncate(size)
    assert plugin.digest.file_digest(file) == file_digest(file)


def test_stopping_cancels_the_job_and_keeps_it(plugin: Any) -> None:
    answers = {"/refer": {"id": "j", "state": "running"}, "/jobs/j/cancel": {"state": "cancelled"}}
    client = recording(plugin, answers)
    with pytest.raises(plugin.client.Cancelled):
        client.run("refer", {}, lambda *_: None, lambda: True)
    assert client.asked[-1] == ("POST", "/jobs/j/cancel")
