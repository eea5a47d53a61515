"""One callback for everything that takes time: how far it is, and whether to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dgl_rsis.errors import DglRsisError

Progress: TypeAlias = Callable[[int, int, str], bool]
"""``(done, total, message) -> go on?``"""


class CancelledError(DglRsisError):
    """The progress callback asked to stop."""


@dataclass
class Teller:
    """Reports progress step by step and stops when the callback says so.

    Attributes:
        progress: the callback; None reports nothing.
        total: number of steps.
        done: steps that were reported.
    """

    progress: Progress | None
    total: int
    done: int = 0

    def __call__(self, message: str) -> None:
        """Report the next step.

        Raises:
            CancelledError: the callback asked to stop.
        """
        self.say(message)
        self.done += 1

    def say(self, message: str) -> None:
        """Report what comes before a step.

        Raises:
            CancelledError: the callback asked to stop.
        """
        if self.progress is not None and not self.progress(self.done, self.total, message):
            raise CancelledError("cancelled")


def time_left(seconds: float) -> str:
    """Seconds as a clock shows them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
