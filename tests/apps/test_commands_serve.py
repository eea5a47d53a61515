"""The command that starts the server: what it refuses before it listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from dgl_rsis.apps import commands_inspect
from dgl_rsis.apps.cli import main
from dgl_rsis.apps.commands_serve import TOKEN, default_storage
from dgl_rsis.apps.server import running
from dgl_rsis.apps.server.service import ServerOptions


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["serve", *words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.7.7", "::", "map.example"])
def test_others_need_a_token(capsys: pytest.CaptureFixture[str], host: str) -> None:
    assert "--token new" in refused(capsys, "--host", host)


def test_token_without_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert "without spaces" in refused(capsys, "--token", "a b")


def test_scene_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not exist" in refused(capsys, "nowhere.tif")


def test_port_that_is_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        told = refused(capsys, "--port", port, "--storage", str(tmp_path))
    assert "pass another --port" in told


def test_storage_of_another_server(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from dgl_rsis.geo.file_lock import lock_file

    with (tmp_path / "lock").open("a+b") as lock:
        assert lock_file(lock)
        told = refused(capsys, "--port", "0", "--storage", str(tmp_path))
    assert "another server" in told


def test_missing_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(commands_inspect.EXTRAS, "serve", (("no_such_module",), "the map"))
    assert 'pip install "dgl-rsis[serve]"' in refused(capsys)


def test_bands_are_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--bands 'red' is not a list of numbers" in refused(capsys, "--bands", "red")


def test_who_has_the_token_may_use_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ServerOptions] = []
    monkeypatch.setattr(running, "run_server", lambda options, *_, **__: started.append(options))
    assert main(["serve", "--bands", "3,2,1"]) == main(["serve", "--token", "secret"]) == 0
    open_one, guarded = started
    assert (open_one.hosts, open_one.bands) == (("localhost", "127.0.0.1", "::1"), (3, 2, 1))
    assert (guarded.hosts, guarded.bands) == (None, None)


def test_storage_lies_with_the_state_of_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_storage(8000) == tmp_path / "dgl-rsis" / "serve-8000"
