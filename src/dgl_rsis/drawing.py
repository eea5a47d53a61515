"""Pictures of results: a class map over its image, and why a sentence got its answer.

Every referring answer shows what was understood, where the model looked and what else came into
question: every answer explains itself. Drawn with Pillow and its own font only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from dgl_rsis.geo.palette import Colour, class_colours
from dgl_rsis.results import Match, ReferResult, SegmentResult
from dgl_rsis.text_panel import EMPTY, FAINT, INK, PAPER, TextLine, draw_text, font, wrapped
from dgl_rsis.types import FloatArray, Raster, RGBImage

LONGEST_SIDE = 1200  # pixels of a map, or of the two panels of an explanation together
SHORTEST_SIDE = 360  # small images are enlarged to about this
MARGIN = 14
CHOSEN: Colour = (255, 214, 0)
OTHERS: Colour = (120, 225, 255)
NO_DATA = EMPTY
_OPACITY = 0.55
_HEAT_RAMP: tuple[Colour, ...] = ((20, 20, 90), (130, 30, 140), (230, 80, 60), (255, 240, 120))
_RIM = 4  # pixels, more than the widest outline reaches outwards
_NUMBERED_MATCHES = 99
_LISTED_MATCHES = 3
_INDENT = 18  # pixels for each level of the program


def draw_map(result: SegmentResult) -> Image.Image:
    """A class map over its image, with a legend of names and shares.

    Returns:
        RGB picture, longest side of the map at most ``LONGEST_SIDE``.
    """
    painted = draw_labels(result)
    lines = [TextLine("Classes", 17)]
    shares = result.shares
    for name, colour in zip(result.classes, class_colours(result.classes), strict=True):
        lines.append(TextLine(f"{name} {shares[name]:.1%}", swatch=colour))
    rest = max(0.0, 1.0 - sum(shares.values()))
    if rest >= 0.0005:
        lines.append(TextLine(f"no class {rest:.1%}", colour=FAINT, swatch=PAPER))
    if not result.raster.valid.all():
        lines.append(TextLine("no data", colour=FAINT, swatch=NO_DATA))
    legend = draw_text(wrapped(lines, 240), 240)
    return _row([painted, legend])


def draw_labels(result: SegmentResult, longest: int = LONGEST_SIDE) -> Image.Image:
    """A class map over its image, without a legend.

    Args:
        result: the map.
        longest: longest side in pixels.
    """
    base = picture_of(result.raster, display_size(result.raster.shape, longest))
    return paint_labels(base, result.labels, class_colours(result.classes))


def draw_explanation(result: ReferResult, longest: int = LONGEST_SIDE) -> Image.Image:
    """Why a sentence got its answer.

    Args:
        result: the answer.
        longest: longest side in pixels of the two panels together.

    Returns:
        RGB picture: the image with the chosen mask outlined and the runners-up in thin lines,
        the heat map where there is one, and below them the sentence, the notes, the program with
        the scores of its steps, the terms of the best candidates and why the runner-up lost.
    """
    pictures = draw_panels(result, longest)
    width = max(pictures.width - 2 * MARGIN, 560)
    words = draw_text(wrapped(_reasons(result), width), width)
    return _stack([pictures, _row([words])])


def draw_panels(result: ReferResult, longest: int = LONGEST_SIDE) -> Image.Image:
    """The image with the matches outlined and numbered, and the heat map where there is one.

    Args:
        result: the answer.
        longest: longest side in pixels of the two together.
    """
    size = display_size(result.raster.shape, longest // 2)
    base = picture_of(result.raster, size)
    panels = [outlined(base, result.matches)]
    if result.heatmap.any():
        panels.append(_heated(base, result.heatmap))
    upright = size[0] <= 1.5 * size[1]
    return _row(panels) if upright else _stack([_row([panel]) for panel in panels])


def draw_answer(result: ReferResult, longest: int = 420) -> Image.Image:
    """A sentence and its answer, small enough for many of them side by side.

    Args:
        result: the answer.
        longest: longest side of the image in pixels.

    Returns:
        RGB picture: the image with the chosen masks outlined, the sentence and the first note.
    """
    base = picture_of(result.raster, display_size(result.raster.shape, longest))
    chosen = result.chosen
    scores = f"{len(chosen)} chosen, score {chosen[0].score:.2f}" if chosen else "nothing matched"
    lines = [TextLine(f"“{result.query.text}”"), TextLine(scores, 13)]
    lines += [TextLine(note, 12, FAINT) for note in result.notes[:1]]
    words = draw_text(wrapped(lines, base.width), base.width)
    return _stack([_row([outlined(base, chosen)]), _row([words])])


def _reasons(result: ReferResult) -> list[TextLine]:
    query = result.query
    asked = "all" if query.count is None else str(query.count)
    lines = [
        TextLine(f"“{query.text}”", 20),
        *(TextLine(f"note: {note}", 13, FAINT) for note in result.notes),
        TextLine(f"looked for {asked} x {query.target.text or query.target.noun}", colour=FAINT),
    ]
    if result.steps is None:
        lines.append(TextLine(f"understood, not executed: {query.program}"))
    else:
        lines.append(
            TextLine("how many fulfil or are ranked by each step, and the best", colour=FAINT)
        )
        for depth, step in result.steps.walk():
            lines.append(TextLine(str(step), indent=_INDENT * depth))
    if query.unexecuted:
        lines.append(TextLine(f"left to the model: {', '.join(query.unexecuted)}", colour=FAINT))
    lines.append(TextLine(_verdict(result), 17))
    for rank, match in enumerate(result.matches[:_LISTED_MATCHES], start=1):
        state = "chosen" if match.chosen else "not chosen" if result.chosen else "rejected"
        colour = CHOSEN if match.chosen else OTHERS
        title = f"rank {rank}: candidate #{match.index}, score {match.score:.2f}, {state}"
        lines.append(TextLine(title, swatch=colour))
        lines.append(TextLine("", 13, bars=tuple(match.terms.items())))
        if match.reason and match is result.runner_up:
            lines.append(TextLine(f"why not: {match.reason}", colour=FAINT, indent=22))
    return lines


def _verdict(result: ReferResult) -> str:
    """How many were chosen; what the numbers in the picture are, and how many of them follow."""
    ranked = len(result.matches)
    if not ranked:
        return "nothing matched"
    chosen = f"{len(result.chosen)} chosen" if result.chosen else "nothing matched: 0 chosen"
    listed = f", the first {_LISTED_MATCHES} below" if ranked > _LISTED_MATCHES else ""
    shown = "ranks" if ranked <= _NUMBERED_MATCHES else f"the first {_NUMBERED_MATCHES} ranks"
    return f"{chosen} of {ranked} ranked ({shown} in the picture){listed}"


def outlined(base: Image.Image, matches: Sequence[Match]) -> Image.Image:
    """Outlines of matches and their ranks over an image.

    Args:
        base: RGB image, or RGBA to draw on nothing, at display size.
        matches: ranked.
    """
    picture = base.copy()
    shown = sorted(enumerate(matches, start=1), key=lambda pair: pair[1].chosen)
    for _, match in shown:
        mask, corner = _mask_at(match, picture.size)
        if match.chosen:
            picture.paste(INK, corner, edge_of(mask, 7, 5))
            picture.paste(CHOSEN, corner, edge_of(mask, 5, 3))
        else:
            picture.paste(OTHERS, corner, edge_of(mask, 3, 1))
    draw = ImageDraw.Draw(picture)
    # the first come last: where plates overlap, theirs can be read
    for rank, match in sorted(shown, key=lambda pair: -pair[0]):
        if rank <= _NUMBERED_MATCHES:
            _number(draw, rank, match, picture.size)
    return picture


def _number(draw: ImageDraw.ImageDraw, rank: int, match: Match, size: tuple[int, int]) -> None:
    """A small plate with the rank at the upper left corner of the box."""
    height, width = match.shape
    wide = 6 + 8 * len(str(rank))
    x = min(max(match.box[0] * size[0] / width - 6, 0), size[0] - wide - 6)
    y = min(max(match.box[1] * size[1] / height - 20, 0), size[1] - 18)
    draw.rectangle((x, y, x + wide, y + 17), fill=CHOSEN if match.chosen else OTHERS)
    draw.text((x + wide / 2, y + 8), str(rank), fill=INK, font=font(13), anchor="mm")


def _mask_at(match: Match, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
    """The mask of a match at display size, at least a pixel of it, and where it is pasted.

    Returns:
        L image with a rim of ``_RIM`` empty pixels, and the ``x, y`` of its upper left corner,
        which may lie outside the picture.
    """
    height, width = match.shape
    x0, y0, x1, y1 = match.box
    left, top = x0 * size[0] // width, y0 * size[1] // height
    right = max(left + 1, -(-x1 * size[0] // width))
    bottom = max(top + 1, -(-y1 * size[1] // height))
    crop = Image.fromarray(match.crop.astype(np.uint8) * 255)
    shown = crop.resize((right - left, bottom - top), Image.Resampling.NEAREST)
    framed = Image.new("L", (shown.width + 2 * _RIM, shown.height + 2 * _RIM))
    framed.paste(shown, (_RIM, _RIM))
    return framed, (left - _RIM, top - _RIM)


def edge_of(mask: Image.Image, outer: int, inner: int) -> Image.Image:
    """Pixels near the outline of a mask: ``outer // 2`` outwards and ``inner // 2`` inwards."""
    grown = np.asarray(mask.filter(ImageFilter.MaxFilter(outer)))
    shrunk = np.asarray(mask.filter(ImageFilter.MinFilter(inner)))
    return Image.fromarray((grown > shrunk).astype(np.uint8) * 255)


def heat_colours(heatmap: FloatArray, size: tuple[int, int]) -> NDArray[np.float64]:
    """Activations as colours, ``(h, w, 3)`` in 0..255.

    Args:
        heatmap: ``(H, W)`` float32 in [0, 1].
        size: width and height of what is returned.
    """
    heat = np.asarray(
        Image.fromarray(heatmap).resize(size, Image.Resampling.BILINEAR), np.float32
    ).clip(0, 1)
    stops = np.linspace(0, 1, len(_HEAT_RAMP))
    ramp = np.array(_HEAT_RAMP, np.float32)
    return np.stack([np.interp(heat, stops, ramp[:, band]) for band in range(3)], axis=-1)


def _heated(base: Image.Image, heatmap: FloatArray) -> Image.Image:
    colours = heat_colours(heatmap, base.size)
    grey = np.asarray(base.convert("L"), np.float32)[..., None]
    picture = Image.fromarray(np.round(0.45 * grey + 0.55 * colours).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((6, 6, 116, 26), fill=PAPER)
    draw.text((61, 16), "where it looked", fill=INK, font=font(13), anchor="mm")
    return picture


def paint_labels(
    base: Image.Image, labels: NDArray[np.integer[Any]], colours: Sequence[Colour]
) -> Image.Image:
    """Classes in their colours over an image.

    Args:
        base: RGB image at display size.
        labels: ``(H, W)``, index into ``colours``; the image is left as it is where it is below 0.
        colours: of the classes.
    """
    shown = sampled(labels, base.size)
    palette = np.array([*colours, (0, 0, 0)], np.float32)
    opacity = np.where(shown >= 0, np.float32(_OPACITY), np.float32(0))[..., None]
    mixed = np.asarray(base, np.float32) * (1 - opacity) + palette[shown] * opacity
    return Image.fromarray(np.round(mixed).astype(np.uint8))


def display_size(shape: tuple[int, int], longest: int) -> tuple[int, int]:
    """Width and height at which an image is shown: whole multiples of small ones."""
    height, width = shape
    factor: float = longest / max(height, width)
    if factor > 1:
        wanted = max(1, SHORTEST_SIDE // max(height, width))
        factor = min(int(factor), wanted)
    return max(1, round(width * factor)), max(1, round(height * factor))


def picture_of(raster: Raster, size: tuple[int, int]) -> Image.Image:
    """The image at display size with "no data" in plain grey."""
    pixels: RGBImage = raster.rgb
    if not raster.valid.all():
        pixels = np.where(raster.valid[..., None], pixels, np.array(NO_DATA, np.uint8))
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    smaller = size[0] < picture.width
    return picture.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.NEAREST)


def sampled(labels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Labels of the pixels nearest to the centres of the display pixels."""
    height, width = labels.shape
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(int)
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(int)
    sampled: NDArray[Any] = labels[np.ix_(rows, columns)]
    return sampled


def _row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures side by side with a margin around each."""
    width = sum(picture.width + MARGIN for picture in pictures) + MARGIN
    height = max(picture.height for picture in pictures) + 2 * MARGIN
    sheet = Image.new("RGB", (width, height), PAPER)
    left = MARGIN
    for picture in pictures:
        sheet.paste(picture, (left, MARGIN))
        left += picture.width + MARGIN
    return sheet


def _stack(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures below one another."""
    size = (max(each.width for each in pictures), sum(each.height for each in pictures))
    sheet = Image.new("RGB", size, PAPER)
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    return sheet
