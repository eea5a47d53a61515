"""The commands of ``benchmarks`` import each other as scripts do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.pipeline import Model

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))


class Typist:
    """Runs commands as they are typed, with a toy in place of every model.

    Attributes:
        backbone: the toy.
        models: names that models were loaded by.
        printed: by the last command.
    """

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capture = patch, capture
        self.backbone: Any = ToyBackbone()
        self.models: list[str] = []
        self.printed = ""

    def load(self, name: str, settings: Mapping[str, Mapping[str, Any]] | None = None) -> Model:
        self.models.append(name)
        return Model(self.backbone, make_settings(overrides=settings))

    def __call__(self, module: ModuleType, *arguments: object) -> object:
        """The exit status of a command, or the message it ends with."""
        self.patch.setattr(module, "load", self.load)
        self.patch.setattr(sys, "argv", [str(module.__file__), *map(str, arguments)])
        try:
            module.main()
            status: object = 0
        except SystemExit as end:
            status = end.code
        self.printed = self.capture.readouterr().out
        return status

    def row(self, *start: str) -> list[str]:
        """The other cells of the only row that starts with these."""
        lines = [line for line in self.printed.splitlines() if line.startswith("| ")]
        rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
        (cells,) = (row for row in rows if row[: len(start)] == list(start))
        return cells[len(start) :]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typist:
    return Typist(monkeypatch, capsys)
