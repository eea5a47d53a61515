"""Runs in several processes, and runs that are killed from outside."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas
import pytest
from scene.interrupting import interrupt
from scene.toy_scenes import blobs, digest, write

from dgl_rsis.scene.journal import journal_folder
from dgl_rsis.scene.segmenting import segment_scene

CLASSES = ["building", "water", "road"]


def image(folder: Path) -> Path:
    return write(folder / "a.tif", blobs(500, 400))


def made(folder: Path) -> tuple[str, str]:
    return digest(folder / "map.tif"), digest(folder / "scores.tif")


def run(folder: Path, path: Path, model: Path, **options: Any) -> Any:
    return segment_scene(
        path,
        CLASSES,
        folder / "map.tif",
        scores=folder / "scores.tif",
        model=f"dir:{model}",
        preset="fast",
        tile_size=256,
        **options,
    )


@pytest.mark.usefixtures("one_thread")
def test_two_workers_write_the_bytes_of_one(
    tmp_path: Path,
    tiny_rs_folder: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    path = image(tmp_path)
    model = shutil.copytree(tiny_rs_folder, tmp_path / "model")
    facts = json.loads((model / "config.json").read_text()) | {"notice": "Mind the terms."}
    (model / "config.json").write_text(json.dumps(facts))
    one = run(tmp_path, path, model)
    expected = made(tmp_path)
    two = run(tmp_path, path, model, workers=2, overwrite=True)
    assert "Mind the terms." not in capfd.readouterr().err  # workers do not repeat it
    assert made(tmp_path) == expected
    assert two.computed == one.computed == 2 * len(one.grid)
    assert two.pixels == one.pixels


def command(folder: Path, path: Path, model: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "dgl_rsis.apps.cli", "segment", str(path)),
        *(each for name in CLASSES for each in ("-c", name)),
        *("-o", str(folder / "map.tif"), "--scores", str(folder / "scores.tif")),
        *("--model", f"dir:{model}", "--preset", "fast", "--tile-size", "256", "-q", "--resume"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_runs_go_on_to_the_same_bytes(
    tmp_path: Path, tiny_rs_folder: Path, workers: int
) -> None:
    """``kill -9`` at random moments, ten times; the last run is left alone."""
    path = write(tmp_path / "a.tif", blobs(2600, 2200))
    words = [*command(tmp_path, path, tiny_rs_folder), "--workers", str(workers)]
    assert subprocess.run(words, check=False).returncode in (0, 4)
    expected = made(tmp_path)
    for name in ("map.tif", "scores.tif", "map.tif.aux.xml", "map.tif.manifest.json"):
        (tmp_path / name).unlink()
    chance = random.Random(workers)
    folder = journal_folder(tmp_path / "map.tif")
    killed = 0
    for _ in range(10):
        process = subprocess.Popen(words, start_new_session=True)
        before = time.time()
        while process.poll() is None and not (folder / "run.json").exists():
            time.sleep(0.02)
        assert time.time() - before < 120
        time.sleep(chance.uniform(0, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    done = subprocess.run([*words, "--overwrite"], check=False, capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr
    assert killed >= 3
    assert made(tmp_path) == expected
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_killed_runs_go_on_to_the_same_features(
    tmp_path: Path, tiny_rs_folder: Path, suffix: str
) -> None:
    """``kill -9`` at random moments, also while polygons are written."""
    path = write(tmp_path / "a.tif", blobs(1500, 1300))
    target = tmp_path / f"map{suffix}"
    words = command(tmp_path, path, tiny_rs_folder)
    words[words.index("-o") + 1] = str(target)
    words += ["--min-area", "40", "--simplify", "1"]
    assert subprocess.run(words, check=False).returncode in (0, 4)
    expected = features(target)
    assert len(expected) > 20
    for made_file in tmp_path.glob("map*"):
        made_file.unlink()
    (tmp_path / "scores.tif").unlink()
    chance = random.Random(suffix)
    folder = journal_folder(target)
    killed = late = 0
    for attempt in range(40):
        is_late = attempt % 2 == 1  # all tiles are painted then, and polygons are being written
        process = subprocess.Popen(words, start_new_session=True)
        before = time.time()
        while process.poll() is None and time.time() - before < 120:
            if any(tmp_path.glob(".dgl-rsis-*")) if is_late else (folder / "run.json").exists():
                break
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.2 if is_late else 1.5))
        os.kill(process.pid, signal.SIGKILL)
        is_killed = process.wait() == -signal.SIGKILL
        killed, late = killed + is_killed, late + (is_killed and is_late)
        if killed >= 4 and late:
            break
    assert killed >= 3
    assert late
    done = subprocess.run([*words, "--overwrite"], check=False, capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr
    assert features(target) == expected
    assert not folder.exists()


def features(path: Path) -> list[tuple[Any, ...]]:
    """Polygons with their columns, in an order that does not depend on the file."""
    table = geopandas.read_file(path, layer="map")
    names = sorted(set(table.columns) - {"geometry"})
    return sorted(zip(table.geometry.to_wkt(), *(table[name] for name in names), strict=True))


@pytest.mark.slow
def test_second_run_into_the_same_output_is_refused(tmp_path: Path, tiny_rs_folder: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(1500, 1500))
    words = command(tmp_path, path, tiny_rs_folder)
    first = subprocess.Popen(words, start_new_session=True)
    started = journal_folder(tmp_path / "map.tif") / "run.json"
    before = time.time()
    while first.poll() is None and not started.exists() and time.time() - before < 120:
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)  # it shall not end before the second one looks
    second = subprocess.run([*words, "--overwrite"], check=False, capture_output=True, text=True)
    first.send_signal(signal.SIGCONT)
    assert first.wait() in (0, 4)
    assert second.returncode == 2
    assert "another run is writing" in second.stderr
    assert (tmp_path / "map.tif").exists()


@pytest.mark.slow
def test_interrupted_run_says_how_to_go_on(tmp_path: Path, tiny_rs_folder: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(2000, 2000))
    words = [word for word in command(tmp_path, path, tiny_rs_folder) if word != "-q"]
    interrupt(words, journal_folder(tmp_path / "map.tif") / "cells", "*.npy")
    assert not (tmp_path / "map.tif").exists()
    assert subprocess.run([*words, "-q"], check=False).returncode in (0, 4)
    assert (tmp_path / "map.tif").exists()


@pytest.mark.slow
def test_a_script_that_starts_workers_as_it_is_imported_is_told(
    tmp_path: Path, tiny_rs_folder: Path
) -> None:
    """Workers import the script that starts them: without a guard they would start workers, too."""
    script = tmp_path / "script.py"
    script.write_text(
        "import dgl_rsis\n"
        f"dgl_rsis.segment_scene({str(image(tmp_path))!r}, {CLASSES!r}, 'map.tif',\n"
        f"    model={f'dir:{tiny_rs_folder}'!r}, preset='fast', tile_size=256, workers=2)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    assert "a script starts workers under: if __name__ == '__main__':" in done.stderr
