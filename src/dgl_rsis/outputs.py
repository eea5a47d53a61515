"""Results as files: maps, scores, matches, heat maps and pictures (docs/design.md 2).

The suffix decides the format. Everything lies on the grid of the input, and a file appears under
its name when it is complete or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dgl_rsis.explanation import SCORE_DIGITS
from dgl_rsis.geo.dissolving import dissolve
from dgl_rsis.geo.output_file import atomic, check_output
from dgl_rsis.geo.polygonizing import polygonize
from dgl_rsis.geo.regions import Labels, find_regions
from dgl_rsis.geo.vector import matches_frame, outlines_frame, write_vectors
from dgl_rsis.geo.writer import RASTER_SUFFIXES, VECTOR_SUFFIXES, write_classes, write_floats
from dgl_rsis.manifest import describe_query, to_json
from dgl_rsis.results import Match, ReferResult, SceneAnswer, SceneMatch, SegmentResult
from dgl_rsis.types import MapFrame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray
    from pandas import DataFrame
    from PIL.Image import Image

PICTURE_SUFFIXES = (".png",)
MAP_SUFFIXES = (*RASTER_SUFFIXES, *VECTOR_SUFFIXES, *PICTURE_SUFFIXES)
EXPLANATION_SUFFIXES = (*PICTURE_SUFFIXES, ".json")
ANSWER_SUFFIXES = (*VECTOR_SUFFIXES, *EXPLANATION_SUFFIXES)
_OWN_COLUMNS = {
    "sentence",
    "rank",
    "chosen",
    "score",
    "class",
    "area_m2",
    "area_px",
    "geometry",
    "fid",
}


def save_segment(
    result: SegmentResult, path: Path, *, min_area: float = 0.0, simplify: float = 0.0
) -> None:
    """Write a class map as raster, polygons or picture.

    Args:
        result: the map.
        path: .tif, .gpkg, .geojson, .parquet, .fgb or .png; replaced if it exists.
        min_area: polygons below this are left out; square metres, or pixels where the image has
            no lengths. Of vectors only.
        simplify: tolerance of polygons in CRS units, or pixels without a CRS. Of vectors only.

    Raises:
        OutputError: the suffix is unknown or writing fails.
    """
    suffix = check_output(path, overwrite=True, suffixes=MAP_SUFFIXES).suffix.lower()
    frame = result.raster.frame
    if suffix in RASTER_SUFFIXES:
        write_classes(path, result.labels, result.classes, frame=frame)
    elif suffix in VECTOR_SUFFIXES:
        table = polygonize(
            result.labels,
            result.classes,
            frame=frame,
            scores=result.scores,
            min_area=min_area,
            simplify=simplify,
        )
        write_vectors(path, table)
    else:
        from dgl_rsis.drawing import draw_map

        save_picture(draw_map(result), path)


def save_scores(result: SegmentResult, path: Path) -> None:
    """Write the probability of the label of every pixel as GeoTIFF; NaN where there is no data.

    Raises:
        OutputError: it cannot be written.
    """
    scores = np.where(result.raster.valid, result.scores, np.float32("nan"))
    write_floats(path, scores, frame=result.raster.frame, description="score")


def save_heatmap(result: ReferResult, path: Path) -> None:
    """Write the activation of a sentence as GeoTIFF in [0, 1]; NaN where there is no data.

    Raises:
        OutputError: it cannot be written.
    """
    heat = np.where(result.raster.valid, result.heatmap, np.float32("nan"))
    write_floats(path, heat, frame=result.raster.frame, description="activation")


def save_refer(
    result: ReferResult,
    path: Path,
    *,
    attributes: DataFrame | None = None,
    outlines: NDArray[np.object_] | None = None,
) -> None:
    """Write the answer to one sentence: an explanation as .png, else what ``save_answers`` writes.

    Args:
        result: the answer.
        path: .png, .json or a vector file.
        attributes: of the user's candidates; see ``answer_table``.
        outlines: of the user's candidates; see ``answer_table``.

    Raises:
        OutputError: the suffix is unknown or writing fails.
    """
    suffix = check_output(path, overwrite=True, suffixes=ANSWER_SUFFIXES).suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        from dgl_rsis.drawing import draw_explanation

        save_picture(draw_explanation(result), path)
    else:
        save_answers([result], path, attributes=attributes, outlines=outlines)


def save_answers(
    results: Sequence[ReferResult | SceneAnswer],
    path: Path,
    *,
    attributes: DataFrame | None = None,
    outlines: NDArray[np.object_] | None = None,
) -> None:
    """Write the answers to several sentences about one image into one file.

    Args:
        results: the answers.
        path: a vector file of the ranked matches, or .json: those with the executed programs.
        attributes: of the user's candidates; see ``answer_table``.
        outlines: of the user's candidates; see ``answer_table``.

    Raises:
        OutputError: the suffix is unknown or writing fails.
    """
    suffixes = (*VECTOR_SUFFIXES, ".json")
    if check_output(path, overwrite=True, suffixes=suffixes).suffix.lower() == ".json":
        answers = {"answers": [describe_answer(result) for result in results]}
        with atomic(path) as temporary:
            temporary.write_text(to_json(answers) + "\n", encoding="utf-8")
    else:
        write_vectors(path, answer_table(results, attributes=attributes, outlines=outlines))


def answer_table(
    results: Sequence[ReferResult | SceneAnswer],
    *,
    attributes: DataFrame | None = None,
    outlines: NDArray[np.object_] | None = None,
) -> GeoDataFrame:
    """All ranked matches as rows.

    Args:
        results: the answers.
        attributes: a row for each of the user's candidates; its columns are added, as
            ``candidate_NAME`` where the name is taken.
        outlines: of the user's candidates in the pixel frame, which are written as they are; None
            follows the pixels of the masks.

    Returns:
        Columns ``sentence``, ``rank`` (from 1), ``chosen``, ``score``, ``class`` (the noun that
        was asked for), one ``term_NAME`` for every term of the score (empty where a sentence has
        no such term), the area and ``geometry``.
    """
    rows = [
        (result, rank, match)
        for result in results
        for rank, match in enumerate(result.ranking, start=1)
    ]
    columns: dict[str, list[Any]] = {
        "sentence": [result.query.text for result, _, _ in rows],
        "rank": [rank for _, rank, _ in rows],
        "chosen": [match.chosen for _, _, match in rows],
        "score": [match.score for _, _, match in rows],
        "class": [result.query.target.noun for result, _, _ in rows],
    }
    names = _term_names(match for _, _, match in rows)
    for name in names:
        values = [match.terms.get(name, math.nan) for _, _, match in rows]
        columns[f"term_{name.replace(' ', '_')}"] = [float(value) for value in values]
    if attributes is not None:
        columns |= _candidate_columns(
            attributes.iloc[[match.index for _, _, match in rows]], columns
        )
    frame = results[0].frame if results else None
    if outlines is not None:
        return outlines_frame(outlines[[match.index for _, _, match in rows]], columns, frame=frame)
    polygons = [match.outline for _, _, match in rows if isinstance(match, SceneMatch)]
    if polygons:
        return outlines_frame(np.array(polygons, dtype=object), columns, frame=frame)
    crops = [
        (match.crop, match.box[0], match.box[1]) for _, _, match in rows if isinstance(match, Match)
    ]
    return matches_frame(crops, columns, frame=frame)


def describe_answer(result: ReferResult | SceneAnswer) -> dict[str, Any]:
    """The answer to a sentence in JSON types; ``bounds`` and ``center`` are map coordinates.

    Scores and terms are rounded: further digits are those of float32.
    """
    frame = result.frame
    matches = []
    for rank, match in enumerate(result.ranking, start=1):
        described: dict[str, Any] = {
            "rank": rank,
            "chosen": match.chosen,
            "candidate": match.index,
            "score": round(match.score, SCORE_DIGITS),
            "terms": {name: round(value, SCORE_DIGITS) for name, value in match.terms.items()},
            "box": list(match.box),
            "area_px": match.area,
            "reason": match.reason,
        }
        if frame is not None:
            x0, y0, x1, y1 = match.box
            corners = [to_map(frame, x, y) for x in (x0, x1) for y in (y0, y1)]
            xs, ys = zip(*corners, strict=True)
            described["bounds"] = [min(xs), min(ys), max(xs), max(ys)]
            described["center"] = to_map(frame, (x0 + x1) / 2, (y0 + y1) / 2)
            if frame.pixel_area_m2 is not None:
                described["area_m2"] = described["area_px"] * frame.pixel_area_m2
        matches.append(described)
    return {
        "sentence": result.query.text,
        "query": describe_query(result.query),
        "crs": None if frame is None else frame.crs,
        "matches": matches,
        "notes": list(result.notes),
        "steps": None if result.steps is None else result.steps.to_json(),
    }


def to_map(frame: MapFrame, x: float, y: float) -> tuple[float, float]:
    """Map coordinates of a place in the pixel frame."""
    a, b, c, d, e, f = frame.transform
    return a * x + b * y + c, d * x + e * y + f


def _candidate_columns(rows: DataFrame, taken: Iterable[str]) -> dict[str, list[Any]]:
    """The user's columns that a vector file can hold, under names that are free."""
    columns: dict[str, list[Any]] = {}
    reserved = {*_OWN_COLUMNS, *(name.lower() for name in taken)}
    for name, values in rows.items():
        is_plain = values.dtype != object or all(
            value is None or isinstance(value, str) for value in values
        )
        free = f"candidate_{name}" if str(name).lower() in reserved else str(name)
        if is_plain and free.lower() not in {each.lower() for each in columns}:
            columns[free] = values.tolist()
    return columns


def _term_names(matches: Iterable[Match | SceneMatch]) -> list[str]:
    return list(dict.fromkeys(name for match in matches for name in match.terms))


def sieve(result: SegmentResult, min_area: float) -> SegmentResult:
    """Give regions below an area the class of the neighbour that they share most border with.

    Args:
        result: the map.
        min_area: square metres, or pixels where the image has no lengths.

    Returns:
        A map whose changed pixels have score 0, as nothing supports their new class. Regions
        surrounded by "no data" stay.
    """
    frame = result.raster.frame
    pixels = math.ceil(min_area / pixel_area(frame))
    if pixels <= 1:
        return result
    valid = result.raster.valid
    # what has no class is a region like others here: it may take and be taken
    regions = find_regions(Labels.of_array(np.where(valid, result.labels + 1, -1)))
    metres = None if frame is None else frame.metres_per_pixel
    merged = dissolve(regions, regions.pixels, pixels, pixel=metres or (1.0, 1.0)).regions
    labels = result.labels.copy()
    for (top, left, bottom, right), found in merged.class_tiles():
        labels[top:bottom, left:right] = np.maximum(found - 1, -1)
    changed = labels != result.labels
    note = (
        f"{changed.mean():.1%} of the pixels lay in regions below {pixels} pixels and were merged"
    )
    return replace(
        result,
        labels=labels,
        scores=np.where(changed, np.float32(0), result.scores),
        notes=(*result.notes, note),
    )


def pixel_area(frame: MapFrame | None) -> float:
    """Square metres of a pixel; 1 where the image has no lengths, which makes areas pixels."""
    area = None if frame is None else frame.pixel_area_m2
    return 1.0 if area is None else area


def save_picture(picture: Image, path: Path) -> None:
    """Write a picture as PNG.

    Raises:
        OutputError: it cannot be written; nothing is left then.
    """
    with atomic(path) as temporary:
        picture.save(temporary, format="PNG")
