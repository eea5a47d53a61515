"""The job `refer`: a sentence in, the ranked candidates out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dgl_rsis.apps.candidate_file import read_candidates
from dgl_rsis.apps.saving import record_answers, save_answers
from dgl_rsis.apps.server.model_cache import ModelCache
from dgl_rsis.apps.server.shapes import CHOSEN, OTHER, write_features
from dgl_rsis.apps.server.tasks import (
    CANDIDATES,
    CANDIDATES_IN,
    LAYERS,
    RANKING,
    SHAPES,
    VECTORS,
    Task,
)
from dgl_rsis.errors import InputError
from dgl_rsis.geo.vector import write_vectors
from dgl_rsis.outputs import answer_table, save_heatmap
from dgl_rsis.progress import Progress, Teller
from dgl_rsis.results import ReferResult, SceneAnswer

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from dgl_rsis.types import MapFrame


def run_refer(task: Task, cache: ModelCache, progress: Progress) -> dict[str, Any]:
    """Answer a sentence into the folder of a task.

    Returns:
        The result of the job in JSON types.

    Raises:
        DglRsisError: the scene, the sentence or the candidates cannot be used, or the job was
            cancelled.
    """
    began = time.perf_counter()
    request = task.request
    model = cache.ranking_model(request["settings"]["preset"])
    sentence, file = request["text"], task.folder / CANDIDATES_IN
    answer: ReferResult | SceneAnswer
    attributes = outlines = None
    remarks: list[str] = []
    is_large = cache.is_large(task, model)
    if is_large and file.is_file():
        raise InputError(
            f"{task.name} is too large to choose among own candidates; restrict the search to an "
            "area of it"
        )
    if is_large:
        answer = cache.scene(task, model, progress).refer(sentence)
    elif file.is_file():
        raster = cache.raster(task)
        given = read_candidates(str(file), raster)
        attributes, outlines, remarks = given.attributes, given.outlines, given.remarks
        (answer,) = model.refer_many(
            raster, [sentence], candidates=given.masks, names=given.names, progress=progress
        )
    else:
        tell = Teller(progress, 3)
        tell("reading the image")
        prepared = cache.prepared(task, model, sentence)
        tell("answering")
        answer = model.ask(prepared, sentence)
        tell("writing files")
    table = answer_table([answer], attributes=attributes, outlines=outlines)
    described = _candidates(task, answer, table)
    colours = [CHOSEN if each["chosen"] else OTHER for each in described]
    properties = [
        {"class": answer.query.target.noun, "colour": colour, **each}
        for each, colour in zip(described, colours, strict=True)
    ]
    ids = [each["id"] for each in described]
    write_features(task.folder / CANDIDATES, table, task.placement, properties, ids)
    chosen = [index for index, each in enumerate(described) if each["chosen"]]
    write_features(
        task.folder / SHAPES,
        table.iloc[chosen],
        task.placement,
        [properties[index] for index in chosen],
        [ids[index] for index in chosen],
    )
    write_vectors(task.folder / RANKING, table.assign(candidate_id=ids))
    downloads, layers = ["geojson", "gpkg"], []
    shown = _shown(answer, request["top_k"])
    paths = []
    for name in VECTORS:
        paths += save_answers([shown], task.folder / name, attributes=attributes, outlines=outlines)
    if isinstance(answer, ReferResult):
        if request["heatmap"] and answer.heatmap.any():
            save_heatmap(answer, task.folder / LAYERS["heat"])
            layers, downloads = ["heat"], [*downloads, "tif"]
        record_answers(
            [answer],
            paths,
            model,
            options={"sentence": sentence, **request["settings"]},
            seconds=time.perf_counter() - began,
            notes=remarks,
        )
    return {
        "understood": str(answer.query),
        "notes": [*answer.notes, *remarks],
        "explanation": answer.explain(),
        "matched": bool(answer.chosen),
        "matches": [each for each in described if each["chosen"]],
        "candidates": described,
        "layers": layers,
        "downloads": downloads,
    }


def _shown(answer: ReferResult | SceneAnswer, top_k: int) -> ReferResult | SceneAnswer:
    """The answer with as long a ranking as was asked for."""
    count = max(top_k, len(answer.chosen))
    if isinstance(answer, ReferResult):
        return replace(answer, matches=answer.matches[:count])
    return replace(answer, matches=answer.matches[:count])


def _candidates(
    task: Task, answer: ReferResult | SceneAnswer, table: GeoDataFrame
) -> list[dict[str, Any]]:
    shapes = task.placement.lonlat_of_table(table) if len(table) else np.zeros(0, object)
    area = _pixel_area(answer.frame)
    return [
        {
            "id": match.index,
            "rank": rank,
            "chosen": match.chosen,
            "score": match.score,
            "probability": match.terms.get("probability", match.score),
            "reason": match.reason,
            "area_m2": None if area is None else match.area * area,
            "pixels": match.area,
            "box": list(match.box),
            "bounds": [float(side) for side in shapely.bounds(shape)],
            "terms": [{"name": name, "value": float(value)} for name, value in match.terms.items()],
        }
        for rank, (match, shape) in enumerate(zip(answer.ranking, shapes, strict=True), start=1)
    ]


def _pixel_area(frame: MapFrame | None) -> float | None:
    return None if frame is None else frame.pixel_area_m2
