"""Rendered scenes with a concept for every pixel, and crops of them."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pretrain import stamps
from pretrain.augment import repaint
from pretrain.concepts import CONCEPTS
from pretrain.crops import Pixels, labelled_crop

CONCEPT_NAMES = tuple(CONCEPTS)


@dataclass(frozen=True)
class Rendered:
    """Rendered scenes: images ``(n, s, s, 3)`` uint8 and concepts ``(n, s, s)`` int16."""

    images: Pixels
    dense: NDArray[np.int16]

    def holders(self) -> dict[int, NDArray[np.int64]]:
        """The scenes that show each concept, by concept."""
        shown = np.zeros((len(self.dense), len(CONCEPT_NAMES) + 1), bool)
        for number, dense in enumerate(self.dense):
            shown[number, dense] = True  # -1, unlabelled, is the last column
        return {
            concept: np.flatnonzero(shown[:, concept])
            for concept in range(len(CONCEPT_NAMES))
            if shown[:, concept].any()
        }


def render(settings: dict[str, Any], seed: int, cache: Path) -> Rendered:
    """Render training scenes on all processors, unless ``cache`` keeps the very same ones.

    Args:
        settings: the ``rendered`` part of the configuration.
        seed: of the whole run.
        cache: ``.npz`` file; one of other scenes is replaced.
    """
    made_from = {"rendered": settings, "seed": seed}
    if not cache.exists() or stamps.differing(cache, made_from) is not None:
        jobs = [(seed * 1_000_003 + number, settings) for number in range(settings["scenes"])]
        with ProcessPoolExecutor() as pool:
            scenes = list(pool.map(_render_one, jobs, chunksize=16))
        partial = cache.with_suffix(".part.npz")
        images, dense = (np.stack(each) for each in zip(*scenes, strict=True))
        np.savez(partial, images=images, dense=dense, **stamps.stamp(made_from))
        partial.rename(cache)
    with np.load(cache) as saved:
        return Rendered(saved["images"], saved["dense"])


def _render_one(job: tuple[int, dict[str, Any]]) -> tuple[Pixels, NDArray[np.int16]]:
    from dgl_rsis.render import KINDS, render_scene

    seed, settings = job
    lookup = {word: n for n, words in enumerate(CONCEPTS.values()) for word in words}
    lookup |= {name: n for n, name in enumerate(CONCEPT_NAMES)}
    concept = np.array([lookup.get(kind.name, -1) for kind in KINDS] + [-1], np.int16)
    low, high = np.log(settings["gsd"])
    gsd = float(np.exp(np.random.default_rng(seed).uniform(low, high)))
    scene = render_scene(seed, size=settings["size"], gsd=gsd, split="train")
    return scene.image, concept[scene.class_map]  # -1 picks the last entry: unlabelled


def rendered_crop(
    rng: np.random.Generator,
    rendered: Rendered,
    holders: dict[int, NDArray[np.int64]],
    size: int,
    settings: dict[str, Any],
) -> tuple[Pixels, NDArray[np.int16]]:
    """Part of a rendered scene around a pixel of a concept, all concepts equally likely.

    Args:
        rng: source of chance.
        rendered: all scenes.
        holders: the scenes that show each concept.
        size: side of the result in pixels.
        settings: the ``image`` part of the configuration.
    """
    if rng.random() < settings["balanced_share"]:
        concept = list(holders)[rng.integers(len(holders))]
        scenes = holders[concept]
        number = int(scenes[rng.integers(len(scenes))])
        places = np.flatnonzero(rendered.dense[number] == concept)
        place = int(places[rng.integers(len(places))])
    else:
        number = int(rng.integers(len(rendered.images)))
        place = int(rng.integers(rendered.dense[number].size))
    image, label = rendered.images[number], rendered.dense[number]
    side = round(size * float(np.exp(rng.uniform(*np.log(settings["rendered_zoom"])))))
    image, label = labelled_crop(rng, image, label, divmod(place, len(image)), side, size)
    if rng.random() < settings["repaint_share"]:
        image = repaint(rng, image, label, share=0.5)
    return image, label
