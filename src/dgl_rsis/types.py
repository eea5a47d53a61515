"""The data that travels between stages: frozen, without behaviour beyond derived values.

Frames of reference: *pixel frame* means x to the right and y down, in pixels of the image as it
was read, with the centre of the upper left pixel at (0.5, 0.5). Boxes are ``x0, y0, x1, y1`` in
that frame, half-open (``x1 - x0`` is the width).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RGBImage: TypeAlias = NDArray[np.uint8]  # (H, W, 3)
BoolArray: TypeAlias = NDArray[np.bool_]
FloatArray: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class MapFrame:
    """Where the pixels of an image lie on the map, and how large they are on the ground.

    Attributes:
        transform: affine ``(a, b, c, d, e, f)``: map ``x = a*col + b*row + c`` and
            ``y = d*col + e*row + f``, with ``(col, row)`` in the pixel frame.
        crs: the coordinate reference system as WKT or ``AUTHORITY:CODE``; None if unknown.
        metres_per_pixel: ground length of one pixel step along columns (x) and along rows (y);
            None when the CRS gives no lengths.
        north: unit vector ``(dx, dy)`` in the pixel frame (y down) that points to true north;
            None when unknown. ``(0, -1)`` when north is up.
    """

    transform: tuple[float, float, float, float, float, float]
    crs: str | None = None
    metres_per_pixel: tuple[float, float] | None = None
    north: tuple[float, float] | None = None

    @property
    def pixel_area_m2(self) -> float | None:
        """Ground area of one pixel in square metres, None when lengths are unknown."""
        if self.metres_per_pixel is None:
            return None
        return self.metres_per_pixel[0] * self.metres_per_pixel[1]


@dataclass(frozen=True)
class Raster:
    """An image as the stages see it.

    Attributes:
        rgb: ``(H, W, 3)`` uint8 in 0..255, already stretched.
        valid: ``(H, W)`` bool, False where there is no data.
        frame: where it lies on the map; None for an image without any georeference.
        source: path it was read from; None for arrays.
        facts: what reading decided, in JSON types (bands, stretch limits, nodata, collar, notes).
    """

    rgb: RGBImage
    valid: BoolArray
    frame: MapFrame | None = None
    source: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.rgb.shape[0]), int(self.rgb.shape[1])


@dataclass(frozen=True)
class Phrase:
    """A noun phrase of a sentence.

    Attributes:
        noun: head noun with its compounds, singular, lower case: ``"ground track field"``.
        attributes: adjectives in order of appearance, lower case: ``("large", "white")``.
        text: the words for the vision-language model: noun and attributes as they were said,
            without article and without what the program executes.
    """

    noun: str
    attributes: tuple[str, ...] = ()
    text: str = ""


class Program(Protocol):
    """A typed program for the modifiers of a sentence (nodes live in ``text.program``)."""

    def to_json(self) -> dict[str, Any]:
        """Nested objects with an ``op`` each."""


@dataclass(frozen=True)
class Query:
    """What was understood of a sentence.

    Attributes:
        text: the sentence as it was given.
        target: the noun phrase of what is asked for.
        count: how many are asked for; None means all.
        program: the modifiers as a typed program whose root yields the target.
        unexecuted: modifier words that the program could not express; they stay with the
            vision-language model.
    """

    text: str
    target: Phrase
    count: int | None
    program: Program
    unexecuted: tuple[str, ...] = ()

    def __str__(self) -> str:
        asked = "all" if self.count is None else str(self.count)
        attributes = f" ({', '.join(self.target.attributes)})" if self.target.attributes else ""
        rest = f"; left to the model: {', '.join(self.unexecuted)}" if self.unexecuted else ""
        return f"{asked} x {self.target.noun}{attributes}: {self.program}{rest}"


class Proposals(Protocol):
    """Class-agnostic proposals of one image; ``N`` of them, all in its pixel frame."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""

    @property
    def areas(self) -> IntArray:
        """``(N,)`` pixels in each proposal."""

    @property
    def boxes(self) -> IntArray:
        """``(N, 4)`` tight half-open boxes ``x0, y0, x1, y1``."""

    @property
    def centroids(self) -> NDArray[np.float64]:
        """``(N, 2)`` mean ``x, y`` of the pixel centres of each proposal."""

    def __len__(self) -> int: ...

    def pool(self, values: NDArray[Any]) -> FloatArray:
        """Mean over every proposal of a coarse field that is bilinear between cell centres.

        Args:
            values: ``(h, w)`` or ``(h, w, D)``, covering the whole image; the value of a pixel
                is bilinear between cell centres (half-pixel convention, clamped at the border).

        Returns:
            ``(N,)`` or ``(N, D)`` float32: the mean over the pixels of each proposal.
        """

    def coverage(self, rows: IntArray, columns: IntArray) -> csr_array:
        """Share of the pixels of each cell of a grid that every proposal covers.

        Args:
            rows: ``(H,)`` row of cells of every row of pixels, ascending from 0.
            columns: ``(W,)`` column of cells of every column of pixels, likewise.

        Returns:
            Sparse ``(N, cells)`` float64 in (0, 1], cells row by row.
        """

    def crop(self, index: int) -> BoolArray:
        """``(y1 - y0, x1 - x0)`` bool: proposal ``index`` inside its box."""

    def mask(self, index: int) -> BoolArray:
        """``(H, W)`` bool: proposal ``index`` in the whole image."""
