"""Measure how long parsing a sentence and executing its program take, by construction.

    python benchmarks/program_speed.py [--candidates 3000] [--anchors 200] [--kind masks]
    python benchmarks/program_speed.py --rows 1000000

Random things lie in an image (0.5 m pixels): cars as targets, halls as anchors, a few roads that
spread. Medians in milliseconds of CPU time: nothing runs in parallel. *First* executes over a table that has measured nothing yet,
*again* over one that was asked before. With ``--rows`` the table has so many boxes and its limit
is a second; else the limit is 50 ms, and 5 ms for parsing. Exits with 1 where a median of *again*
is above its limit.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.spatial import execute
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.json_form import from_json
from dgl_rsis.types import BoolArray, MapFrame

SENTENCES = {
    "noun": "all cars",
    "place": "all cars in the upper left corner",
    "left of": "all cars left of a hall",
    "lower right of": "all cars on the lower right of a hall",
    "north of": "all cars north of a hall",
    "north of what spreads": "all cars north of the road",
    "near": "all cars near a hall",
    "adjacent": "all cars next to a hall",
    "near what spreads": "all cars near the road",
    "along": "all cars along the road",
    "far": "all cars far from a hall",
    "closest": "the car closest to a hall",
    "farthest": "the car farthest from the road",
    "between": "all cars between the two halls",
    "between kinds": "all cars between a hall and a tree",
    "inside": "all cars inside a hall",
    "surrounded": "all cars surrounded by a hall",
    "across": "the hall across the road",
    "parallel": "all cars parallel to a hall",
    "larger than": "all cars larger than a hall",
    "distance in metres": "all cars within 30 m of a hall",
    "distance to what spreads": "all cars at least 30 m from the road",
    "area in metres": "all cars larger than 20 m2",
    "length in metres": "all cars longer than 8 m",
    "largest": "the largest car",
    "longest": "the longest car",
    "third from the left": "the third car from the left",
    "three northernmost": "the three northernmost cars",
    "negation": "all cars that are not near a hall",
    "several": "the largest car near a hall that is left of the road",
}
LIMITS = {"parse": 5.0, "candidates": 50.0, "rows": 1000.0}


def random_table(count: int, anchors: int, kind: str, rng: np.random.Generator) -> CandidateTable:
    """Cars, halls, trees and roads at random places, about a fifth of the image covered."""
    roads = 12
    side = int(np.sqrt(count * 1000) + 200)
    nouns = np.full(count, "car", dtype="<U4")
    nouns[:anchors], nouns[anchors : 2 * anchors] = "hall", "tree"
    nouns[2 * anchors : 2 * anchors + roads] = "road"
    sides = rng.integers(6, 20, (count, 2))
    sides[nouns == "hall"] *= 3
    sides[nouns == "road"] = (side, 10)
    sides[nouns == "road"] = rng.permuted(sides[nouns == "road"], axis=1)
    corners = (rng.random((count, 2)) * (side + 1 - sides)).astype(np.int64)
    boxes = np.concatenate([corners, corners + sides], axis=1)
    areas: NDArray[Any] = sides.prod(axis=1)
    outlines = octagons(boxes) if kind == "polygons" else None
    if outlines is not None:
        areas = shapely.area(outlines)
    crops: list[BoolArray] = []
    if kind == "masks":
        crops = [octagon(width, height) for width, height in sides.tolist()]
        areas = np.array([mask.sum() for mask in crops])
    probabilities = {
        noun: np.where(nouns == noun, 0.9, 0.01).astype(np.float32) for noun in np.unique(nouns)
    }
    return CandidateTable(
        shape=(side, side),
        areas=areas,
        boxes=boxes,
        centroids=(boxes[:, :2] + boxes[:, 2:]) / 2,
        crop=crops.__getitem__ if kind == "masks" else None,
        probabilities=probabilities,
        frame=MapFrame(
            (0.5, 0, 500_000, 0, -0.5, 5_500_000), "EPSG:32632", (0.5, 0.5), (0.0, -1.0)
        ),
        are_instances=True,
        polygons=outlines,
    )


def octagon(width: int, height: int) -> BoolArray:
    """A mask that touches all sides of a box."""
    mask = np.ones((height, width), dtype=bool)
    cut = max(1, min(width, height) // 4)
    corner = np.add.outer(np.arange(cut), np.arange(cut)) >= cut
    mask[:cut, :cut], mask[-cut:, -cut:] = corner, corner[::-1, ::-1]
    mask[:cut, -cut:], mask[-cut:, :cut] = corner[:, ::-1], corner[::-1]
    return mask


def octagons(boxes: NDArray[np.int64]) -> NDArray[np.object_]:
    """Polygons that touch all sides of boxes ``(N, 4)``."""
    cut = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, keepdims=True) / 4
    (x0, y0, x1, y1), (c,) = boxes.T, cut.T
    across = [x0 + c, x1 - c, x1, x1, x1 - c, x0 + c, x0, x0]
    down = [y0, y0, y0 + c, y1 - c, y1, y1, y1 - c, y0 + c]
    return np.asarray(shapely.polygons(np.stack([across, down], axis=2).transpose(1, 0, 2)))


def fresh(table: CandidateTable) -> CandidateTable:
    """The same table before anything was measured on it."""
    return replace(table)


def median(job: Callable[[], object], seconds: float) -> float:
    """Median milliseconds of CPU time of at least three runs, for about so many seconds."""
    times: list[float] = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 50):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
        if times[-1] > seconds:
            break
    return 1000 * statistics.median(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=3000)
    parser.add_argument("--rows", type=int, help="boxes of a large table, instead")
    parser.add_argument("--anchors", type=int, default=200)
    parser.add_argument("--kind", choices=("boxes", "masks", "polygons"), default="masks")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    parser.add_argument("--only", help="one construction")
    options = parser.parse_args()
    kind = "boxes" if options.rows else options.kind
    limit = LIMITS["rows" if options.rows else "candidates"]
    rng = np.random.default_rng(0)
    table = random_table(options.rows or options.candidates, options.anchors, kind, rng)
    late = []
    print(f"| {len(table):,} {kind} | parse | first | again | chosen |")
    print("|---|---|---|---|---|")
    for name, sentence in SENTENCES.items():
        if options.only not in (None, name):
            continue
        program = from_json(parse(sentence).program.to_json())
        parsing = median(lambda sentence=sentence: parse(sentence), options.seconds)  # type: ignore[misc]
        first = median(lambda: execute(program, fresh(table)), options.seconds)  # noqa: B023
        again = median(lambda: execute(program, table), options.seconds)  # noqa: B023
        count = len(execute(program, table).instances)
        print(f"| {name} | {parsing:.1f} | {first:.0f} | {again:.0f} | {count} |", flush=True)
        if again > limit or parsing > LIMITS["parse"]:
            late.append(name)
    if late:
        print(f"above {limit:.0f} ms: {', '.join(late)}")
    sys.exit(bool(late))


if __name__ == "__main__":
    main()
