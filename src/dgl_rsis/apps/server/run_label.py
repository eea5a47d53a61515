"""The job `label`: polygons in, the same with classes out."""

from __future__ import annotations

import time
from typing import Any

from dgl_rsis.apps.saving import record
from dgl_rsis.apps.server.model_cache import ModelCache, reading
from dgl_rsis.apps.server.shapes import hex_colour, write_features
from dgl_rsis.apps.server.tasks import POLYGONS_IN, SHAPES, VECTORS, Task
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.geo.parcels import read_parcels
from dgl_rsis.progress import Progress
from dgl_rsis.scene.labelling import label

_NO_CLASS = "#9a9a9a"


def run_label(task: Task, cache: ModelCache, progress: Progress) -> dict[str, Any]:
    """Give the polygons of a request classes, into the folder of a task.

    Returns:
        The result of the job in JSON types.

    Raises:
        DglRsisError: the scene, the polygons or the classes cannot be used, or the job was
            cancelled.
    """
    began = time.perf_counter()
    request = task.request
    model = cache.model(request["settings"]["preset"])
    parcels = read_parcels(task.folder / POLYGONS_IN)
    result = label(
        model, task.path, parcels, request["classes"], reading=reading(task), progress=progress
    )
    paths = [task.folder / name for name in VECTORS]
    for path in paths:
        result.save(path)
    record(
        "label",
        paths,
        options={"classes": request["classes"], **request["settings"]},
        raster=None,
        seconds=time.perf_counter() - began,
        model=model,
        facts={"input": dict(result.scene.facts), "classes": result.counts},
        notes=result.notes,
    )
    names = result.names
    colours = {
        name: hex_colour(colour)
        for name, colour in zip(result.classes, class_colours(result.classes), strict=True)
    }
    table = result.table
    rows = table.drop(columns=table.geometry.name)
    placed = table.geometry.notna() & ~table.geometry.is_empty
    properties, skipped = [], []
    for number, (row, is_placed) in enumerate(zip(rows.to_dict("records"), placed, strict=True)):
        own = {key: _plain(row[name]) for key, name in names.items()}
        if own["class"] is None:
            skipped.append({"feature": number, "why": own["note"] or "no class fits"})
        if is_placed:
            properties.append({**own, "colour": colours.get(str(own["class"]), _NO_CLASS)})
    kept = table[placed.to_numpy()]
    if kept.crs is None and task.placement.georeferenced:
        kept = kept.set_crs(task.placement.crs)
    write_features(task.folder / SHAPES, kept, task.placement, properties)
    return {
        "classes": list(result.classes),
        "counts": result.counts,
        "notes": list(result.notes),
        "skipped": skipped,
        "layers": [],
        "downloads": ["geojson", "gpkg"],
    }


def _plain(value: Any) -> Any:
    """A value of a table in JSON types; what is missing is None."""
    import pandas

    if value is None or pandas.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
