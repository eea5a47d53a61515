"""What a proposer is, and the table of them.

A proposer turns an image into class-agnostic proposals (``types.Proposals``, docs/design.md 1.1).
To add one: write a file with a function ``propose(raster, features)`` and add its line to
``PROPOSERS`` and its name to ``config.ProposalSettings``. Files are imported when their proposer
is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, TypeAlias, cast

from dgl_rsis.errors import InputError
from dgl_rsis.types import FloatArray, Proposals, Raster

Features: TypeAlias = FloatArray | Callable[[], FloatArray] | None

PROPOSERS = {
    "tree": "dgl_rsis.proposals.tree",
    "flat": "dgl_rsis.proposals.filters",
    "maskcut": "dgl_rsis.proposals.maskcut",
}


class Proposer(Protocol):
    """Finds proposals in one image."""

    def __call__(self, raster: Raster, features: Features = None) -> Proposals:
        """Propose.

        Args:
            raster: the image.
            features: dense features ``(h, w, D)`` over the whole image, or a function that
                computes them if they are needed; None when there is no backbone.
        """


def proposer(name: str) -> Proposer:
    """The proposer of that name.

    Raises:
        InputError: if there is none.
    """
    if name not in PROPOSERS:
        raise InputError(f"no proposer is called {name!r}; choose one of {', '.join(PROPOSERS)}")
    return cast(Proposer, import_module(PROPOSERS[name]).propose)


def computed(features: Features) -> FloatArray | None:
    """The features themselves, computed now if they were given as a function."""
    return features() if callable(features) else features
