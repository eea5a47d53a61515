"""What a run over a scene made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dgl_rsis.displayed import Displayed
from dgl_rsis.geo.windows import TileGrid
from dgl_rsis.models.base import ModelCard
from dgl_rsis.scene.source import SceneSource
from dgl_rsis.types import MapFrame


@dataclass(frozen=True)
class SceneMap(Displayed):
    """What a run over a scene made.

    Attributes:
        path: the map: a raster with 0 for no data or no class, k + 1 for class k, or polygons.
        scores: probabilities of the classes; None if they were not asked for.
        classes: names.
        pixels: how many of each class.
        valid: pixels that hold data.
        frame: where the map lies.
        merged: share of the pixels that lay in regions below the least area.
        source: how the scene was read.
        grid: tiles it was computed in.
        empty: tiles without data.
        failed: ``ROW_COLUMN`` of tiles that could not be computed -> why; they are no data.
        seconds: how long this run took.
        model_seconds: time in the model in this run, all workers together.
        computed: tasks that this run computed; fewer than twice the tiles where it was resumed.
        card: of the model.
        facts: what the run depended on.
    """

    path: Path
    scores: Path | None
    classes: tuple[str, ...]
    pixels: tuple[int, ...]
    valid: int
    frame: MapFrame | None
    merged: float
    source: SceneSource
    grid: TileGrid
    empty: int
    failed: Mapping[str, str]
    seconds: float
    model_seconds: float
    computed: int
    card: ModelCard
    facts: Mapping[str, Any]

    @property
    def shares(self) -> dict[str, float]:
        """Share of the valid pixels in each class."""
        total = max(1, self.valid)
        return {name: count / total for name, count in zip(self.classes, self.pixels, strict=True)}


def describe_tiles(result: SceneMap) -> dict[str, Any]:
    """Tile grid and what became of it, for the manifest."""
    return {
        **asdict(result.grid),
        "count": len(result.grid),
        "empty": result.empty,
        "failed": dict(result.failed),
        **result.facts["tiles"],
    }
