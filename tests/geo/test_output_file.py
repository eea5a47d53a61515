"""Files that appear when they are complete, and why one does not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import rasterio
from rasterio.errors import RasterioIOError

from dgl_rsis.errors import OutputError
from dgl_rsis.geo.output_file import LEAST_ROOM, atomic


def test_full_disk_is_named_where_gdal_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with atomic(tmp_path / "map.tif") as temporary:
            temporary.write_bytes(b"half")
            raise RasterioIOError("odd")

    for free, message in ((LEAST_ROOM - 1, "the disk is full; free some space"), (2**40, "odd")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(OutputError, match=f"map.tif cannot be written: {message}"):
            write()
    assert not list(tmp_path.iterdir())


def test_errors_of_gdal_itself_are_told(tmp_path: Path) -> None:
    """`rasterio.shutil.copy` raises what is no error of rasterio."""
    from rasterio._err import CPLE_AppDefinedError

    with pytest.raises(OutputError, match="cannot be written: no tag"), atomic(tmp_path / "a.tif"):
        raise CPLE_AppDefinedError(1, 1, "no tag")
    assert not issubclass(CPLE_AppDefinedError, rasterio.errors.RasterioError)


_WRITER = """
import sys, time
from pathlib import Path
from dgl_rsis.geo.output_file import atomic
with atomic(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def _writing(path: Path) -> subprocess.Popen[str]:
    """A process that writes a file and does not come to an end."""
    words = [sys.executable, "-c", _WRITER, str(path)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def test_next_run_removes_what_killed_ones_left_and_nothing_of_others(tmp_path: Path) -> None:
    """Not what a live run, another output or the user has there."""
    (tmp_path / ".dgl-rsis-a.tif-mine").write_text("a file of the user")
    with _writing(tmp_path / "a.tif") as alive, _writing(tmp_path / "b.tif") as other:
        kept = set(tmp_path.iterdir())
        with _writing(tmp_path / "a.tif") as killed:
            killed.send_signal(signal.SIGKILL)
        other.send_signal(signal.SIGKILL)
        assert len(set(tmp_path.iterdir()) - kept) == 1
        with atomic(tmp_path / "a.tif") as temporary:
            temporary.write_text("whole")
        assert set(tmp_path.iterdir()) == kept | {tmp_path / "a.tif"}
        alive.send_signal(signal.SIGKILL)
    with atomic(tmp_path / "a.tif") as temporary:
        temporary.write_text("again")
    left = [path.name for path in tmp_path.glob(".dgl-rsis-*")]
    assert [name for name in left if not name.startswith(".dgl-rsis-b.tif-")] == [
        ".dgl-rsis-a.tif-mine"
    ]
    assert len(left) == 2


def test_two_runs_into_one_output_both_end(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with atomic(path) as first:
        first.write_text("first")
        with atomic(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_file_system_without_locks_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is removed there then: nobody can tell who is alive."""
    from dgl_rsis.geo import own_folder

    def refuse(_: object) -> bool:
        raise OSError("no locks available")

    monkeypatch.setattr(own_folder, "lock_file", refuse)
    with atomic(tmp_path / "a.tif") as first:
        with atomic(tmp_path / "a.tif") as second:
            second.write_text("second")
        first.write_text("first")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]
