"""Results as pieces of a page for a notebook: nothing is loaded, and the notebook's style is kept."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from io import BytesIO

from PIL import Image

from dgl_rsis.drawing import draw_labels, draw_panels
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.markup import Markup, element, join
from dgl_rsis.results import Match, ReferResult, SceneAnswer, SceneMatch, SegmentResult
from dgl_rsis.scene.overview import overview
from dgl_rsis.scene.scene_map import SceneMap
from dgl_rsis.types import MapFrame

LONGEST = 800  # pixels of a picture
LISTED = 5  # matches


@singledispatch
def page(result: object) -> str:
    """A result as HTML: picture, figures, and what was decided on the way.

    Raises:
        TypeError: it is no result.
    """
    raise TypeError(f"{type(result).__name__} is no result that can be shown")


@page.register
def _(result: SegmentResult) -> str:
    counts = {name: int((result.labels == k).sum()) for k, name in enumerate(result.classes)}
    return element(
        "div",
        _image(draw_labels(result, LONGEST), f"map of {', '.join(result.classes)}"),
        _classes(counts, int(result.raster.valid.sum()), result.raster.frame),
        _notes(result.notes),
    )


@page.register
def _(result: SceneMap) -> str:
    counts = dict(zip(result.classes, result.pixels, strict=True))
    facts = [
        f"{result.path.name}: {result.source.extent.shape[1]:,} x "
        f"{result.source.extent.shape[0]:,} pixels in {len(result.grid):,} tiles"
    ]
    if result.failed:
        facts.append(f"{len(result.failed):,} tiles failed and are no data")
    return element(
        "div",
        _image(draw_labels(overview(result), LONGEST), f"map of {', '.join(result.classes)}"),
        _classes(counts, result.valid, result.frame),
        _notes((*facts, *result.source.notes)),
    )


@page.register
def _(result: ReferResult) -> str:
    picture = _image(draw_panels(result, LONGEST), "the matches, and where the model looked")
    return _answer(result, picture)


@page.register
def _(result: SceneAnswer) -> str:
    return _answer(result, _sketch(result))


def _answer(result: ReferResult | SceneAnswer, picture: Markup) -> str:
    chosen = sum(match.chosen for match in result.ranking)
    verdict = f"{chosen} chosen" if chosen else "nothing matched"
    ranked = len(result.ranking)
    listed = f", the first {LISTED} below" if ranked > LISTED else ""
    return element(
        "div",
        element("p", element("strong", f"“{result.query.text}”"), element("br"), str(result.query)),
        picture,
        element("p", f"{verdict} of {ranked} ranked{listed}"),
        _matches(result.ranking[:LISTED], result.frame),
        _notes(result.notes),
        element("details", element("summary", "why"), element("pre", result.explain())),
    )


def _matches(matches: Sequence[Match | SceneMatch], frame: MapFrame | None) -> Markup:
    names = list(dict.fromkeys(name for match in matches for name in match.terms))
    if not matches:
        return Markup("")
    rows = []
    for rank, match in enumerate(matches, start=1):
        terms = [match.terms.get(name, math.nan) for name in names]
        state = "chosen" if match.chosen else match.reason or "not chosen"
        cells = [str(rank), _bar(match.score), *map(_bar, terms), _area(match.area, frame), state]
        rows.append(_row("td", cells))
    return element("table", _row("th", ["rank", "score", *names, "area", ""]), *rows)


def _classes(counts: Mapping[str, int], valid: int, frame: MapFrame | None) -> Markup:
    """The legend: colour, share and area of every class."""
    rows = []
    for name, colour in zip(counts, class_colours(list(counts)), strict=True):
        box = f"display:inline-block;width:1em;height:1em;background:rgb{colour}"
        share = f"{counts[name] / max(1, valid):.1%}"
        rows.append(
            _row("td", [element("span", style=box), name, share, _area(counts[name], frame)])
        )
    rest = valid - sum(counts.values())
    if rest > 0:
        rows.append(_row("td", ["", "no class", f"{rest / valid:.1%}", _area(rest, frame)]))
    return element("table", _row("th", ["", "class", "share", "area"]), *rows)


def _sketch(result: SceneAnswer) -> Markup:
    """Where the matches lie in a scene whose pixels are not at hand."""
    height, width = result.shape
    least = max(height, width) / 80  # a car in a city must be seen
    boxes = []
    for match in reversed(result.ranking):
        x0, y0, x1, y1 = match.box
        wide, high = max(x1 - x0, least), max(y1 - y0, least)
        boxes.append(
            element(
                "rect",
                x=f"{(x0 + x1 - wide) / 2:g}",
                y=f"{(y0 + y1 - high) / 2:g}",
                width=f"{wide:g}",
                height=f"{high:g}",
                fill="#ffd600" if match.chosen else "#78e1ff",
                stroke="#1e2024",
                stroke_width=f"{least / 8:g}",
            )
        )
    scale = 360 / max(height, width)
    return element(
        "svg",
        element("rect", width=width, height=height, fill="#e1e1e1"),
        *boxes,
        viewBox=f"0 0 {width} {height}",
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        role="img",
        aria_label="where the matches lie in the scene",
    )


def _area(pixels: int, frame: MapFrame | None) -> str:
    unit = None if frame is None else frame.pixel_area_m2
    text = f"{pixels:,} px" if unit is None else f"{pixels * unit:,.0f} m²"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _bar(value: float) -> Markup:
    if math.isnan(value):
        return Markup("")
    return join(f"{value:.2f} ", element("meter", value=f"{value:.3f}", style="width:4em"))


def _row(tag: str, cells: Iterable[str]) -> Markup:
    return element("tr", *(element(tag, cell) for cell in cells))


def _notes(notes: Sequence[str]) -> Markup:
    return element("ul", *(element("li", note) for note in notes)) if notes else Markup("")


def _image(picture: Image.Image, alt: str) -> Markup:
    file = BytesIO()
    picture.save(file, format="JPEG", quality=88)
    source = f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
    return element("img", src=source, alt=alt, width=picture.width)
