"""What callers hand in beside words: images, candidates, their names and scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import FloatArray, Raster, RGBImage

ImageLike: TypeAlias = str | Path | Image | NDArray[np.uint8] | Raster
Candidates: TypeAlias = MaskSet | NDArray[Any] | Sequence[NDArray[np.bool_]]


def filled(raster: Raster) -> RGBImage:
    """Pixels with the mean colour where there is no data, so that no false edge arises.

    Raises:
        ImageError: there is no data at all.
    """
    if raster.valid.all():
        return raster.rgb
    if not raster.valid.any():
        raise ImageError("the image holds no valid pixels; choose a part of it that has data")
    picture = raster.rgb.copy()
    picture[~raster.valid] = np.round(raster.rgb[raster.valid].mean(0)).astype(np.uint8)
    return picture


def masks_of(candidates: Candidates, shape: tuple[int, int]) -> MaskSet:
    """Candidates of any kind as masks of an image of that height and width.

    Raises:
        InputError: they do not fit the image.
    """
    if isinstance(candidates, MaskSet):
        if candidates.shape != shape:
            raise InputError(
                f"the candidates are masks of {candidates.shape[0]} x {candidates.shape[1]} "
                f"pixels, the image has {shape[0]} x {shape[1]}; make them for this image"
            )
        return candidates
    from dgl_rsis.proposals.polygons import from_candidates

    return from_candidates(candidates, shape)


def check_names(names: Sequence[str], count: int) -> None:
    """Check names of candidates.

    Raises:
        InputError: there is not one for each, or one is no text.
    """
    if len(names) != count:
        raise InputError(f"{len(names)} names for {count} candidates; pass one for each")
    for number, name in enumerate(names):
        if not isinstance(name, str):
            raise InputError(
                f"names[{number}] is {name!r}, no text; pass '' for a candidate without one"
            )


def scores_of(scores: Sequence[float], count: int) -> FloatArray:
    """``(N,)`` float32 scores of candidates.

    Raises:
        InputError: there is not one for each, or one is outside [0, 1].
    """
    values = np.asarray(scores, np.float32)
    if values.shape != (count,):
        raise InputError(
            f"scores have shape {values.shape}; pass one for each of {count} candidates"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError("scores of candidates must be numbers from 0 to 1")
    return values
