"""Small pictures of images, truths and answers, as bytes for a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from dgl_rsis.drawing import edge_of
from dgl_rsis.geo.palette import Colour
from dgl_rsis.text_panel import INK
from dgl_rsis.types import BoolArray

LONGEST_SIDE = 480  # pixels
QUALITIES = (85, 70, 55, 40)  # of JPEG, tried in this order
SMALLER = 0.8  # factor of the sides where no quality is small enough
_TINT = 0.35


@dataclass(frozen=True)
class Picture:
    """A JPEG in a page.

    Attributes:
        uri: ``data:image/jpeg;base64,...``.
        width: in pixels.
        height: in pixels.
    """

    uri: str
    width: int
    height: int


def encode(picture: Image.Image, limit: int) -> Picture:
    """A picture as JPEG, as good as it can be in so many bytes.

    Args:
        picture: RGB.
        limit: bytes of the JPEG before they are written as text; kept to unless even a picture of
            few pixels needs more.
    """
    for quality in QUALITIES:
        buffer = BytesIO()
        # full resolution of colours: outlines are thin and bright
        picture.save(buffer, "JPEG", quality=quality, optimize=True, subsampling=0)
        if buffer.tell() <= limit:
            break
    else:
        if min(picture.size) >= 16:
            smaller = round(picture.width * SMALLER), round(picture.height * SMALLER)
            return encode(picture.resize(smaller, Image.Resampling.LANCZOS), limit)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(f"data:image/jpeg;base64,{text}", *picture.size)


def outline(base: Image.Image, mask: BoolArray, colour: Colour) -> Image.Image:
    """A mask over an image: tinted, with a line around it.

    Args:
        base: RGB image at display size.
        mask: ``(H, W)`` bool; however small a part of it is, it is seen.
        colour: of tint and line.
    """
    coverage = Image.fromarray(mask.astype(np.float32))
    way = Image.Resampling.BOX if base.width < mask.shape[1] else Image.Resampling.NEAREST
    shown = np.asarray(coverage.resize(base.size, way)) > 0
    tint = Image.fromarray((shown * np.float32(255 * _TINT)).astype(np.uint8))
    edges = Image.fromarray(shown.astype(np.uint8) * 255)
    picture = base.copy()
    picture.paste(colour, (0, 0), tint)
    picture.paste(INK, (0, 0), edge_of(edges, 7, 5))
    picture.paste(colour, (0, 0), edge_of(edges, 5, 3))
    return picture
