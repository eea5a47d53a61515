"""Cutting large images into the patches that the protocols of data sets ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Span: TypeAlias = tuple[int, int]  # half-open, in pixels along one side of the image
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Patch:
    """A part of an image: half-open box in its pixel frame.

    It reaches beyond the right and the lower border where the image is smaller than a patch.
    """

    x0: int
    y0: int
    x1: int
    y1: int


def shifted_spans(length: int, side: int, stride: int) -> tuple[Span, ...]:
    """Spans of one size at multiples of a stride; those past the border are shifted back to it.

    Spans that coincide after the shift are given once.

    Args:
        length: of the side of the image, in pixels, at least 1.
        side: of the patch; a shorter image has one span, from 0 to ``side``.
        stride: from the start of a span to that of the next, at most ``side``.

    Returns:
        Ascending; together they cover the image.
    """
    last = max(length - side, 0)
    starts = sorted({min(start, last) for start in range(0, length, stride)})
    return tuple((start, start + side) for start in starts)


def disjoint_spans(length: int, side: int) -> tuple[Span, ...]:
    """Spans side by side without overlap; the last takes what is left, so it may be shorter."""
    return tuple((start, min(start + side, length)) for start in range(0, length, side))


def grid(down: Iterable[Span], across: Iterable[Span]) -> tuple[Patch, ...]:
    """Patches of all pairs of spans, row by row."""
    columns = tuple(across)
    return tuple(Patch(x0, y0, x1, y1) for y0, y1 in down for x0, x1 in columns)


def cut(values: NDArray[Scalar], patch: Patch, fill: int) -> NDArray[Scalar]:
    """A copy of a patch.

    Args:
        values: ``(H, W)`` or ``(H, W, C)``.
        patch: starts inside the image.
        fill: value beyond the right and the lower border.
    """
    part = values[patch.y0 : patch.y1, patch.x0 : patch.x1]
    shape = (patch.y1 - patch.y0, patch.x1 - patch.x0, *values.shape[2:])
    filled = np.full(shape, fill, values.dtype)
    filled[: part.shape[0], : part.shape[1]] = part
    return filled
