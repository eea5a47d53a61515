"""A file of the user's own polygons to choose from: masks, names, scores and attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame

    from dgl_rsis.proposals.masks import MaskSet
    from dgl_rsis.types import Raster

NAME_COLUMNS = ("name", "class")
NUMBER = "candidate"
_EDGE = 0.5  # pixels that a polygon may reach over the edge: no centre of a pixel lies there
_LISTED = 5  # numbers that a remark names


@dataclass(frozen=True)
class CandidateFile:
    """Candidates that lie inside the image.

    Attributes:
        masks: ``N`` of them.
        names: one per candidate, "" where it has none; None without a column of names.
        scores: one per candidate in [0, 1]; None without a column of scores.
        attributes: ``N`` rows: ``candidate`` (number of the feature in the file, from 0) and the
            columns of the file.
        outlines: ``(N,)`` polygons of the file in the pixel frame, also beyond the image.
        remarks: what was left out or cut.
    """

    masks: MaskSet
    names: list[str] | None
    scores: list[float] | None
    attributes: DataFrame
    outlines: NDArray[np.object_]
    remarks: list[str]


def read_candidates(
    file: str, raster: Raster, *, names_from: str | None = None, scores_from: str | None = None
) -> CandidateFile:
    """Read polygons in any CRS onto an image.

    Args:
        file: any vector file with polygons.
        raster: the image.
        names_from: column of names; None takes ``name`` or ``class`` where there is one.
        scores_from: column of numbers from 0 to 1 that say how sure the names are.

    Raises:
        InputError: the file, a column or a value in it cannot be used, or nothing lies inside.
    """
    import numpy as np

    from dgl_rsis.geo.vector import rasterize_polygons, read_features
    from dgl_rsis.proposals.masks import MaskSet

    polygons, rows = read_features(file, raster.frame)
    column = names_from or next((name for name in NAME_COLUMNS if name in rows.columns), None)
    if scores_from is not None and column is None:
        raise InputError(
            f"{file}: scores say how sure names are; pass the column of names as --names-from"
        )
    crops = rasterize_polygons(polygons, raster.shape)
    inside = [index for index, (crop, _, _) in enumerate(crops) if crop.any()]
    if not inside:
        raise InputError(f"{file} has no polygon inside the image; check its coordinates and CRS")
    outside = len(crops) - len(inside)
    remarks = [f"{outside} of {len(crops)} candidates lie outside the image"] if outside else []
    outlines = np.array(polygons, dtype=object)[inside]
    remarks += _cut(outlines, inside, raster.shape)
    masks = MaskSet.from_crops(
        [crops[index][0] for index in inside],
        [crops[index][1:] for index in inside],
        raster.shape,
    )
    rows.insert(0, NUMBER, range(len(rows)), allow_duplicates=True)
    kept = rows.iloc[inside].reset_index(drop=True)
    names = None if column is None else _names(kept, column, file)
    scores = None if scores_from is None else _scores(kept, scores_from, file)
    return CandidateFile(masks, names, scores, kept, outlines, remarks)


def _cut(outlines: NDArray[np.object_], numbers: list[int], shape: tuple[int, int]) -> list[str]:
    """A remark on candidates that the edge of the image cuts; none where there are none."""
    import numpy as np
    import shapely

    height, width = shape
    room = shapely.box(-_EDGE, -_EDGE, width + _EDGE, height + _EDGE)
    cut = [numbers[place] for place in np.flatnonzero(~shapely.covers(room, outlines))]
    if not cut:
        return []
    if len(cut) == 1:
        return [f"candidate {cut[0]} reaches beyond the image: only its part inside is looked at"]
    named = ", ".join(map(str, cut[:_LISTED]))
    more = f" and {len(cut) - _LISTED} more" if len(cut) > _LISTED else ""
    return [
        f"candidates {named}{more} reach beyond the image: only their parts inside are looked at"
    ]


def _check(rows: DataFrame, column: str, file: str) -> None:
    if column not in rows.columns:
        found = ", ".join(map(str, rows.columns[1:])) or "no attributes"
        raise InputError(f"{file} has no column `{column}`, but {found}")


def _names(rows: DataFrame, column: str, file: str) -> list[str]:
    """Values of a column as words, "" for none."""
    _check(rows, column, file)
    unknown = rows[column].isna()
    return [
        "" if missing else str(value) for value, missing in zip(rows[column], unknown, strict=True)
    ]


def _scores(rows: DataFrame, column: str, file: str) -> list[float]:
    """Values of a column as numbers from 0 to 1."""
    _check(rows, column, file)
    try:
        values = rows[column].astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{file}: column `{column}` holds other things than numbers") from None
    if not values.between(0, 1).all():
        raise InputError(f"{file}: column `{column}` must hold a number from 0 to 1 in every row")
    return [float(value) for value in values]
