"""What the options of ``assess`` say, checked before a map is read where that can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STANDARD_ERROR = 0.01
"""Of the overall accuracy, where no number of points is asked for."""
EXPECTED = 0.85
"""User's accuracy of every class of which nothing is said."""


def check_size(
    total: int | None, standard_error: float | None, expected: Sequence[str] | None
) -> None:
    """Make sure that the number of points is either said or follows from what is wanted.

    Raises:
        InputError: both, or the standard error is none.
    """
    if total is not None and (standard_error is not None or expected):
        raise InputError(
            "--total says how many points, --standard-error and --expected-accuracy compute it; "
            "keep one of them"
        )
    if standard_error is not None and not 0 < standard_error < 1:
        raise InputError(f"--standard-error {standard_error} must be above 0 and below 1")


def expected_accuracies(given: Sequence[str], names: Sequence[str]) -> NDArray[np.float64]:
    """User's accuracy to expect of every class.

    Args:
        given: ``SHARE`` for all classes, ``CLASS=SHARE`` for one.
        names: of the ``C`` classes.

    Returns:
        ``(C,)`` in [0, 1].

    Raises:
        InputError: a share is no number from 0 to 1, or the map has no class of that name.
    """
    import numpy as np

    common, by_name = EXPECTED, dict[str, float]()
    for text in given:
        name, _, share = text.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1:
            raise InputError(
                f"--expected-accuracy {text!r} is no share from 0 to 1; write e.g. 0.85 or road=0.7"
            )
        if not name:
            common = value
        elif name not in names:
            raise InputError(
                f"--expected-accuracy: the map has no class {name}, but {', '.join(names)}"
            )
        else:
            by_name[name] = value
    return np.array([by_name.get(name, common) for name in names])


def renames(given: Sequence[str]) -> dict[str, str]:
    """What the map calls classes of the reference, from ``FROM=TO`` each.

    Raises:
        InputError: one is no pair of names.
    """
    pairs = {}
    for text in given:
        name, sign, other = (part.strip() for part in text.partition("="))
        if not (name and sign and other):
            raise InputError(f"--rename {text!r} is no pair of names; write e.g. --rename 1=water")
        pairs[name] = other
    return pairs
