"""One process of a run: its data set, its models, and what every way answers about an image.

Whatever goes wrong while a way answers is written down as its failure and counts as a wrong
answer; the run goes on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from dgl_rsis import __version__
from dgl_rsis.benchmark.baselines.registry import (
    MAP_BASELINES,
    check_needs,
    needs_proposals,
    threshold_of,
)
from dgl_rsis.benchmark.datasets.published_words import with_words
from dgl_rsis.benchmark.datasets.registry import read_dataset
from dgl_rsis.benchmark.datasets.samples import (
    MapDataset,
    MapSample,
    ReferDataset,
    ReferSample,
)
from dgl_rsis.benchmark.evaluation.losses import CLASSES
from dgl_rsis.benchmark.evaluation.maps import answer_map
from dgl_rsis.benchmark.evaluation.sentences import Asked, answer_sentences
from dgl_rsis.benchmark.evaluation.shared import Kept, SharedBackbone, SharedFinder, unshared
from dgl_rsis.benchmark.evaluation.ways import Way
from dgl_rsis.config import make_settings
from dgl_rsis.device import choose_device
from dgl_rsis.errors import InputError
from dgl_rsis.manifest import library_versions, source_commit
from dgl_rsis.models.base import BackboneOptions
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposing import DETECTOR


@dataclass(frozen=True)
class Plan:
    """What is run; small, for it travels to every worker.

    Attributes:
        dataset: name of the data set.
        folder: where it lies; None for sets that are made on the spot.
        split: of the set; None takes its usual one.
        ways: what is compared.
        device: see ``load``.
        limit: how many images, drawn by ``seed``; None takes all.
        seed: of all that is drawn.
        sentences: how many of each image at most, drawn by ``seed``; None takes all.
        words: key of ``published_words.VOCABULARIES``; None asks for ``MapDataset.words``.
    """

    dataset: str
    folder: str | None
    split: str | None
    ways: tuple[Way, ...]
    device: str = "auto"
    limit: int | None = None
    seed: int = 0
    sentences: int | None = None
    words: str | None = None


class Bench:
    """A data set and the models of a plan.

    Attributes:
        plan: what is run.
        dataset: that is read.
        models: of the ways that are run; those with the same backbone share it.
        left_out: names of ways that their models cannot run, and what these lack.
    """

    def __init__(self, plan: Plan) -> None:
        """Open the data set and load the models.

        Raises:
            InputError: the data set or a way cannot be used, or the models lack what all ways need.
            ModelError: a model cannot be loaded.
        """
        self.plan = plan
        self.dataset = read_dataset(plan.dataset, Path(plan.folder or "."), plan.split)
        if plan.words is not None:
            self.dataset = with_words(self.dataset, plan.words)
        self._kept = Kept()
        self._backbones: dict[tuple[str, str], SharedBackbone] = {}
        loaded = {way: self._load(way) for way in plan.ways}
        self.left_out = {
            way.name: lack
            for way, model in loaded.items()
            if (lack := _lack(way, model, self.dataset))
        }
        self.models = {way: model for way, model in loaded.items() if way.name not in self.left_out}
        if not self.models:
            raise InputError(f"nothing to run: {'; '.join(dict.fromkeys(self.left_out.values()))}")
        self._samples: dict[str, list[Any]] = {}
        for sample in self.dataset.samples:
            self._samples.setdefault(_image_of(sample), []).append(sample)

    def images(self) -> list[str]:
        """Names of the images that are run, in the order of the set."""
        names = list(self._samples)
        if self.plan.limit is None or self.plan.limit >= len(names):
            return names
        random = np.random.default_rng(self.plan.seed)
        drawn = random.choice(len(names), self.plan.limit, replace=False)
        return [names[index] for index in sorted(drawn.tolist())]

    def samples(self, image: str) -> list[Any]:
        """What is asked about an image: its map, or sentences about it."""
        samples, most = self._samples[image], self.plan.sentences
        if most is None or most >= len(samples):
            return samples
        random = np.random.default_rng([self.plan.seed, *image.encode()])
        drawn = random.choice(len(samples), most, replace=False)
        return [samples[index] for index in sorted(drawn.tolist())]

    def forget(self) -> None:
        """Drop what is kept of the last image; call it before the next."""
        self._kept.forget()

    def heading(self) -> dict[str, Any]:
        """What is run, in JSON values: data set, ways, models, versions."""
        plan, dataset = self.plan, self.dataset
        facts: dict[str, Any] = {"dataset": dataset.name, "task": "sentences"}
        if isinstance(dataset, MapDataset):
            facts |= {
                "task": "maps",
                "classes": list(dataset.classes),
                "words": list(dataset.words),
                "background": dataset.background,
            }
        return {
            **facts,
            "folder": None if plan.folder is None else Path(plan.folder).resolve().name,
            "samples": self._fingerprint(),
            "device": choose_device(plan.device)[0].partition(":")[0],
            "limit": plan.limit,
            "sentences_per_image": plan.sentences,
            "seed": plan.seed,
            "ways": {way.name: self._facts(way, model) for way, model in self.models.items()},
            "left_out": self.left_out,
            "versions": {
                "dgl-rsis": __version__,
                "commit": source_commit(),
                **library_versions(),
            },
        }

    def _fingerprint(self) -> str:
        """How much the set holds, and a digest of what is asked: changed sets are no resumed run."""
        asked = [
            [sample.name, sample.image, getattr(sample, "sentence", None)]
            for sample in self.dataset.samples
        ]
        digest = blake2b(json.dumps(asked).encode(), digest_size=8).hexdigest()
        return f"{len(asked)}, digest {digest}"

    def answer(self, image: str) -> dict[str, Any]:
        """What every way answers about an image: the entry of the journal."""
        self.forget()
        samples = self.samples(image)
        if isinstance(self.dataset, MapDataset):
            answers = {
                way.name: answer_map(model, way, samples[0], self.dataset)
                for way, model in self.models.items()
            }
        else:
            asked: Asked = {}
            answers = {
                way.name: answer_sentences(model, way, samples, self.dataset, asked)
                for way, model in self.models.items()
            }
        return {"image": image, "ways": answers}

    def _facts(self, way: Way, model: Model) -> dict[str, Any]:
        """What a way is run with, in JSON values."""
        facts: dict[str, Any] = {
            "model": model.backbone.card.name,
            "revision": model.backbone.card.revision,
            "method": way.method,
            "settings": model.settings.model_dump(mode="json"),
        }
        if way.baseline is not None and way.baseline in MAP_BASELINES:
            facts["threshold"] = threshold_of(way.baseline, self.dataset.name)
        return facts

    def _load(self, way: Way) -> Model:
        """The model of a way; ways with the same backbone share it."""
        settings = make_settings(way.preset, way.overrides)
        options = settings.backbone.model_dump(exclude={"device"})
        key = way.model, repr(sorted(options.items()))
        if key not in self._backbones:
            backbone = load_backbone(way.model, self.plan.device, BackboneOptions(**options))
            self._backbones[key] = SharedBackbone(backbone, self._kept)
        model = load(
            self._backbones[key], preset=way.preset, device=self.plan.device, settings=way.overrides
        )
        model = replace(model, find=SharedFinder(self._kept, repr(sorted(options.items()))))
        if isinstance(self.dataset, MapDataset):
            return model
        return replace(model, matcher=model.explainer)  # what is missing is told at the start


def _lack(way: Way, model: Model, dataset: MapDataset | ReferDataset) -> str | None:
    """What the model of a way, or the set, lacks to run it, in one line; None where it can."""
    if way.baseline == CLASSES and isinstance(dataset, ReferDataset):
        if all(sample.read_classes is not None for sample in dataset.samples):
            return None
        return (
            f"{CLASSES} needs true classes, {dataset.name} has masks of what is referred to alone"
        )
    if way.baseline is None or way.baseline.startswith("oracle"):
        return None
    try:
        check_needs(way.baseline, unshared(model))
    except InputError as error:
        return str(error)
    if isinstance(dataset, MapDataset) or not needs_proposals(way.baseline):
        return None
    parts = model.settings.proposals.parts
    if DETECTOR not in parts and set(parts) != {"tree"}:
        return None
    return (
        f"baseline {way.baseline} chooses among flat masks of anything, which the proposer "
        f"{'+'.join(parts)} does not give; take another, e.g. flat"
    )


def _image_of(sample: MapSample | ReferSample) -> str:
    return sample.name if isinstance(sample, MapSample) else sample.image


@cache
def bench_of(plan: Plan) -> Bench:
    """The bench of a plan; a process makes it once."""
    return Bench(plan)
