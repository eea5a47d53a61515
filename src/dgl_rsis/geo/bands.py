"""Which bands of a raster make the picture, and where they hold data.

What the caller says, else what the file says (colour interpretation), else the only
choice there is, else an error that names the option; never a guess, because a picture with
swapped bands looks plausible to nobody but the program. How their values become 0..255:
:mod:`.stretch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterWindow

from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.types import BoolArray, RGBImage

SAMPLE_SIDE = 1024  # pixels a side of the decimated read that scene statistics come from
_MASK_LEVELS = 16  # an alpha band with more levels than this ...
_MASK_PARTIAL = 0.1  # ... on more than this share of the scene is measured data, not a mask

Palette = Mapping[int, tuple[int, int, int, int]]


@dataclass(frozen=True)
class BandChoice:
    """What to read from a raster.

    Attributes:
        indexes: one (grey or palette) or three (red, green, blue) band numbers, from 1.
        reason: why these bands, for the facts.
        alpha: band number of the alpha mask, None without one.
        palette: colours of a palette image, None for others.
        nodata: value of "no data" for each of ``indexes``, None where there is none.
        notes: what the user may want to know about the choice.
    """

    indexes: tuple[int, ...]
    reason: str
    alpha: int | None = None
    palette: Palette | None = None
    nodata: tuple[float | None, ...] = ()
    notes: tuple[str, ...] = ()


def choose_bands(
    dataset: DatasetReader, bands: Sequence[int] | None, nodata: float | str | None
) -> BandChoice:
    """Decide which bands make red, green and blue, and what says where there is data.

    Args:
        dataset: an open raster.
        bands: one or three band numbers from 1, or None to go by the file.
        nodata: value of "no data"; ``"none"`` to ignore the one in the file; None to use it.

    Raises:
        ImageError: if the file does not say which bands are red, green and blue.
        InputError: if ``bands`` or ``nodata`` make no sense for this file.
    """
    colours = tuple(dataset.colorinterp)
    if bands is not None:
        indexes, reason = _checked_bands(dataset, bands), "as asked"
    else:
        indexes, reason = _bands_of_file(dataset, colours)
    palette = None
    if len(indexes) == 1 and colours[indexes[0] - 1] == ColorInterp.palette:
        palette = dataset.colormap(indexes[0])
        reason = "palette expanded"
    alpha = colours.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in colours else None
    notes: tuple[str, ...] = ()
    if alpha in indexes:
        alpha = None
    if alpha is not None and not _is_mask(_sample(dataset, (alpha,))[0]):
        notes = (
            f"band {alpha} is marked as alpha but holds measurements (near infrared?): "
            "not used as a mask",
        )
        alpha = None
    return BandChoice(
        indexes, reason, alpha, palette, _nodata_values(dataset, indexes, nodata), notes
    )


def read_bands(
    dataset: DatasetReader,
    choice: BandChoice,
    window: RasterWindow | None = None,
    shape: tuple[int, int] | None = None,
) -> tuple[NDArray[Any], BoolArray]:
    """Read the chosen bands and where they hold data.

    Args:
        dataset: an open raster.
        choice: from :func:`choose_bands`.
        window: part to read; None for the whole raster.
        shape: rows and columns to shrink the part to, by the mean of the pixels (palettes: the
            nearest); None for its own.

    Returns:
        ``(B, h, w)`` values in the type of the file (palettes become 3 x uint8), and ``(h, w)``
        bool, False where all bands say "no data", any is NaN or infinite, or a mask is zero.
    """
    mean = shape is not None and choice.palette is None
    resampling = Resampling.average if mean else Resampling.nearest
    return _read(dataset, choice, window=window, out_shape=shape, resampling=resampling)


def sample_bands(dataset: DatasetReader, choice: BandChoice) -> tuple[NDArray[Any], BoolArray]:
    """Like :func:`read_bands` for the whole scene at no more than ``SAMPLE_SIDE`` pixels a side."""
    return _read(dataset, choice, out_shape=_sample_shape(dataset))


def _sample_shape(dataset: DatasetReader) -> tuple[int, int]:
    return min(dataset.height, SAMPLE_SIDE), min(dataset.width, SAMPLE_SIDE)


def _sample(dataset: DatasetReader, indexes: Sequence[int]) -> NDArray[Any]:
    values: NDArray[Any] = dataset.read(
        list(indexes), out_shape=(len(indexes), *_sample_shape(dataset))
    )
    return values


def _read(
    dataset: DatasetReader,
    choice: BandChoice,
    *,
    window: RasterWindow | None = None,
    out_shape: tuple[int, int] | None = None,
    resampling: Resampling = Resampling.nearest,
) -> tuple[NDArray[Any], BoolArray]:
    def read(indexes: Sequence[int], *, masks: bool = False) -> NDArray[Any]:
        method = dataset.read_masks if masks else dataset.read
        shape = None if out_shape is None else (len(indexes), *out_shape)
        result: NDArray[Any] = method(
            list(indexes),
            window=window,
            out_shape=shape,
            resampling=Resampling.nearest if masks else resampling,
        )
        return result

    values = read(choice.indexes)
    if np.iscomplexobj(values):
        raise ImageError(
            f"{dataset.name} holds complex numbers; convert it to amplitudes before reading it"
        )
    empty = np.ones(values.shape[1:], dtype=bool)
    for band, nodata in zip(values, choice.nodata, strict=True):
        empty &= _equals(band, nodata)
    valid = ~empty
    if values.dtype.kind == "f":
        valid &= np.isfinite(values).all(axis=0)
    if choice.alpha is not None:
        valid &= read((choice.alpha,))[0] > 0
    masked = [index for index in choice.indexes if has_mask(dataset, index)]
    if masked:
        valid &= read(masked, masks=True).any(axis=0)
    if choice.palette is not None:
        values, opaque = _expand(values[0], choice.palette)
        valid &= opaque
    return values, valid


def has_mask(dataset: DatasetReader, index: int) -> bool:
    """Whether a band has a mask that is neither its nodata value nor an alpha band."""
    flags = set(dataset.mask_flag_enums[index - 1])
    if MaskFlags.nodata in flags:
        return dataset.nodatavals[index - 1] is None  # PNG: transparent colour without a value
    return not flags & {MaskFlags.all_valid, MaskFlags.alpha}


def _checked_bands(dataset: DatasetReader, bands: Sequence[int]) -> tuple[int, ...]:
    indexes = tuple(int(band) for band in bands)
    if len(indexes) not in (1, 3):
        raise InputError(
            f"bands must name one band (grey) or three (red, green, blue), not {len(indexes)}; "
            "for example --bands 3,2,1"
        )
    for index in indexes:
        if not 1 <= index <= dataset.count:
            raise InputError(
                f"{dataset.name} has no band {index}; it has bands 1 to {dataset.count}: "
                "correct --bands"
            )
    return indexes


def _bands_of_file(
    dataset: DatasetReader, colours: Sequence[ColorInterp]
) -> tuple[tuple[int, ...], str]:
    wanted = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in colours for colour in wanted):
        return tuple(colours.index(colour) + 1 for colour in wanted), "colour interpretation"
    if dataset.count == 1 or (dataset.count == 2 and colours[1] == ColorInterp.alpha):
        return (1,), "the only band"
    if dataset.count == 3 and ColorInterp.alpha not in colours:
        return (1, 2, 3), "three bands in order"
    names = ", ".join(colour.name for colour in colours[:6]) + (", ..." if len(colours) > 6 else "")
    fix = "--bands 1" if dataset.count == 2 else "--bands 3,2,1"
    raise ImageError(
        f"{dataset.name} has {dataset.count} bands and does not say which are red, green and blue "
        f"(colour interpretation: {names}); pass their numbers in that order, "
        f"for example {fix}"
    )


def _nodata_values(
    dataset: DatasetReader, indexes: Sequence[int], nodata: float | str | None
) -> tuple[float | None, ...]:
    if nodata is None:
        return tuple(dataset.nodatavals[index - 1] for index in indexes)
    if isinstance(nodata, str):
        if nodata.strip().lower() == "none":
            return (None,) * len(indexes)
        try:
            nodata = float(nodata)
        except ValueError:
            raise InputError(f'nodata must be a number or "none", not "{nodata}"') from None
    return (float(nodata),) * len(indexes)


def _equals(band: NDArray[Any], nodata: float | None) -> BoolArray:
    if nodata is None:
        return np.zeros(band.shape, dtype=bool)
    if band.dtype.kind == "f":
        return np.asarray(np.isnan(band) if np.isnan(nodata) else band == band.dtype.type(nodata))
    # A value that the type cannot hold (-9999 in uint8) occurs nowhere.
    holds = float(nodata).is_integer() and (
        np.iinfo(band.dtype).min <= nodata <= np.iinfo(band.dtype).max
    )
    equal: BoolArray = band == int(nodata) if holds else np.zeros(band.shape, dtype=bool)
    return equal


def _is_mask(alpha: NDArray[Any]) -> bool:
    """Whether a band marked as alpha is one: nearly everywhere opaque or transparent.

    Four-band files get an alpha mark by default in many programs, although the fourth band is
    near infrared; where that is zero (water) a mask would erase the scene.
    """
    partial = (alpha > 0) & (alpha < alpha.max(initial=0))
    levels = np.unique(alpha).size
    return levels <= _MASK_LEVELS or bool(partial.mean() <= _MASK_PARTIAL)


def _expand(indexes: NDArray[Any], palette: Palette) -> tuple[RGBImage, BoolArray]:
    table = np.zeros((max(palette) + 1, 4), dtype=np.uint8)
    for index, colour in palette.items():
        table[index] = colour
    colours = table[np.clip(indexes, 0, len(table) - 1)]  # (h, w, 4)
    return np.moveaxis(colours[..., :3], -1, 0), colours[..., 3] > 0
