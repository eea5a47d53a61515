"""Files that appear when they are complete, and why one does not."""

from __future__ import annotations

import shutil
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
