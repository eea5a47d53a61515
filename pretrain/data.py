"""Images and labels for the image tower, and the batches drawn from them.

Development split (docs/design.md 1.6): an AID image is held out when
``int(md5(file name).hexdigest(), 16) % 10 == 0``. Every batch depends only on the seed and the
step, so that a resumed run draws what an uninterrupted one would have.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pretrain.concepts import CANDIDATES, CONCEPTS, LABELS, REQUIRED, SCENES, UNIFORM
from pretrain.corpus import captions
from pretrain.crops import Pixels, crop
from pretrain.drawing import with_objects
from pretrain.dubai import Labelled, labelled_part
from pretrain.rendered import Rendered, rendered_crop
from pretrain.split import is_held_out

SCENE_NAMES = tuple(SCENES)
CONCEPT_NAMES = tuple(CONCEPTS)


@dataclass(frozen=True)
class Real:
    """A real scene with its name and captions.

    Attributes:
        image: ``(h, w, 3)`` uint8.
        scene: index into ``SCENE_NAMES``.
        captions: rows of the caption feature table, empty where there is none.
        words: concepts named by the captions.
    """

    image: Pixels
    scene: int
    captions: tuple[int, ...] = ()
    words: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Batch:
    """One step's images ``(B, s, s, 3)`` uint8 and labels; parts follow each other.

    The first ``len(scenes)`` images are real scenes, all further ones have dense labels
    ``(n, s, s)`` into ``concepts.LABELS`` (-1 unlabelled).
    """

    images: Pixels
    scenes: NDArray[np.int64]
    captions: NDArray[np.int64]  # row per real scene, -1 without
    candidates: NDArray[np.bool_]  # (n, K)
    required: NDArray[np.float32]  # (n, K) share of the image, 0 where not required
    dense: NDArray[np.int16]
    tiles: slice  # which of the dense labels are of aerial tiles


def read_tar(path: Path) -> list[tuple[str, str, Pixels]]:
    """Scene class, file name and pixels of every image in a tar of ``Class/name.jpg``."""
    images = []
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile():
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            scene, name = member.name.split("/")[-2:]
            with Image.open(io.BytesIO(stream.read())) as image:
                images.append((scene, name, np.asarray(image.convert("RGB"))))
    return images


# What captions say of shape or number rather than of a place: a square building.
_NO_CONCEPT = ("square",)
_WORDS = [
    (word, re.compile(rf"\b{re.escape(word)}(s|es)?\b"))
    for word in sorted(
        {w for words in CONCEPTS.values() for w in words}, key=lambda w: (-len(w), w)
    )
    if word not in _NO_CONCEPT
]


def concepts_in(text: str) -> frozenset[int]:
    """Concepts whose words occur in a caption, plural or not.

    The longest words are looked for first and taken out: a football field is no field of crops.
    """
    rest = text.lower()
    found: set[int] = set()
    for word, pattern in _WORDS:
        rest, count = pattern.subn(" | ", rest)
        if count:
            found.update(n for n, words in enumerate(CONCEPTS.values()) if word in words)
    return frozenset(found)


def load_real(
    data: Path, withheld: Collection[str] = ()
) -> tuple[list[Real], list[Real], list[str]]:
    """Training scenes, held-out AID scenes, and all training captions.

    Args:
        data: folder with ``aid_rsicd``.
        withheld: scene classes that are left out of training, images and captions alike.
    """
    records = {record["image"]: record["captions"] for record in captions(data)}
    texts: list[str] = []
    train, held_out = [], []
    for scene, name, image in read_tar(data / "aid_rsicd" / "images_150px.tar"):
        number = SCENE_NAMES.index(scene)
        if is_held_out(name):
            held_out.append(Real(image, number))
            continue
        if scene in withheld:
            continue
        own = records.get(f"{scene}/{name}", [])
        rows = tuple(range(len(texts), len(texts) + len(own)))
        texts += [text.rstrip(" .") for text in own]
        words: frozenset[int] = frozenset().union(*map(concepts_in, own))
        train.append(Real(image, number, rows, words))
    return train, held_out, texts


def partial_labels(real: Real) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Candidate concepts of a scene's pixels and the least share of some of them."""
    scene = SCENE_NAMES[real.scene]
    candidates = np.zeros(len(CONCEPT_NAMES), bool)
    required = np.zeros(len(CONCEPT_NAMES), np.float32)
    candidates[[CONCEPT_NAMES.index(name) for name in CANDIDATES[scene]]] = True
    for number in real.words:
        candidates[number] = True
        required[number] = 0.03
    for name, share in REQUIRED.get(scene, ()):
        required[CONCEPT_NAMES.index(name)] = share
    return candidates, required


@dataclass(frozen=True)
class Ground:
    """Scenes that nearly wholly show one thing.

    Attributes:
        scenes: at least one.
        label: index into ``LABELS``.
        enlarged: how many times parts of them are enlarged at most, at least 1.
    """

    scenes: tuple[Real, ...]
    label: int
    enlarged: float


def mosaic(
    rng: np.random.Generator, grounds: Sequence[Ground], size: int
) -> tuple[Pixels, NDArray[np.int16]]:
    """Two to four parts of uniform scenes put together along smooth or straight borders."""
    image = np.zeros((size, size, 3), np.uint8)
    dense = np.full((size, size), -1, np.int16)
    rows, cols = np.mgrid[:size, :size] / size - 0.5
    for layer in range(rng.integers(2, 5)):
        ground = grounds[int(rng.integers(len(grounds)))]
        share = ground.enlarged ** -rng.random()
        scene = ground.scenes[int(rng.integers(len(ground.scenes)))]
        part = crop(rng, scene.image, size, share, share)
        if layer == 0:
            inside = np.ones((size, size), bool)
        elif rng.random() < 0.5:
            noise = rng.standard_normal((5, 5))
            inside = ndimage.zoom(noise, size / 5, order=3, grid_mode=True, mode="nearest") > 0.2
        else:
            angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
            across = rows * np.sin(angle) + cols * np.cos(angle) - offset
            inside = (across > 0) & (across < rng.choice([0.2, 0.4, 2.0]))
        image[inside], dense[inside] = part[inside], ground.label
    return image, dense


@dataclass(frozen=True)
class Sources:
    """Everything that batches are drawn from.

    Attributes:
        real: training scenes; may be empty.
        rendered: rendered scenes.
        tiles: images with dense labels.
    """

    real: list[Real]
    rendered: Rendered
    tiles: Labelled


class Sampler:
    """Draws the batch of a step.

    Args:
        sources: images and labels.
        settings: the ``image`` part of the configuration.
        seed: of the whole run.
    """

    def __init__(self, sources: Sources, settings: dict[str, Any], seed: int) -> None:
        self._sources, self._settings, self._seed = sources, settings, seed
        self._holders = sources.rendered.holders()
        by_scene: dict[str, list[Real]] = {name: [] for name in SCENE_NAMES}
        for real in sources.real:
            by_scene[SCENE_NAMES[real.scene]].append(real)
        self._grounds = [
            Ground(tuple(by_scene[name]), LABELS.index(label), enlarged)
            for name, (label, enlarged) in UNIFORM.items()
            if by_scene[name]
        ]

    def batch(self, step: int) -> Batch:
        """The batch of a step: real scenes first, then everything with dense labels."""
        rng = np.random.default_rng((self._seed, step))
        settings = self._settings
        size = size_at(step, settings)
        real = self._sources.real
        chosen = [real[k] for k in rng.integers(len(real), size=settings["scene_batch"])]
        images = [crop(rng, r.image, size, settings["least_crop"], 1.0) for r in chosen]
        labels = [partial_labels(r) for r in chosen]
        dense = []
        for draw, count in (
            (self._mosaic, settings["mosaic_batch"]),
            (self._tile, settings["tile_batch"]),
            (self._rendered, settings["rendered_batch"]),
        ):
            for _ in range(count):
                image, label = draw(rng, size)
                images.append(image)
                dense.append(label)
        shape = (len(chosen), len(CONCEPT_NAMES))
        return Batch(
            np.stack(images),
            np.array([r.scene for r in chosen], np.int64),
            np.array([rng.choice(r.captions) if r.captions else -1 for r in chosen], np.int64),
            np.array([c for c, _ in labels], bool).reshape(shape),
            np.array([r for _, r in labels], np.float32).reshape(shape),
            np.stack(dense),
            slice(settings["mosaic_batch"], settings["mosaic_batch"] + settings["tile_batch"]),
        )

    def _mosaic(self, rng: np.random.Generator, size: int) -> tuple[Pixels, NDArray[np.int16]]:
        return mosaic(rng, self._grounds, size)

    def _tile(self, rng: np.random.Generator, size: int) -> tuple[Pixels, NDArray[np.int16]]:
        low, high = self._settings["tile_zoom"]
        return labelled_part(rng, self._sources.tiles, (low, high), size)

    def _rendered(self, rng: np.random.Generator, size: int) -> tuple[Pixels, NDArray[np.int16]]:
        part = rendered_crop(rng, self._sources.rendered, self._holders, size, self._settings)
        share = self._settings["drawn_share"]
        is_drawn = share > 0 and rng.random() < share
        return with_objects(rng, *part) if is_drawn else part


def size_at(step: int, settings: dict[str, Any]) -> int:
    """Side of the crops of a step in pixels: small first, larger while the rate falls."""
    is_last = step >= settings["steps"] - settings["final_steps"]
    return int(settings["final_size"] if is_last else settings["size"])
