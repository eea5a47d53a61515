"""Rendered test scenes as sets for both tasks (*rendered*: never a stand-in for real accuracy).

Palettes and textures are those that no training sees (``render_scene(seed, split="test")``). The split
says which scenes: ``FIRST+COUNT`` are the seeds from FIRST on, ``FIRST+COUNTxSIDE`` such scenes of SIDE
pixels instead of 512, ``test`` is ``90000+40``, seeds that served no decision. Scenes are drawn again
when they are asked for; only the last ones are kept.

Sentences are drawn by construction (``benchmark/asking.py``), with answers that an oracle finds in the
pixels and that hang on no margin under 10 %. Sentences in metres or acres are left out: a picture
alone does not say how large its pixels are. North is up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.asking import Question, ask
from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.datasets.samples import (
    ClassMap,
    MapDataset,
    MapSample,
    ReferDataset,
    ReferSample,
)
from dgl_rsis.benchmark.datasets.sentence_files import arranged
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.questions import Limit
from dgl_rsis.benchmark.truth import Truth, truth_of
from dgl_rsis.errors import InputError
from dgl_rsis.render import CLASSES, RenderedScene, render_scene
from dgl_rsis.types import BoolArray, RGBImage

TEST = "90000+40"
SIDE = 512
SIDES = (128, 2048)
SENTENCES = 6
"""How many are asked about a scene, each of another construction."""
MEASURED = ("size in units", "size between two values", "distance in units")
"""Constructions that need the size of a pixel on the ground."""


def read(folder: Path | None, split: str) -> ReferDataset:
    """Sentences about rendered scenes, called ``seed#construction``.

    Every scene is drawn once to find its sentences, about a second each.

    Args:
        folder: not looked at; here so that all readers are called alike.
        split: ``test``, ``FIRST+COUNT`` or ``FIRST+COUNTxSIDE``.

    Raises:
        InputError: the split is none of these.
    """
    samples = (sample for drawn in _drawn(split) for sample in _samples(drawn))
    return ReferDataset(f"rendered/{split}", arranged(samples, Path("rendered"), split))


def read_maps(folder: Path | None, split: str) -> MapDataset:
    """Rendered scenes with their class maps, called by their seed.

    Args:
        folder: not looked at; here so that all readers are called alike.
        split: ``test``, ``FIRST+COUNT`` or ``FIRST+COUNTxSIDE``.

    Raises:
        InputError: the split is none of these.
    """
    samples = tuple(
        MapSample(str(drawn.seed), str(drawn.seed), partial(_image, drawn), partial(_labels, drawn))
        for drawn in _drawn(split)
    )
    return MapDataset(f"rendered/{split}", CLASSES, CLASSES, None, samples)


@dataclass(frozen=True)
class _Drawn:
    """Which scene: seed and pixels of a side."""

    seed: int
    side: int


def _drawn(split: str) -> Iterator[_Drawn]:
    said = re.fullmatch(r"(\d+)\+(\d+)(?:x(\d+))?", TEST if split == "test" else split, re.ASCII)
    first, count, side = (int(each or SIDE) for each in said.groups()) if said else (0, 0, SIDE)
    if count == 0 or not SIDES[0] <= side <= SIDES[1]:
        raise InputError(
            f"rendered scenes have no split {split!r}; pass test, FIRST+COUNT as in {TEST}, or "
            f"{TEST}x256 for scenes of 256 pixels ({SIDES[0]} to {SIDES[1]})"
        )
    return (_Drawn(seed, side) for seed in range(first, first + count))


def _samples(drawn: _Drawn) -> Iterator[ReferSample]:
    truth = _truth(drawn)
    for question in _questions(truth, drawn.seed):
        yield ReferSample(
            f"{drawn.seed}#{question.construction}",
            str(drawn.seed),
            question.text,
            partial(_image, drawn),
            partial(_mask, drawn, tuple(sorted(question.chosen))),
            partial(_classes, drawn),
        )


def _questions(truth: Truth, seed: int) -> Iterator[Question]:
    """A few questions, each of another construction, in an order that the seed draws."""
    rng = np.random.default_rng(seed)
    names = [name for name in CONSTRUCTIONS if name not in MEASURED]
    order = [names[index] for index in rng.permutation(len(names))]
    asked = (each for each in ask(Measures(truth), rng, 1, order) if not _is_measured(each))
    return islice(asked, SENTENCES)


def _is_measured(question: Question) -> bool:
    return any(isinstance(condition, Limit) for condition in question.things.conditions)


def _image(drawn: _Drawn) -> RGBImage:
    return _scene(drawn).image


def _labels(drawn: _Drawn) -> NDArray[np.int16]:
    return _scene(drawn).class_map


def _classes(drawn: _Drawn) -> ClassMap:
    return ClassMap(CLASSES, _labels(drawn))


def _mask(drawn: _Drawn, chosen: tuple[int, ...]) -> BoolArray:
    truth = _truth(drawn)
    mask = np.zeros(truth.shape, bool)
    for thing in (truth.things[index] for index in chosen):
        x0, y0, x1, y1 = thing.box
        mask[y0:y1, x0:x1] |= thing.mask
    return mask


@lru_cache(maxsize=2)
def _scene(drawn: _Drawn) -> RenderedScene:
    return render_scene(drawn.seed, size=drawn.side, split="test")


@lru_cache(maxsize=2)
def _truth(drawn: _Drawn) -> Truth:
    return truth_of(_scene(drawn))
