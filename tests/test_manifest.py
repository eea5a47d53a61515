from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dgl_rsis.manifest
from dgl_rsis import __version__
from dgl_rsis.errors import OutputError
from dgl_rsis.manifest import (
    describe_input,
    describe_query,
    library_versions,
    make_manifest,
    manifest_path,
    source_commit,
    to_json,
    write_manifest,
)
from dgl_rsis.text.parse import parse
from dgl_rsis.types import MapFrame, Raster

FRAME = MapFrame((2.0, 0, 100.0, 0, -2.0, 500.0), "EPSG:32632", (2.0, 2.0), (0, -1))


def make_raster(source: str | None = None) -> Raster:
    valid = np.array([[True, False]])
    return Raster(np.zeros((1, 2, 3), np.uint8), valid, FRAME, source, {"bands": [1, 2, 3]})


def test_manifest_lies_beside_its_output() -> None:
    assert manifest_path(Path("a/map.tif")) == Path("a/map.tif.manifest.json")


def test_manifest_says_what_made_the_output(tmp_path: Path) -> None:
    image = tmp_path / "scene.tif"
    image.write_bytes(b"1234")
    manifest = make_manifest(
        command="segment",
        options={"classes": ["water"]},
        raster=make_raster(str(image)),
        outputs=[tmp_path / "map.tif"],
        seconds=1.23456,
        facts={"painter": "leaf"},
        notes=["black margins"],
    )
    path = write_manifest(tmp_path / "map.tif", manifest)
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["input"]["bytes"] == 4
    assert read["input"]["modified"].endswith("Z")
    assert read["input"]["valid_share"] == 0.5
    assert read["input"]["transform"] == list(FRAME.transform)
    assert read["seconds"] == 1.235
    assert read["painter"] == "leaf"
    assert read["notes"] == ["black margins"]
    assert read["versions"]["dgl-rsis"] == __version__
    assert read["versions"]["numpy"] == np.__version__
    assert "model" not in read


def test_input_without_file_or_place() -> None:
    raster = Raster(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), bool))
    described = describe_input(raster)
    assert described["path"] is None
    assert described["crs"] is None


def test_query_is_described_with_its_program() -> None:
    described = describe_query(parse("the largest roof left of the road"))
    assert described["target"]["noun"] == "roof"
    assert described["program"]["op"]
    json.dumps(described)


def test_missing_libraries_have_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgl_rsis.manifest.LIBRARIES", ("numpy", "no-such-library"))
    assert library_versions() == {"numpy": np.__version__, "no-such-library": None}


def test_manifest_makes_its_folder_unless_a_file_has_the_name(tmp_path: Path) -> None:
    write_manifest(tmp_path / "new" / "map.tif", {})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["map.tif.manifest.json"]
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        write_manifest(tmp_path / "taken" / "map.tif", {})


def test_json_takes_what_libraries_return() -> None:
    values: dict[str, Any] = {
        "a": np.float32("nan"),
        "b": np.arange(2),
        "c": (np.int64(1), Path("x")),
        "d": float("inf"),
        "e": np.bool_(True),
    }
    assert json.loads(to_json(values)) == {
        "a": None, "b": [0, 1], "c": [1, "x"], "d": None, "e": True,
    }  # fmt: skip


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_keeps_plain_values(value: Any) -> None:
    assert json.loads(to_json(value)) == value


def test_the_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        said = subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments],
            cwd=tmp_path, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return said.stdout.strip()

    def anew() -> str | None:
        source_commit.cache_clear()
        return source_commit()

    module = tmp_path / "manifest.py"
    module.write_text("one")
    monkeypatch.setattr(dgl_rsis.manifest, "__file__", str(module))
    assert anew() is None  # no checkout
    git("init")
    assert anew() is None  # not one of its files
    git("add", "manifest.py")
    git("commit", "-m", "One")
    assert anew() == git("rev-parse", "HEAD")
    module.write_text("two")
    assert source_commit() == git("rev-parse", "HEAD")  # what runs was loaded before
    assert anew() == git("rev-parse", "HEAD") + "-dirty"
    source_commit.cache_clear()
