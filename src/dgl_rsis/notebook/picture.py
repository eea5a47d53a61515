"""Results as pictures for a notebook."""

from __future__ import annotations

from functools import singledispatch
from io import BytesIO

from PIL import Image

from dgl_rsis.drawing import draw_explanation, draw_map
from dgl_rsis.results import ReferResult, SegmentResult
from dgl_rsis.scene.overview import overview
from dgl_rsis.scene.scene_map import SceneMap


def png(result: object) -> bytes | None:
    """A result as PNG with 256 colours, which keep a notebook small; None without pixels."""
    picture = picture_of(result)
    if picture is None:
        return None
    file = BytesIO()
    picture.quantize(256).save(file, format="PNG", optimize=True)
    return file.getvalue()


@singledispatch
def picture_of(result: object) -> Image.Image | None:
    """The picture that a result is saved as; None where it holds no pixels."""
    return None


@picture_of.register
def _(result: SegmentResult) -> Image.Image:
    return draw_map(result)


@picture_of.register
def _(result: ReferResult) -> Image.Image:
    return draw_explanation(result)


@picture_of.register
def _(result: SceneMap) -> Image.Image:
    return draw_map(overview(result))
