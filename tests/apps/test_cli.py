"""Usage and bad input: one clear line on stderr, exit code 2, nothing half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

from dgl_rsis import __version__, pipeline
from dgl_rsis.apps.cli import app, main

Run = Callable[..., tuple[int, str, str]]
COMMANDS = (
    "segment",
    "refer",
    "label",
    "propose",
    "polygonize",
    "parse",
    "assess",
    "assess sample",
    "assess estimate",
    "assess compare",
    "models",
    "models list",
    "models show",
    "info",
    "doctor",
    "demo",
)


def raster(path: Path, values: np.ndarray, **profile: Any) -> Path:
    count, height, width = values.shape
    sizes = {"count": count, "height": height, "width": width, "dtype": values.dtype}
    with rasterio.open(path, "w", driver="GTiff", **sizes, **profile) as dataset:
        dataset.write(values)
    return path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def assert_one_line(code: int, err: str, *words: str) -> None:
    assert code == 2
    assert err.startswith("dgl-rsis: error: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "--help" in result.output


def test_version_and_bare_call(run: Run) -> None:
    assert run("--version") == (0, f"dgl-rsis {__version__}\n", "")
    code, out, _ = run()
    assert code == 0
    assert "segment" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segmnt"], "segment"),
        (["segment"], "IMAGE"),
        (["segment", "x.tif"], "--output"),
        (["segment", "x.tif", "-o", "m.tif", "--min-area", "-1"], "--min-area"),
        (["parse"], "sentence"),
        (["models", "show", "nonsense"], "nonsense"),
        (["polygonize", "none.tif", "-o", "m.gpkg"], "none.tif"),
        (["info", "none.tif"], "none.tif"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], words: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert_one_line(code, err, words)
    assert out == ""
    assert files(tmp_path) == set()


CLASSES = ("-c", "water", "-c", "road")


@pytest.mark.parametrize(
    "arguments",
    [
        ("segment", *CLASSES),
        ("propose",),
        ("refer", "the roof"),
        ("label", "polygons.gpkg", *CLASSES),
    ],
)
def test_settings_are_checked_before_outputs(
    arguments: tuple[str, ...], image: Path, run: Run
) -> None:
    command, *words = arguments
    wrong = ("--set", "paint.painter=oil", "-o", image)  # the output is the input
    code, _, err = run(command, image, *words, *wrong)
    line = "setting paint.painter is 'oil'; allowed: auto, dense, leaf, mask, cut"
    assert_one_line(code, err, line)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "class"),
        (["-c", "water", "-c", "Water"], "twice"),
        (["-c", " "], "empty"),
        ([*CLASSES, "--other", "x", "--no-other"], "--no-other"),
        ([*CLASSES, "--preset", "best"], "best"),
        ([*CLASSES, "--proposer", "magic"], "magic"),
        ([*CLASSES, "--set", "paint.painter=oil"], "painter"),
        ([*CLASSES, "--set", "painter"], "stage.option=value"),
        ([*CLASSES, "--set", "paint=cut"], "stage.option=value"),
        ([*CLASSES, "--bands", "red"], "--bands"),
        ([*CLASSES, "--bands", "1,2,9"], "band 9"),
        ([*CLASSES, "--bbox", "1,2,3"], "--bbox"),
        ([*CLASSES, "--bbox", "0,0,1,1"], "does not"),
        ([*CLASSES, "--stretch", "wild"], "wild"),
        ([*CLASSES, "--nodata", "x"], "nodata"),
        ([*CLASSES, "--aoi", "none.gpkg"], "none.gpkg"),
        ([*CLASSES, "--classes-file", "none.txt"], "none.txt"),
        ([*CLASSES, "--scores", "scores.gpkg"], "scores.gpkg"),
        ([*CLASSES, "--scores", "map.tif"], "map.tif"),
        ([*CLASSES, "-m", "no such model"], "no such model"),
        ([*CLASSES, "-m", "dir:nowhere"], "nowhere"),
        ([*CLASSES, "--device", "abacus"], "abacus"),
    ],
)
def test_wrong_options_of_segment(
    arguments: list[str], word: str, image: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(image.parent)
    code, out, err = run("segment", image, "-o", "map.tif", *arguments)
    if word == "does not":
        assert_one_line(code, err)
    else:
        assert_one_line(code, err, word)
    assert out == ""
    assert files(image.parent) == {image.name}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([""], "words"),
        (["?!"], "words"),
        ([], "sentence"),
        (["the roof", "--sentences", "q.csv"], "sentence"),
        (["--sentences", "none.csv"], "none.csv"),
        (["--sentences", "bad.csv"], "sentence"),
        (["--sentences", "empty.csv"], "sentence 2"),
        (["--sentences", "two.csv", "--explain", "why.png"], "one sentence"),
        (["the roof", "--top-k", "0"], "--top-k"),
        (["the roof", "--candidates", "none.gpkg"], "none.gpkg"),
        (["the roof", "-o", "answer.tif"], "answer.tif"),
        (["the roof", "--heatmap", "heat.png"], "heat.png"),
        (["the roof", "--names-from", "kind"], "--candidates"),
    ],
)
def test_wrong_options_of_refer(
    arguments: list[str],
    word: str,
    image: Path,
    fake: Any,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(image.parent)
    Path("bad.csv").write_text("question\nthe roof\n")
    Path("empty.csv").write_text('sentence\nthe roof\n""\n')
    Path("two.csv").write_text("sentence\nthe roof\nthe road\n")
    before = files(image.parent)
    code, _, err = run("refer", image, *arguments)
    assert_one_line(code, err, word)
    assert files(image.parent) == before
    assert not fake


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "text", "truncated", "five bands", "no data", "own output"]
)
def test_images_that_cannot_be_used(kind: str, tmp_path: Path, run: Run, fake: Any) -> None:
    image, target = tmp_path / "image.tif", tmp_path / "map.tif"
    noise = np.random.default_rng(0).integers(1, 255, (5, 64, 64), dtype=np.uint8)
    if kind == "folder":
        image.mkdir()
    elif kind == "text":
        image.write_text("not an image at all")
    elif kind == "truncated":
        raster(image, noise[:3])
        image.write_bytes(image.read_bytes()[:6000])
    elif kind == "five bands":
        raster(image, noise)
    elif kind == "no data":
        raster(image, np.zeros((3, 8, 8), np.uint8), nodata=0)
    elif kind == "own output":
        raster(image, noise[:3])
        target = image
    before = files(tmp_path)
    code, out, err = run("segment", image, "-c", "water", "-o", target, "-f")
    assert_one_line(code, err, str(image), *(["--bands"] if kind == "five bands" else []))
    assert out == ""
    assert files(tmp_path) == before
    assert not fake


@pytest.mark.parametrize("kind", ["a file as folder", "read-only", "exists", "suffix", "none"])
def test_outputs_are_refused_before_anything_is_read(kind: str, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "out" / "map.tif"
    if kind == "a file as folder":
        target.parent.touch()
    else:
        target.parent.mkdir()
    if kind == "exists":
        target.write_text("precious")
    if kind in ("suffix", "none"):
        target = target.with_suffix(".xyz" if kind == "suffix" else "")
    if kind == "read-only":
        if os.access("/", os.W_OK):
            pytest.skip("permissions do not bind this user")
        target.parent.chmod(0o500)
    before = files(tmp_path)
    code, _, err = run("segment", tmp_path / "no-image.tif", "-c", "water", "-o", target)
    assert_one_line(code, err, target.name)
    assert files(tmp_path) == before


_WRITING = {
    "segment": ("segment", "IMAGE", "-c", "water", "-o"),
    "segment in tiles": ("segment", "IMAGE", "-c", "water", "--tile-size", "64", "-o"),
    "scores": ("segment", "IMAGE", "-c", "water", "-o", "OUT/map.tif", "--scores"),
    "refer": ("refer", "IMAGE", "the building", "-o"),
    "heat map": ("refer", "IMAGE", "the building", "--heatmap"),
    "explanation": ("refer", "IMAGE", "the building", "--explain"),
    "table": ("refer", "IMAGE", "the building", "--table"),
    "label": ("label", "IMAGE", "IMAGE", "-c", "water", "-o"),
    "propose": ("propose", "IMAGE", "--proposer", "sam2", "-o"),
    "demo": ("demo", "--folder"),
    "eval": ("eval", "dubai", "-o"),
}


def test_a_comparison_that_would_write_nothing_says_so(run: Run, tmp_path: Path) -> None:
    code, _, err = run("eval", "--compare", "a.json", "b.json", "-o", tmp_path / "runs")
    assert_one_line(code, err)
    assert "--compare writes no files" in err


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that nobody can write to")
@pytest.mark.parametrize("command", _WRITING)
def test_no_model_is_loaded_for_an_output_that_cannot_be_written(
    command: str, image: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for a user whom permissions do not bind."""
    monkeypatch.setattr(pipeline, "load", lambda *_, **__: pytest.fail("a model is loaded"))
    names = {"IMAGE": str(image), "OUT/map.tif": str(tmp_path / "map.tif")}
    words = [names.get(word, word) for word in _WRITING[command]]
    suffix = {"-o": ".gpkg", "--scores": ".tif", "--heatmap": ".tif", "--explain": ".json"}
    target = Path("/proc") / ("made" + suffix.get(words[-1], ""))
    code, _, err = run(*words, target)
    assert_one_line(code, err, "/proc cannot be written to")


def test_no_model_is_loaded_for_a_scene_whose_output_is_not_free(
    image: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies among the images, was cut off, or its table is something else."""
    monkeypatch.setattr(pipeline, "load", lambda *_, **__: pytest.fail("a model is loaded"))
    words = ("segment", image.parent, "-c", "water", "-o")
    code, _, err = run(*words, image.parent / "map.tif")
    assert_one_line(code, err, "would lie among the images")
    (tmp_path / "out" / ".map.tif.scene").mkdir(parents=True)
    for name in ("lock", "run.json"):
        (tmp_path / "out" / ".map.tif.scene" / name).write_text("{}")
    code, _, err = run(*words, tmp_path / "out" / "map.tif")
    assert_one_line(code, err, "was cut off; --resume goes on with it")
    code, _, err = run("refer", image, "the building", "--table", tmp_path / "out")
    assert_one_line(code, err, "is there and no table")


def test_model_folder_with_a_missing_file(
    image: Path, tiny_rs_folder: Path, tmp_path: Path, run: Run
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_rs_folder, folder)
    (folder / "vocab.txt").unlink()
    code, _, err = run(
        "segment", image, "-c", "water", "-o", tmp_path / "map.tif", "-m", f"dir:{folder}"
    )
    assert_one_line(code, err, "vocab.txt")
    assert not (tmp_path / "map.tif").exists()


def test_interrupt_is_quiet_and_leaves_nothing(
    image: Path, fake: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dgl_rsis import outputs

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outputs, "write_classes", stop)
    code, _, err = run("segment", image, "-c", "water", "-o", image.parent / "map.tif", "-q")
    assert (code, err) == (130, "")
    assert files(image.parent) == {image.name}


def process(*arguments: object, after: str = "pass") -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, which then runs the code ``after``."""
    program = (
        f"import sys; from dgl_rsis.apps.cli import main; code = main(); {after}; sys.exit(code)"
    )
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_errors_pass_through_a_real_process(tmp_path: Path) -> None:
    result = process("info", tmp_path / "none.tif")
    assert_one_line(result.returncode, result.stderr, "none.tif")
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["no such model", "dir:nowhere"])
def test_a_wrong_model_is_told_before_torch_is_loaded(name: str, image: Path) -> None:
    target = image.parent / "map.tif"
    result = process(
        "segment", image, "-c", "water", "-o", target, "-m", name, "-v",
        after="print({'torch', 'transformers'} & set(sys.modules))",
    )  # fmt: skip
    assert result.returncode == 2
    assert name.removeprefix("dir:") in result.stderr.splitlines()[-1]
    assert result.stdout == "set()\n"


def test_main_takes_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
