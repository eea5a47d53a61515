"""The files that a job reads: polygons of the request, and where its scene lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dgl_rsis.apps.server.bodies import Area, Body, Features, LabelBody, ReferBody
from dgl_rsis.apps.server.placing import LONLAT
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.apps.server.scenes import Scene
from dgl_rsis.apps.server.tasks import AREA, CANDIDATES_IN, POLYGONS_IN


def write_request(place: Path, body: Body, scene: Scene) -> None:
    """Write what a job needs into its folder.

    Raises:
        Problem: polygons have no place on the scene.
        OSError: a file cannot be written.
    """
    if isinstance(body, LabelBody):
        _write_features(place / POLYGONS_IN, body.polygons, scene)
    elif body.area is not None:
        _write_area(place / AREA, body.area, scene)
    if isinstance(body, ReferBody) and body.candidates is not None:
        _write_features(place / CANDIDATES_IN, body.candidates, scene)
    values = {"placement": scene.placement.to_json(), "name": scene.name}
    (place / "scene.json").write_text(json.dumps(values), encoding="utf-8")


def _write_area(path: Path, area: Area, scene: Scene) -> None:
    feature = {"type": "Feature", "geometry": area.model_dump(), "properties": {}}
    _write(path, [feature], scene, None)


def _write_features(path: Path, features: Features, scene: Scene) -> None:
    values = [each.model_dump(mode="json") for each in features.features]
    _write(path, values, scene, features.crs_name())


def _write(path: Path, features: list[dict[str, Any]], scene: Scene, crs: str | None) -> None:
    """Write polygons of a request as the functions that read vector files want them.

    Raises:
        Problem: they have no place on the scene.
    """
    import numpy as np
    import shapely

    collection: dict[str, Any] = {"type": "FeatureCollection"}
    placement = scene.placement
    if not placement.georeferenced and crs in (None, LONLAT, "EPSG:4326"):
        shapes = np.array(
            [shapely.from_geojson(json.dumps(each["geometry"])) for each in features], object
        )
        moved = placement.own_of_lonlat(shapes)
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise Problem(422, "off-the-map", "the polygons lie beyond the map; draw them again")
        for each, shape in zip(features, moved, strict=True):
            each["geometry"] = json.loads(shapely.to_geojson(shape))
    elif crs is not None:
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps({**collection, "features": features}), encoding="utf-8")
