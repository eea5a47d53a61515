"""Seconds of a way, and what it did when it failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dgl_rsis.benchmark.evaluation.shared import saved
from dgl_rsis.pipeline import Model

Result = TypeVar("Result")


@dataclass(frozen=True)
class Attempt(Generic[Result]):
    """What came of asking a way.

    Attributes:
        result: its answer; None where it failed.
        seconds: that it took, as if it had not shared anything with other ways.
        error: one line; empty where it did not fail.
    """

    result: Result | None
    seconds: float
    error: str = ""

    def note(self) -> dict[str, Any]:
        """Seconds and error, in JSON values."""
        return {"seconds": self.seconds, **({"error": self.error} if self.error else {})}


def attempt(model: Model, ask: Callable[[], Result]) -> Attempt[Result]:
    """Ask, and write down whatever goes wrong: no failure of a way may end a run of all.

    Args:
        model: that is asked, or its backbone.
        ask: a way.
    """
    before, start = saved(model), time.perf_counter()
    result, error = None, ""
    try:
        result = ask()
    except Exception as failure:
        error = " ".join(f"{type(failure).__name__}: {failure}".split())
    return Attempt(result, time.perf_counter() - start + saved(model) - before, error)
