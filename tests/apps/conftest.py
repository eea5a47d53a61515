"""Small images on disk and a model that answers at once, for the tests of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from dgl_rsis import pipeline
from dgl_rsis.config import Settings, make_settings
from dgl_rsis.models.base import ModelCard
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.results import Match, ReferResult, SegmentResult
from dgl_rsis.text.parse import parse
from dgl_rsis.types import Raster

SHAPE = (40, 60)
TRANSFORM = Affine(0.5, 0, 400000, 0, -0.5, 5600000)


CARD = ModelCard("fake", "1", "CC0", "a test", "for tests only")


@dataclass(frozen=True)
class FakeBackbone:
    card: ModelCard


@dataclass(frozen=True)
class FakeModel:
    """Columns become classes in turn; the answer is the left half, the right half is second."""

    settings: Settings
    backbone: FakeBackbone = field(default_factory=lambda: FakeBackbone(CARD))
    asked: dict[str, Any] = field(default_factory=dict)
    used_matcher: None = None

    def segment(
        self, image: Raster, classes: Sequence[str], *, other: object = None, progress: Any = None
    ) -> SegmentResult:
        self.asked.update(other=other, classes=list(classes))
        names = (*classes, other) if isinstance(other, str) else tuple(classes)
        columns = np.arange(image.shape[1]) * len(names) // image.shape[1]
        labels = np.where(image.valid, columns[None, :], -1).astype(np.int16)
        labels[0, 0] = len(names) - 1  # a region of one pixel
        scores = np.where(labels >= 0, np.float32(0.75), np.float32(0))
        notes = tuple(image.facts["notes"])
        return SegmentResult(labels, scores, names, image, "dense", notes)

    def refer_many(
        self,
        image: Raster,
        sentences: Sequence[str],
        *,
        candidates: MaskSet | None = None,
        names: Sequence[str] | None = None,
        scores: Sequence[float] | None = None,
        refine: bool = False,
        progress: Any = None,
    ) -> list[ReferResult]:
        self.asked.update(candidates=candidates, names=names, scores=scores, refine=refine)
        return [self._answer(image, sentence) for sentence in sentences]

    def _answer(self, image: Raster, sentence: str) -> ReferResult:
        height, width = image.shape
        half = width // 2
        found = "nothing" not in sentence
        terms = {"probability": 0.5, "left of": 1.0}
        matches = tuple(
            Match(
                np.ones((height, half), bool),
                (x, 0, x + half, height),
                image.shape,
                0.9 - 0.2 * rank,
                terms,
                found and rank == 0,
                rank,
            )
            for rank, x in enumerate((0, width - half))
        )
        mask = np.zeros(image.shape, bool)
        mask[:, :half] = found
        heat = np.linspace(1, 0, width, dtype=np.float32)[None].repeat(height, 0)
        return ReferResult(mask, matches, parse(sentence), heat, image, ("a note",))


@pytest.fixture
def fake_model() -> FakeModel:
    """A model that was loaded already."""
    return FakeModel(make_settings())


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[FakeModel]:
    """Replaces loading; the list holds the models that were loaded."""
    loaded: list[FakeModel] = []

    def load(
        model: str = "rs-tiny",
        *,
        proposer: str | None = None,
        preset: str = "default",
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> FakeModel:
        loaded.append(FakeModel(make_settings(preset, settings)))
        return loaded[-1]

    monkeypatch.setattr(pipeline, "load", load)
    return loaded


def write_image(
    path: Path, values: np.ndarray, *, nodata: float | None = None, located: bool = True
) -> Path:
    """Write ``(B, H, W)`` values as a GeoTIFF."""
    profile: dict[str, Any] = {"transform": TRANSFORM, "crs": "EPSG:25832"} if located else {}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=values.shape[0],
        height=values.shape[1],
        width=values.shape[2],
        dtype=values.dtype,
        nodata=nodata,
        **profile,
    ) as dataset:
        dataset.write(values)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A noisy RGB GeoTIFF of 40 x 60 pixels of half a metre."""
    values = np.random.default_rng(3).integers(40, 250, (3, *SHAPE), dtype=np.uint8)
    return write_image(tmp_path / "scene.tif", values)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line in this process: exit code, stdout and stderr."""
    from dgl_rsis.apps.cli import main

    def run_main(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_main
