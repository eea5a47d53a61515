"""A background that sprites and grounds are painted onto, matched to its light and sharpness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from pretrain.sprite_pen import Colour, Point, Points, View, band
from pretrain.sprites import KINDS, Sprite, blotches

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Labels = NDArray[np.int16]

GROUNDS = ("pavement", "water", "road")
UNLABELLED = -1


@dataclass(frozen=True)
class Board:
    """Arrays that are painted in place, and the light that is common to them.

    Attributes:
        image: ``(s, s, 3)`` float32 in 0..255.
        objects: ``(s, s)`` int16, indices into ``KINDS`` or -1.
        grounds: ``(s, s)`` int16, indices into ``GROUNDS`` or -1; objects hide them.
        touched: ``(s, s)`` float32 in 0..1, how much of a pixel is painted.
        view: sun and camera.
        low, high: ``(3,)`` float32, what black and white look like in the background.
        vivid: share of the saturation of sprites that is seen, in 0..1.
        depth: share of the light that a shadow takes, in 0..1.
    """

    image: Floats
    objects: Labels
    grounds: Labels
    touched: Floats
    view: View
    low: Floats
    high: Floats
    vivid: np.float32
    depth: float

    @property
    def size(self) -> int:
        """Side in pixels."""
        return len(self.image)

    def seen(self, colour: Floats) -> Floats:
        """Colours ``(..., 3)`` in the background's contrast, cast and haze."""
        toned: Floats = self.low + colour * ((self.high - self.low) / np.float32(255))
        return toned

    @property
    def _matched(self) -> Floats:
        """Matrix that mutes colours and gives them the background's contrast and cast."""
        mute = self.vivid * np.eye(3, dtype=np.float32) + (1 - self.vivid) / np.float32(3)
        return mute * ((self.high - self.low) / np.float32(255))

    def ground(
        self,
        rng: np.random.Generator,
        name: str,
        outline: Points,
        colour: Colour,
        *,
        rough: float = 0.05,
        soft: float = 0.0,
    ) -> None:
        """Paint a polygon of ground.

        Args:
            rng: source of chance.
            name: one of ``GROUNDS``.
            outline: corners in pixels; they may lie outside.
            colour: before it is matched to the background.
            rough: deviation of its brightness, as a share.
            soft: deviation of the feather at its edges, in pixels.
        """
        corners = np.asarray(outline, float)
        reach = 1 + int(2 * soft)
        left, top = np.clip(np.floor(corners.min(0)).astype(int) - reach, 0, self.size)
        right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + reach, 0, self.size)
        if left >= right or top >= bottom:
            return
        rows, columns = slice(int(top), int(bottom)), slice(int(left), int(right))
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        mask = Image.new("L", (2 * shape[1], 2 * shape[0]))
        placed = (corners - (columns.start, rows.start)) * 2 - 0.5
        ImageDraw.Draw(mask).polygon(placed.ravel().tolist(), 255)
        feathered = mask.reduce(2)
        if soft > 0:
            feathered = feathered.filter(ImageFilter.GaussianBlur(soft))
        alpha = np.asarray(feathered, np.float32) / np.float32(255)
        paint = self.seen(np.asarray(colour, np.float32))
        if rough > 0:
            side = max(shape)
            texture = blotches(rng, side, int(rng.integers(3, 9)))
            texture = texture + 0.7 * blotches(rng, side, side // 4 + 2)
            texture += rng.standard_normal((side, side), np.float32) * np.float32(0.5)
            paint = paint * (1 + np.float32(rough) * texture[: shape[0], : shape[1], None])
        self._blend(rows, columns, alpha, paint)
        inside = alpha > 0.5
        self.grounds[rows, columns][inside] = GROUNDS.index(name)
        self.objects[rows, columns][inside] = UNLABELLED

    def lines(
        self,
        rng: np.random.Generator,
        ends: Sequence[tuple[Point, Point]],
        width: float,
        colour: Colour,
    ) -> None:
        """Paint markings of one width and age; the labels of the ground below stay."""
        size = self.size
        mask = Image.new("L", (2 * size, 2 * size))
        pencil = ImageDraw.Draw(mask)
        for start, end in ends:
            corners = band(start, end, max(width, 1.0)) * 2 - 0.5
            pencil.polygon(corners.ravel().tolist(), 255)
        opacity = rng.uniform(0.55, 0.95) * min(1.0, width) / 255
        alpha = np.asarray(mask.reduce(2), np.float32) * np.float32(opacity)
        self._blend(slice(None), slice(None), alpha, self.seen(np.asarray(colour, np.float32)))

    def is_free(self, x: float, y: float, reach: float) -> bool:
        """Whether no object is within a square about a point that touches the image."""
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        window = self.objects[top : max(0, int(y + reach) + 1), left : max(0, int(x + reach) + 1)]
        return window.size > 0 and bool((window == UNLABELLED).all())

    def put(self, sprite: Sprite, x: float, y: float) -> None:
        """Paint a sprite about a pixel, its shadow first; what is outside is cut off."""
        side, size = len(sprite.alpha), self.size
        top, left = round(y) - side // 2, round(x) - side // 2
        rows, columns = slice(max(top, 0), top + side), slice(max(left, 0), left + side)
        if rows.stop <= 0 or columns.stop <= 0 or top >= size or left >= size:
            return
        cut = (
            slice(rows.start - top, min(side, size - top)),
            slice(columns.start - left, min(side, size - left)),
        )
        shadow, alpha = sprite.shadow[cut] * self.depth, sprite.alpha[cut]
        dark = (self.low * 0.8).astype(np.float32)
        self._blend(rows, columns, shadow, dark)
        self._blend(rows, columns, alpha, sprite.colour[cut] @ self._matched + self.low)
        self.objects[rows, columns][alpha > 0.5] = KINDS.index(sprite.kind)

    def _blend(self, rows: slice, columns: slice, alpha: Floats, paint: Floats) -> None:
        window, touched = self.image[rows, columns], self.touched[rows, columns]
        window += alpha[..., None] * (paint - window)
        np.maximum(touched, alpha, out=touched)


def board(rng: np.random.Generator, background: Pixels) -> Board:
    """An unpainted board over a background ``(s, s, 3)`` uint8; the background is not changed."""
    size = len(background)
    samples = background[::2, ::2].reshape(-1, 3).astype(np.float32)
    least, most = np.percentile(samples, (1, 99), axis=0).astype(np.float32)
    # White things are bright even where the background has none, with some of its colour cast:
    # the cast of a forest is mostly that of its trees.
    level = max(float(most.mean()), rng.uniform(195, 245))
    high = np.minimum(level * (0.7 + 0.3 * most / max(float(most.mean()), 1.0)), 255)
    low = np.minimum(least, np.float32(rng.uniform(15, 60)))
    return Board(
        background.astype(np.float32),
        np.full((size, size), UNLABELLED, np.int16),
        np.full((size, size), UNLABELLED, np.int16),
        np.zeros((size, size), np.float32),
        View.random(rng),
        low,
        high.astype(np.float32),
        np.float32(rng.uniform(0.45, 1)),
        float(rng.uniform(0.45, 0.85)),
    )


def blur_of(background: Pixels) -> float:
    """Deviation in pixels of the blur that a drawing needs to look as sharp as the background.

    Neighbours of a sharp image differ nearly as much as pixels two apart do, those of a smooth
    one half as much.
    """
    grey = background.mean(2, dtype=np.float32)
    near = float(np.abs(np.diff(grey, axis=1)).mean() + np.abs(np.diff(grey, axis=0)).mean())
    far = float(np.abs(grey[:, 2:] - grey[:, :-2]).mean() + np.abs(grey[2:] - grey[:-2]).mean())
    ratio = near / max(far, 1e-6)
    return float(np.clip((0.85 - ratio) / 0.25, 0.15, 1.4))


def developed(rng: np.random.Generator, painted: Board, background: Pixels) -> Pixels:
    """The painted image with the background's sharpness and some grain, ``(s, s, 3)`` uint8."""
    deviation = blur_of(background) * rng.uniform(0.8, 1.2)
    soft = ndimage.gaussian_filter(painted.image, (deviation, deviation, 0), truncate=2.5)
    share = ndimage.uniform_filter(painted.touched, 3)[..., None]
    size = painted.size
    grain = rng.standard_normal((size, size, 1), np.float32) * np.float32(rng.uniform(0, 3))
    image = painted.image + np.minimum(1.5 * share, 1) * (soft + grain - painted.image)
    pixels: Pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return pixels
