"""A job: what was asked for, how far it is, and what came out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

ENDED = ("done", "failed", "cancelled")
_LARGE = ("commands", "result")


@dataclass(frozen=True)
class Job:
    """A request that takes time.

    Attributes:
        id: in addresses; nobody guesses it.
        kind: segment, refer or label.
        scene: id of the scene.
        request: what was asked for.
        commands: the same for the command line and Python, and the files that both read.
        created: moment, UTC.
        state: waiting, running, done, failed or cancelled.
        done: steps that are done.
        total: steps in all; 0 where that is not known yet.
        message: what happens now.
        started: seconds of the machine's clock when it began to run; None before.
        finished: moment, UTC; None before.
        error: a sentence where it failed.
        result: what came out, where it is done.
    """

    id: str
    kind: str
    scene: str
    request: Mapping[str, Any]
    commands: Mapping[str, Any]
    created: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    message: str = "waiting"
    started: float | None = None
    finished: str | None = None
    error: str | None = None
    result: Mapping[str, Any] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in ENDED

    def summary(self) -> dict[str, Any]:
        """What a list of jobs says about it: all that is small."""
        names = [each.name for each in fields(self) if each.name not in (*_LARGE, "started")]
        matches = None if self.result is None else self.result.get("matches")
        return {
            **{name: getattr(self, name) for name in names},
            "matches": None if matches is None else len(matches),
            "seconds_left": self._seconds_left(),
        }

    def to_json(self) -> dict[str, Any]:
        """All that the service says about it."""
        return {**self.summary(), **{name: getattr(self, name) for name in _LARGE}}

    def _seconds_left(self) -> float | None:
        if self.state != "running" or self.started is None or not 0 < self.done < self.total:
            return None
        spent = time.monotonic() - self.started
        return round(spent * (self.total - self.done) / self.done, 1)
