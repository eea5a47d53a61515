"""The job `segment`: class names in, a map out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dgl_rsis import outputs
from dgl_rsis.apps.saving import record_map, save_map
from dgl_rsis.apps.server.model_cache import ModelCache, reading
from dgl_rsis.apps.server.shapes import hex_colour, write_class_shapes
from dgl_rsis.apps.server.tasks import RASTER, SHAPES, VECTORS, Task
from dgl_rsis.geo.class_windows import open_class_map
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.geo.polygonizing import measure_file, polygonize
from dgl_rsis.geo.table_writer import write_tables
from dgl_rsis.geo.vector import write_vectors
from dgl_rsis.progress import Progress
from dgl_rsis.scene.writing import Writing
from dgl_rsis.types import MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from dgl_rsis.pipeline import Model

_SCORES = "scores.tif"


def run_segment(task: Task, cache: ModelCache, progress: Progress) -> dict[str, Any]:
    """Map a scene into the folder of a task.

    Returns:
        The result of the job in JSON types.

    Raises:
        DglRsisError: the scene or the classes cannot be used, or the job was cancelled.
    """
    model = cache.model(task.request["settings"]["preset"])
    if cache.is_large(task, model):
        return _in_tiles(task, model, progress)
    return _whole(task, cache, model, progress)


def _whole(task: Task, cache: ModelCache, model: Model, progress: Progress) -> dict[str, Any]:
    settings, classes = task.request["settings"], task.request["classes"]
    result = model.segment(cache.raster(task), classes, progress=progress)
    Writing(progress, 1).begin("writing files")
    result = outputs.sieve(result, settings["min_area"])
    paths = save_map(result, task.folder / RASTER)
    table = polygonize(
        result.labels, result.classes, frame=result.raster.frame, scores=result.scores
    )
    for name in VECTORS:
        write_vectors(task.folder / name, table)
        paths.append(task.folder / name)
    record_map(result, paths, model, options={"classes": classes, **settings}, seconds=0.0)
    pixels = [int((result.labels == index).sum()) for index in range(len(result.classes))]
    valid = int(result.raster.valid.sum())
    legend = _legend(result.classes, pixels, valid, result.raster.frame)
    return _result(task, table, legend, list(result.notes))


def _in_tiles(task: Task, model: Model, progress: Progress) -> dict[str, Any]:
    import geopandas

    from dgl_rsis.scene.segmenting import segment_scene

    settings, classes = task.request["settings"], task.request["classes"]
    target, scores = task.folder / RASTER, task.folder / _SCORES
    found = segment_scene(
        task.path,
        classes,
        target,
        scores=scores,
        min_area=settings["min_area"],
        model=model,
        reading=reading(task),
        progress=progress,
    )
    with ExitStack() as stack:
        file = stack.enter_context(open_class_map(target))
        measured = measure_file(file, stack.enter_context(open_raster(scores)))
        writing = Writing(progress, len(found.grid))
        for name in VECTORS:
            writing.begin(f"writing {name}")
            write_tables(task.folder / name, measured.tables())
    scores.unlink()
    notes = [*found.source.notes, *(f"tile {tile}: {why}" for tile, why in found.failed.items())]
    legend = _legend(found.classes, found.pixels, found.valid, found.frame)
    table = geopandas.read_file(task.folder / VECTORS[1], layer="result")
    return _result(task, table, legend, notes)


def _result(
    task: Task, table: GeoDataFrame, legend: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    colours = {each["class"]: each["colour"] for each in legend}
    left_out = write_class_shapes(task.folder / SHAPES, table, task.placement, colours)
    if left_out:
        notes.append(f"the map of the page leaves out {left_out} small polygons; files have all")
    return {
        "legend": legend,
        "notes": notes,
        "layers": ["classes"],
        "downloads": ["geojson", "gpkg", "tif"],
    }


def _legend(
    classes: Sequence[str], pixels: Sequence[int], valid: int, frame: MapFrame | None
) -> list[dict[str, Any]]:
    area = None if frame is None else frame.pixel_area_m2
    return [
        {
            "class": name,
            "colour": hex_colour(colour),
            "area_m2": None if area is None else count * area,
            "pixels": count,
            "share": count / max(1, valid),
        }
        for name, colour, count in zip(classes, class_colours(classes), pixels, strict=True)
    ]
