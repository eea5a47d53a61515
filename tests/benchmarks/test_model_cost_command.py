"""What a model costs: the figures that are no measurement, and the limits."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import model_cost
import pytest
import torch
from safetensors.torch import save_file


def test_all_files_of_a_folder_count(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(bytes(1_500_000))
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "vocabulary.txt").write_bytes(bytes(250_000))
    assert model_cost.megabytes(tmp_path) == pytest.approx(1.75)


def test_number_formats_are_those_of_all_tensors(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(2, dtype=torch.float16), "b": torch.zeros(1, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "one.safetensors", metadata={"format": "pt"})
    assert model_cost.number_formats(tmp_path) == {"F16", "BF16"}
    save_file({"c": torch.zeros(1)}, tmp_path / "two.safetensors")
    assert model_cost.number_formats(tmp_path) == {"F16", "BF16", "F32"}


def costs(folder: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    """What the processes say, at the limits; ``JOB__FIGURE`` changes one."""
    usual = {"memory": 699.0, "transformers": False}
    seconds = {"median": 0.25, "fastest": 0.2, "one_thread": 0.3}
    found: dict[str, dict[str, Any]] = {
        "draw": {"memory": 9000.0, "transformers": True},  # it is not what is measured
        "dense": {**usual, "memory": 800.0, **seconds, "folder": str(folder)},
        "refer": {**usual, "memory": 610.0},
        "command_line": {**usual},
    }
    for change, value in changes.items():
        job, _, figure = change.partition("__")
        found[job][figure] = value
    return found


def is_cheap(monkeypatch: pytest.MonkeyPatch, found: dict[str, dict[str, Any]]) -> bool:
    monkeypatch.setattr(model_cost, "in_own_process", lambda job, image, model: found[job])
    return model_cost.report("rs-tiny", Path("image.png"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"a": torch.zeros(1000, dtype=torch.float16)}, tmp_path / "model.safetensors")
    return tmp_path


def test_a_row_per_cost(folder, monkeypatch, capsys) -> None:
    assert is_cheap(monkeypatch, costs(folder))
    rows = [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()[4:]]
    assert rows == [
        "0.0 MB, F16",
        "0.250 s (fastest 0.200 s; 0.300 s of CPU in one thread)",
        "610 MB",
        "699 MB",
        "not imported",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"dense__median": 0.251},
        {"refer__memory": 700.0},
        {"command_line__memory": 701.0},
        {"dense__transformers": True},
        {"refer__transformers": True},
        {"command_line__transformers": True},
    ],
)
def test_every_limit_counts(folder, monkeypatch, change) -> None:
    assert not is_cheap(monkeypatch, costs(folder, **change))


def test_the_disk_is_limited(folder, monkeypatch) -> None:
    (folder / "large.txt").write_bytes(bytes(24_900_000))
    assert is_cheap(monkeypatch, costs(folder))
    (folder / "more.txt").write_bytes(bytes(100_000))
    assert not is_cheap(monkeypatch, costs(folder))


def test_weights_are_half(folder, monkeypatch) -> None:
    save_file({"b": torch.zeros(1)}, folder / "more.safetensors")
    assert not is_cheap(monkeypatch, costs(folder))


def test_weights_that_are_not_found_are_not_cheap(tmp_path, monkeypatch) -> None:
    assert not is_cheap(monkeypatch, costs(tmp_path / "https:" / "elsewhere"))


def test_a_process_has_two_threads_and_tells_last_what_it_found(monkeypatch) -> None:
    def run(line: list[str], env: dict[str, str], **_: Any) -> SimpleNamespace:
        assert line[1:] == [
            model_cost.__file__, "--model", "other", "--job", "refer", "--image", "image.png",
        ]  # fmt: skip
        assert env["OMP_NUM_THREADS"] == "2"
        return SimpleNamespace(stdout='a note\n{"memory": 1}\n')

    monkeypatch.setattr(model_cost.subprocess, "run", run)
    assert model_cost.in_own_process("refer", Path("image.png"), "other") == {"memory": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="no module resource")
def test_what_a_process_tells(monkeypatch, capsys) -> None:
    cores: list[int] = []
    monkeypatch.setattr(
        os, "sched_setaffinity", lambda _, chosen: cores.extend(chosen), raising=False
    )
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 3, 5}, raising=False)
    monkeypatch.setitem(model_cost.JOBS, "toy", lambda image, model: {"asked": f"{model} {image}"})
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    model_cost.do("toy", Path("image.png"), "rs-tiny")
    told = json.loads(capsys.readouterr().out)
    assert cores == [3, 5]
    assert told["asked"] == "rs-tiny image.png"
    assert told["transformers"]
    assert 20 < told["memory"] < 20_000  # millions of bytes
    monkeypatch.delitem(sys.modules, "transformers")
    model_cost.do("toy", Path("image.png"), "rs-tiny")
    assert not json.loads(capsys.readouterr().out)["transformers"]
