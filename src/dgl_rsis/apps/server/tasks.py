"""What the process with the model is told, and where it finds and leaves files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgl_rsis.apps.server.placing import Placement

AREA = "area.geojson"
CANDIDATES_IN = "candidates-in.geojson"
POLYGONS_IN = "polygons.geojson"
SHAPES = "shapes.geojson"
CANDIDATES = "candidates.geojson"
RANKING = "ranking.gpkg"
VECTORS = ("result.geojson", "result.gpkg")
RASTER = "result.tif"
LAYERS = {"classes": "result.tif", "heat": "heat.tif"}
"""Layers of results -> the file that their tiles are drawn from."""


@dataclass(frozen=True)
class Task:
    """One job for the process with the model.

    Attributes:
        id: of the job.
        kind: segment, refer or label.
        path: of the scene.
        name: of the scene, for people.
        placement: of the scene.
        folder: of the job: files that the request brought, and those of the result.
        tables: folder for the tables of large scenes.
        request: what was asked for, without the polygons, which are files.
        bands: of the scene that make the picture; None goes by the file.
    """

    id: str
    kind: str
    path: Path
    name: str
    placement: Placement
    folder: Path
    tables: Path
    request: Mapping[str, Any]
    bands: tuple[int, ...] | None = None

    @property
    def area(self) -> Path | None:
        """File of the part of the scene that was asked about; None for all."""
        file = self.folder / AREA
        return file if file.is_file() else None
