"""Lines of text and small bars as a picture, for what stands below an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from dgl_rsis.geo.palette import Colour

PAPER: Colour = (250, 250, 248)
INK: Colour = (30, 32, 36)
FAINT: Colour = (120, 124, 130)
EMPTY: Colour = (225, 225, 225)
BAR: Colour = (70, 120, 190)


@dataclass(frozen=True)
class TextLine:
    """One line of text, or a row of small bars.

    Attributes:
        text: what it says.
        size: of the font in pixels.
        colour: of the text.
        bars: name and value in [0, 1] of each bar.
        swatch: colour of a square before the text.
        indent: pixels to the left of it.
    """

    text: str
    size: int = 15
    colour: Colour = INK
    bars: tuple[tuple[str, float], ...] = ()
    swatch: Colour | None = None
    indent: int = 0

    @property
    def height(self) -> int:
        """Height in pixels."""
        return round(self.size * 1.45) + (4 if self.bars else 0)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, ``size`` pixels high."""
    return ImageFont.load_default(size=size)


def wrapped(lines: Sequence[TextLine], width: int) -> list[TextLine]:
    """Break lines at words so that they fit the width; an overlong word is cut."""
    broken: list[TextLine] = []
    for line in lines:
        space = width - line.indent - (22 if line.swatch is not None else 0)
        rest, swatch = line.text.split(), line.swatch
        while True:
            taken = 1
            while taken < len(rest) and _length(rest[: taken + 1], line.size) <= space:
                taken += 1
            text = " ".join(rest[:taken])
            while len(text) > 1 and font(line.size).getlength(text) > space:
                text = text[:-2] + "…"
            broken.append(replace(line, text=text, swatch=swatch))
            rest, swatch = rest[taken:], None
            if not rest:
                break
    return broken


def _length(words: Sequence[str], size: int) -> float:
    return font(size).getlength(" ".join(words))


def draw_text(lines: Sequence[TextLine], width: int) -> Image.Image:
    """RGB picture of lines below one another, ``width`` pixels wide."""
    panel = Image.new("RGB", (width, sum(line.height for line in lines)), PAPER)
    draw = ImageDraw.Draw(panel)
    top = 0
    for line in lines:
        left = line.indent
        if line.swatch is not None:
            draw.rectangle((1, top + 3, 14, top + 16), fill=line.swatch, outline=FAINT)
            left += 22
        if line.bars:
            _draw_bars(draw, line, top, width)
        draw.text((left, top), line.text, fill=line.colour, font=font(line.size))
        top += line.height
    return panel


def _draw_bars(draw: ImageDraw.ImageDraw, line: TextLine, top: int, width: int) -> None:
    """Name, bar and value of every term, side by side."""
    step = (width - 22) // max(4, len(line.bars))
    for number, (name, value) in enumerate(line.bars):
        left = 22 + number * step
        draw.text((left, top), f"{name} {value:.2f}", fill=FAINT, font=font(line.size - 1))
        bottom = top + line.height - 2
        full = step - 14
        draw.rectangle((left, bottom - 5, left + full, bottom - 2), fill=EMPTY)
        filled = round(full * min(max(value, 0.0), 1.0))
        if filled:
            draw.rectangle((left, bottom - 5, left + filled, bottom - 2), fill=BAR)
