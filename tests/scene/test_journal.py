from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.geo.windows import Tile
from dgl_rsis.scene.journal import (
    journal_folder,
    open_journal,
    remove_journal,
    save_array,
    write_durably,
    writing,
)

FACTS = {"input": {"a.tif": [1, 2]}, "classes": ("road", "water")}
TILE = Tile(2, 3)


def test_what_is_put_is_there_after_the_run(tmp_path: Path) -> None:
    target = tmp_path / "map.tif"
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    with open_journal(target, FACTS, resume=False, overwrite=False) as journal:
        assert journal.state(TILE) is None
        journal.put_cells(TILE, values)
        journal.put_cells(Tile(0, 0), None)
        journal.put_failed(Tile(1, 1), "why")
        journal.put_painted(TILE, classes=np.ones((2, 2), np.uint8))
        journal.put_painted(Tile(0, 0))
    with open_journal(target, FACTS, resume=True, overwrite=False) as journal:
        assert journal.state(TILE) == "cells"
        assert journal.state(Tile(0, 0)) == "empty"
        assert journal.state(Tile(1, 1)) == "failed"
        assert (journal.cells(TILE) == values).all()
        assert journal.failed() == {Tile(1, 1): "why"}
        classes = journal.painted(TILE, "classes")
        assert classes is not None
        assert classes.tolist() == [[1, 1], [1, 1]]
        assert journal.painted(TILE, "scores") is None
        assert journal.painted(Tile(0, 0), "classes") is None
        assert journal.is_painted(Tile(0, 0))
        journal.forget_failure(Tile(1, 1), [TILE])
        assert not journal.is_painted(TILE)
        assert journal.failed() == {}
        journal.forget_cells(TILE)
        assert journal.state(TILE) is None
    remove_journal(target)
    assert not journal_folder(target).exists()


def test_differences_are_named(tmp_path: Path) -> None:
    target = tmp_path / "map.tif"
    with open_journal(target, FACTS, resume=True, overwrite=False) as journal:
        journal.put_cells(TILE, None)
    changes: list[tuple[dict[str, Any], str]] = [
        ({"classes": ["road"]}, r'classes was \["road", "water"\] and is \["road"\]'),
        ({"input": {"a.tif": [1, 3]}}, r"input a.tif was \[1, 2\] and is \[1, 3\]"),
        ({"input": {}}, r"input a.tif was \[1, 2\] and is absent"),
        ({"more": 1}, "more was absent and is 1"),
    ]
    for change, message in changes:
        with (
            pytest.raises(InputError, match=message),
            open_journal(target, {**FACTS, **change}, resume=True, overwrite=True),
        ):
            pass
    with pytest.raises(OutputError, match="--resume goes on"):
        open_journal(target, FACTS, resume=False, overwrite=False).__enter__()
    with open_journal(target, FACTS, resume=False, overwrite=True) as journal:
        assert journal.state(TILE) is None


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"the disk is full; .* free some space .* --resume"),
        (errno.EACCES, r"Permission denied; .* repair that"),
    ],
)
def test_full_disk_is_one_clear_line(tmp_path: Path, number: int, message: str) -> None:
    with pytest.raises(OutputError, match=message), writing(tmp_path):
        raise OSError(number, os.strerror(number))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_arrays_on_a_full_disk_say_so() -> None:
    """NumPy itself says how many items it wrote, and not why."""
    with Path("/dev/full").open("wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space left") as caught:
            save_array(file, np.zeros(100))
        assert caught.value.errno == errno.ENOSPC


def test_nothing_is_half_written(tmp_path: Path) -> None:
    def break_off(file: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        write_durably(tmp_path / "a", break_off)
    assert not list(tmp_path.iterdir())
    write_durably(tmp_path / "a", lambda file: file.write(b"all"))
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
