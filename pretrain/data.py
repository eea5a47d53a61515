"""Images and labels for the image tower, and the batches drawn from them.

Development split (docs/design.md 1.6): an AID image is held out when
``int(md5(file name).hexdigest(), 16) % 10 == 0``. RSSCN7 trains whole. Every batch depends only
on the seed and the step, so that a resumed run draws what an uninterrupted one would have.
"""

from __future__ import annotations

import io
import re
import tarfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pretrain.augment import repaint
from pretrain.concepts import CANDIDATES, CONCEPTS, REQUIRED, SCENES, UNIFORM
from pretrain.split import is_held_out
from pretrain.text import captions

Pixels = NDArray[np.uint8]
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
    ``(n, s, s)`` (-1 unlabelled).
    """

    images: Pixels
    scenes: NDArray[np.int64]
    captions: NDArray[np.int64]  # row per real scene, -1 without
    candidates: NDArray[np.bool_]  # (n, K)
    required: NDArray[np.float32]  # (n, K) share of the image, 0 where not required
    dense: NDArray[np.int16]


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


def concepts_in(text: str) -> frozenset[int]:
    """Concepts whose words occur in a caption, plural or not."""
    found = set()
    for number, words in enumerate(CONCEPTS.values()):
        pattern = "|".join(re.escape(word) for word in words)
        if re.search(rf"\b({pattern})(s|es)?\b", text.lower()):
            found.add(number)
    return frozenset(found)


def load_real(data: Path) -> tuple[list[Real], list[Real], list[str]]:
    """Training scenes, held-out AID scenes, and all training captions."""
    records = {record["image"]: record["captions"] for record in captions(data)}
    texts: list[str] = []
    train, held_out = [], []
    for scene, name, image in read_tar(data / "aid_rsicd" / "images_150px.tar"):
        number = SCENE_NAMES.index(scene)
        if is_held_out(name):
            held_out.append(Real(image, number))
            continue
        own = records.get(f"{scene}/{name}", [])
        rows = tuple(range(len(texts), len(texts) + len(own)))
        texts += [text.rstrip(" .") for text in own]
        words: frozenset[int] = frozenset().union(*map(concepts_in, own))
        train.append(Real(image, number, rows, words))
    for scene, _, image in read_tar(data / "rsscn7" / "images_256px.tar"):
        train.append(Real(image, SCENE_NAMES.index(scene)))
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


def crop(rng: np.random.Generator, image: Pixels, size: int, low: float, high: float) -> Pixels:
    """Random square part, resized and turned or mirrored; its side is a share of the image's."""
    height, width = image.shape[:2]
    side = round(min(height, width) * rng.uniform(low, high))
    row, col = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    part = Image.fromarray(image[row : row + side, col : col + side])
    return turn(rng.integers(8), np.asarray(part.resize((size, size), Image.Resampling.BILINEAR)))


def turn(way: int | np.integer[Any], values: NDArray[Any]) -> NDArray[Any]:
    """One of the eight symmetries of the square."""
    values = np.rot90(values, int(way) % 4)
    return values[:, ::-1] if way >= 4 else values


def mosaic(
    rng: np.random.Generator, pools: list[list[Real]], labels: list[int], size: int
) -> tuple[Pixels, NDArray[np.int16]]:
    """Two to four uniform scenes cut together along smooth or straight borders."""
    image = np.zeros((size, size, 3), np.uint8)
    dense = np.full((size, size), -1, np.int16)
    rows, cols = np.mgrid[:size, :size] / size - 0.5
    for layer in range(rng.integers(2, 5)):
        kind = int(rng.integers(len(pools)))
        part = crop(rng, pools[kind][rng.integers(len(pools[kind]))].image, size, 0.4, 1.0)
        if layer == 0:
            inside = np.ones((size, size), bool)
        elif rng.random() < 0.5:
            noise = rng.standard_normal((5, 5))
            inside = ndimage.zoom(noise, size / 5, order=3, grid_mode=True, mode="nearest") > 0.2
        else:
            angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
            across = rows * np.sin(angle) + cols * np.cos(angle) - offset
            inside = (across > 0) & (across < rng.choice([0.2, 0.4, 2.0]))
        image[inside], dense[inside] = part[inside], labels[kind]
    return image, dense


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
    """Render training scenes once, on all processors, and keep them in ``cache``."""
    if not cache.exists():
        jobs = [(seed * 1_000_003 + number, settings) for number in range(settings["scenes"])]
        with ProcessPoolExecutor() as pool:
            scenes = list(pool.map(_render_one, jobs, chunksize=16))
        partial = cache.with_suffix(".part.npz")
        np.savez(
            partial, images=np.stack([i for i, _ in scenes]), dense=np.stack([d for _, d in scenes])
        )
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


@dataclass(frozen=True)
class Sampler:
    """Draws the batch of a step.

    Attributes:
        real: training scenes.
        rendered: rendered scenes.
        settings: the ``image`` part of the configuration.
        seed: of the whole run.
        holders: the rendered scenes that show each concept.
    """

    real: list[Real]
    rendered: Rendered
    settings: dict[str, Any]
    seed: int
    holders: dict[int, NDArray[np.int64]]

    def uniform(self) -> tuple[list[list[Real]], list[int]]:
        """Uniform scenes by class, and the concept of each."""
        pools = [[r for r in self.real if SCENE_NAMES[r.scene] == name] for name in UNIFORM]
        return pools, [CONCEPT_NAMES.index(concept) for concept in UNIFORM.values()]

    def batch(self, step: int, uniform: tuple[list[list[Real]], list[int]]) -> Batch:
        """The batch of a step: real scenes, mosaics, rendered scenes."""
        rng = np.random.default_rng((self.seed, step))
        size = self.settings["size"]
        chosen = [
            self.real[k] for k in rng.integers(len(self.real), size=self.settings["scene_batch"])
        ]
        images = [crop(rng, r.image, size, self.settings["least_crop"], 1.0) for r in chosen]
        labels = [partial_labels(r) for r in chosen]
        dense = []
        for _ in range(self.settings["mosaic_batch"]):
            image, label = mosaic(rng, *uniform, size)
            images.append(image)
            dense.append(label)
        for _ in range(self.settings["rendered_batch"]):
            image, label = self._rendered_crop(rng)
            images.append(image)
            dense.append(label)
        return Batch(
            np.stack(images),
            np.array([r.scene for r in chosen]),
            np.array([rng.choice(r.captions) if r.captions else -1 for r in chosen]),
            np.stack([c for c, _ in labels]),
            np.stack([r for _, r in labels]),
            np.stack(dense),
        )

    def _rendered_crop(self, rng: np.random.Generator) -> tuple[Pixels, NDArray[np.int16]]:
        """Part of a rendered scene around a pixel of a concept, all concepts equally likely."""
        settings, size = self.settings, self.settings["size"]
        if rng.random() < settings["balanced_share"]:
            concept = list(self.holders)[rng.integers(len(self.holders))]
            scenes = self.holders[concept]
            number = int(scenes[rng.integers(len(scenes))])
            places = np.flatnonzero(self.rendered.dense[number] == concept)
            place = int(places[rng.integers(len(places))])
        else:
            number = int(rng.integers(len(self.rendered.images)))
            place = int(rng.integers(self.rendered.dense[number].size))
        image, label = self.rendered.images[number], self.rendered.dense[number]
        side = round(size * float(np.exp(rng.uniform(*np.log(settings["rendered_zoom"])))))
        side = min(side, len(image))
        row, col = (
            int(np.clip(centre - rng.integers(side), 0, len(image) - side))
            for centre in divmod(place, len(image))
        )
        image, label = (
            image[row : row + side, col : col + side],
            label[row : row + side, col : col + side],
        )
        if rng.random() < settings["repaint_share"]:
            image = repaint(rng, image, label, share=0.5)
        shrunk = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
        nearest = ((np.arange(size) + 0.5) * side / size).astype(int)
        way = rng.integers(8)
        return turn(way, np.asarray(shrunk)), turn(way, label[nearest][:, nearest])
