"""Workers for the tests of executors; processes import them by their name."""

from __future__ import annotations

import os
from collections.abc import Callable


def make_square() -> Callable[[int], int]:
    return square


def square(number: int) -> int:
    """A square; a seven raises, a nine kills its process."""
    if number == 7:
        raise ValueError("seven is\nunlucky")
    if number == 9:
        os._exit(3)
    return number * number
