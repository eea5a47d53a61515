"""Kinds of objects that rendered scenes lack, drawn onto them: wind turbines, dams and so on.

With them come cars at toll stations, and tennis courts, which basketball courts are told from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretrain.board import GROUNDS, UNLABELLED, Labels, Pixels, board, developed
from pretrain.concepts import CONCEPTS
from pretrain.sprites import KINDS
from pretrain.themes import THEMES

__all__ = ["GROUNDS", "KINDS", "THEMES", "Drawing", "draw_theme", "with_objects"]

Rng = np.random.Generator
_NAMES = list(CONCEPTS)
_NUMBERS = np.array(
    [_NAMES.index(name) for name in (*KINDS, *GROUNDS)] + [UNLABELLED], np.int16
)  # the last one is what -1 picks


@dataclass(frozen=True)
class Drawing:
    """A painted image with what is known of its pixels.

    Attributes:
        image: ``(s, s, 3)`` uint8.
        objects: ``(s, s)`` int16, indices into ``KINDS``, -1 where no sprite covers a half.
        grounds: ``(s, s)`` int16, indices into ``GROUNDS``, -1 where none was painted.
    """

    image: Pixels
    objects: Labels
    grounds: Labels


def draw_theme(rng: Rng, background: Pixels, theme: str) -> Drawing:
    """Paint the objects of one theme onto a background.

    Args:
        rng: source of chance; the same state gives the same result.
        background: ``(s, s, 3)`` uint8 with s of at least 32; it is not changed.
        theme: one of ``THEMES``.

    Raises:
        ValueError: if the theme is unknown or the background not square RGB, or too small.
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; themes are: {', '.join(THEMES)}")
    side = len(background)
    if background.shape != (side, side, 3) or side < 32:
        raise ValueError(f"background must be (s, s, 3), s from 32 on, got {background.shape}")
    painted = board(rng, background)
    THEMES[theme](rng, painted)
    painted.grounds[painted.objects >= 0] = UNLABELLED
    return Drawing(developed(rng, painted, background), painted.objects, painted.grounds)


def with_objects(rng: Rng, image: Pixels, labels: Labels) -> tuple[Pixels, Labels]:
    """A labelled image with the objects of any theme on it.

    Args:
        rng: source of chance; the same state gives the same result.
        image: ``(s, s, 3)`` uint8 with s of at least 32; it is not changed.
        labels: ``(s, s)`` int16, indices into ``CONCEPTS``, -1 unlabelled.

    Returns:
        The image, and its labels: of objects and grounds where they were painted, -1 where paint
        without a label or a shadow lies, and unchanged elsewhere.
    """
    theme = list(THEMES)[rng.integers(len(THEMES))]
    made = draw_theme(rng, image, theme)
    painted = np.where(made.grounds >= 0, made.grounds + len(KINDS), made.objects)
    untouched = (made.image == image).all(-1)
    below = np.where(untouched, labels, np.int16(UNLABELLED))
    return made.image, np.where(painted >= 0, _NUMBERS[painted], below)
