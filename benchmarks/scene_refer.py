"""Measure sentences about a large rendered scene, answered from its table of parts (*rendered*).

    python benchmarks/scene_refer.py [--side 10000] [--sentences 40] [--preset fast] [--wrong FILE]

One scene of that side is rendered at 0.5 m, with objects and land cover across all borders of tiles.
Questions of every construction are drawn for all of it in turn and answered by brute force from its
pixels; those whose answer hangs on a margin under 10 % are left out. Each is said in English and
answered twice:

* truth: the parts of each tile are the true things as far as the tile sees them, their features the
  true kinds. What goes wrong is the joining over borders, the sentence or the program.
* rs-tiny: parts and features as `open_scene` makes them, with the given preset.

An answer is right when it names exactly the expected things: the thing that covers most of a match,
overlapping it by half (intersection over union), nine tenths for the truth. Sentences are asked once
to meet new nouns, and once more in a changed order to be timed.

Exits with 1 below 95 % given the truth, when a sentence takes more than 3 s where a noun is new, or
more than 1 s where it is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from common import command, print_header, print_row
from numpy.typing import NDArray
from rasterio.features import rasterize

from dgl_rsis import load
from dgl_rsis.benchmark.asking import Question, ask
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.truth import Truth, truth_of
from dgl_rsis.benchmark.wording import NOUNS
from dgl_rsis.geo.windows import Box
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.render import render_scene
from dgl_rsis.results import SceneAnswer, SceneMatch
from dgl_rsis.scene.asking import OpenScene, open_scene
from dgl_rsis.scene.finding import Found
from dgl_rsis.scene.part_work import PartWork, PartWorker
from dgl_rsis.scene.scoring import NounScores
from dgl_rsis.scene.source import SceneOptions
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.tabulating import make_table, table_facts
from dgl_rsis.scene.views import Views
from dgl_rsis.stages.local import ImageFeatures
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.types import Raster

GSD = 0.5  # metres per pixel
SEED = 30_000
FLOOR = 0.95
MOST_NEW, MOST_KNOWN = 3.0, 1.0  # seconds of a sentence


def draw(path: Path, side: int, seed: int) -> Measures:
    """Write a scene; the measures of its things."""
    scene = render_scene(seed, size=side, gsd=GSD, theme="river")
    truth = truth_of(scene)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8"}
    place = {"crs": truth.frame.crs, "transform": Affine(*truth.frame.transform)}
    with rasterio.open(path, "w", tiled=True, **profile, **place) as dataset:
        dataset.write(np.moveaxis(truth.image, -1, 0))
    return Measures(truth)


class TrueWorker(PartWorker):
    """Finds the true things of a tile; their features say their kinds."""

    measures: Measures

    def readings(self, raster: Raster) -> ImageFeatures:
        """Nothing is read."""
        return ImageFeatures((), (), raster.rgb)

    def found(self, raster: Raster, readings: ImageFeatures, seen: Box, core: Box) -> Found:
        """True things as far as they are seen."""
        things = self.measures.truth.things
        crops, corners = [], []
        spread = np.array([thing.is_spread for thing in things] + [False])
        for thing in things:
            box = Box(*thing.box)
            part = box & seen
            if thing.is_spread or part.is_empty:
                continue
            crop = thing.mask[part.within(box)]
            if crop.any():
                crops.append(crop)
                corners.append((part.x0 - seen.x0, part.y0 - seen.y0))
        owner = _window(self.measures.owner, seen)
        segments = np.where(spread[owner], owner, -1).astype(np.int32)
        return Found(
            MaskSet.from_crops(crops, np.array(corners).reshape(-1, 2), seen.shape),
            np.ones(len(crops), np.float32),
            segments,
        )

    def described(self, masks: MaskSet, readings: ImageFeatures, seen: Box) -> NDArray[np.float16]:
        """Kinds as unit vectors."""
        kinds = list(self.measures.truth.kinds)
        owner = _window(self.measures.owner, seen)
        features = np.zeros((len(masks), 1, len(kinds)), np.float16)
        for index, (x0, y0, x1, y1) in enumerate(masks.boxes.tolist()):
            thing = int(owner[y0:y1, x0:x1][masks.crop(index)][0])
            features[index, 0, kinds.index(self.measures.truth.things[thing].kind)] = 1
        return features

    def views(self, masks: MaskSet, raster: Raster, readings: ImageFeatures) -> Views:
        """Nothing was read."""
        return Views.none(len(masks))


def _window(owner: NDArray[np.int64], seen: Box) -> NDArray[np.int64]:
    """Owners of the pixels of a box, -1 beyond the scene."""
    whole = Box(0, 0, owner.shape[1], owner.shape[0])
    inside = seen & whole
    window = np.full(seen.shape, -1, np.int64)
    window[inside.within(seen)] = owner[inside.within(whole)]
    return window


@dataclass(frozen=True)
class TrueScene(OpenScene):
    """A scene whose parts have their true kinds as features."""

    kinds: tuple[str, ...] = ()

    def scores(self, nouns: Sequence[str]) -> Mapping[str, NounScores]:
        """1 for kinds that a noun names, else what a mismatch of names has."""
        lexicon = default_lexicon()
        mismatch = self.model.settings.select.name_mismatch
        own = np.asarray(self.table.features[:, 0]).argmax(axis=-1)
        found = {}
        for noun in nouns:
            means = [
                lexicon.overlap(NOUNS.get(kind, ((kind, ""),))[0][0], noun) for kind in self.kinds
            ]
            probability = np.where(np.array(means)[own], 1.0, mismatch).astype(np.float32)
            found[noun] = NounScores(probability, 1 - probability)
        return found


def true_scene(path: Path, measures: Measures, model: Model, tile_size: int | None) -> OpenScene:
    """The scene with the table of the true things."""

    class Worker(TrueWorker):
        def __init__(self, work: PartWork, model: Model, threads: int = 1) -> None:
            super().__init__(work, model, threads)
            self.measures = measures

    reading = SceneOptions()
    table = make_table(
        path.with_name("truth.table"),
        plan_source(path, reading),
        table_facts(path, reading, model, tile_size),
        model,
        tile_size=tile_size,
        overwrite=True,
        worker_of=Worker,
    )
    return TrueScene(table, model, None, tuple(measures.truth.kinds))


def named(match: SceneMatch, measures: Measures, least: float) -> int:
    """The thing that a match covers, -1 where it is none."""
    x0, y0, x1, y1 = match.box
    place = Affine.translation(x0, y0)
    inside = rasterize([match.outline], (y1 - y0, x1 - x0), transform=place).astype(bool)
    owners = measures.owner[y0:y1, x0:x1][inside]
    counts = np.bincount(owners + 1, minlength=2)[1:]
    thing = int(counts.argmax())
    shared = int(counts[thing])
    union = int(inside.sum()) + measures.truth.things[thing].area - shared
    return thing if shared >= least * union else -1


@dataclass
class Count:
    """Sentences that were asked and answered, and the seconds that they took."""

    asked: int = 0
    right: int = 0
    overlap: float = 0.0
    new: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, question: Question, answer: SceneAnswer, things: set[int]) -> None:
        """Count one more."""
        expected = set(question.chosen)
        is_right = things == expected
        self.asked += 1
        self.right += is_right
        self.overlap += len(things & expected) / len(things | expected)
        if not is_right:
            notes = "".join(f"; {note}" for note in answer.notes)
            self.wrong.append(
                f"{question.construction}: {question.text}\n    {answer.query.program}\n"
                f"    expected {sorted(expected)}, got {sorted(things)}{notes}"
            )

    def row(self, name: str, parts: int, made: float) -> None:
        """Print it."""
        print_row(
            name,
            f"{parts:,}",
            f"{made:.0f} s",
            str(self.asked),
            f"{self.right / max(1, self.asked):.3f}",
            f"{self.overlap / max(1, self.asked):.3f}",
            f"{np.median(self.new):.2f} / {max(self.new):.2f} s",
            f"{np.median(self.known):.2f} / {max(self.known):.2f} s",
        )


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function returns, and its seconds."""
    began = time.perf_counter()
    return function(), time.perf_counter() - began


def measured(
    scene: OpenScene, questions: Sequence[Question], measures: Measures, least: float
) -> Count:
    """Ask all questions, twice."""
    count = Count()
    for question in questions:
        answer, seconds = timed(lambda text=question.text: scene.refer(text))  # type: ignore[misc]
        count.new.append(seconds)
        things = {named(match, measures, least) for match in answer.chosen}
        count.add(question, answer, things)
    for question in reversed(questions):
        _, seconds = timed(lambda text=question.text: scene.refer(text))  # type: ignore[misc]
        count.known.append(seconds)
    return count


def main() -> None:
    """Print a row for the truth and one for rs-tiny."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--side", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sentences", type=int, default=40)
    parser.add_argument("--tile-size", type=int)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--only-truth", action="store_true")
    parser.add_argument("--wrong", type=Path, help="file for the questions answered wrongly")
    options = parser.parse_args()
    model = load("rs-tiny", preset=options.preset, device="cpu")
    print(command())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.tif"
        measures = draw(path, options.side, options.seed)
        truth: Truth = measures.truth
        questions: list[Question] = []
        for question in ask(measures, np.random.default_rng(options.seed), 3):
            questions.append(question)
            if len(questions) == options.sentences:
                break
        print(f"{options.side:,} x {options.side:,} pixels, {len(truth.things)} things")
        print_header(
            "Parts", "number", "made in", "sentences", "right", "overlap of sets",
            "first time, median / most", "again, median / most",
        )  # fmt: skip
        scene, made = timed(lambda: true_scene(path, measures, model, options.tile_size))
        true = measured(scene, questions, measures, 0.9)
        true.row("truth", len(scene.table), made)
        counts = [true]
        if not options.only_truth:
            scene, made = timed(lambda: open_scene(path, model=model, tile_size=options.tile_size))
            counts.append(measured(scene, questions, measures, 0.5))
            counts[1].row(f"rs-tiny {options.preset}", len(scene.table), made)
    if options.wrong is not None:
        lines = [line for count in counts for line in (*count.wrong, "")]
        options.wrong.write_text("\n".join(lines), encoding="utf-8")
    is_right = true.right >= FLOOR * true.asked
    is_fast = all(max(count.new) <= MOST_NEW and max(count.known) <= MOST_KNOWN for count in counts)
    sys.exit(int(not (is_right and is_fast)))


if __name__ == "__main__":
    main()
