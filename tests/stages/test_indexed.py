"""Relations to many things at once against each thing alone, on random tables of every kind."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.geo.ground import Ground
from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.between import between_field
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.distances import nearest_gaps
from dgl_rsis.stages.relations import relation_field
from dgl_rsis.stages.scored import Field
from dgl_rsis.text.program.vocabulary import Relation
from dgl_rsis.types import BoolArray, MapFrame

SIDE = 240
KINDS = ("boxes", "masks", "polygons")
FRAME = MapFrame((1, 0, 0, 0, -1, 0), "EPSG:32632", (0.5, 0.5), (0.6, -0.8))


def random_table(kind: str, seed: int, count: int) -> CandidateTable:
    """Boxes; triangles, rings and boxes as masks; turned bars and rings as polygons."""
    rng = np.random.default_rng(seed)
    sides = rng.integers(1, 40, (count, 2))
    corners = rng.integers(0, SIDE - 40, (count, 2))
    if kind == "polygons":
        return polygon_table(
            [shapely.box(*c, *(c + s)) for c, s in zip(corners.tolist(), sides, strict=True)], rng
        )
    crops = [random_mask(kind, int(h), int(w), rng) for w, h in sides]
    boxes = np.concatenate([corners, corners + sides], axis=1)
    centroids = [
        np.mean(np.nonzero(crop)[::-1], axis=1) + 0.5 + corner
        for crop, corner in zip(crops, corners, strict=True)
    ]
    return CandidateTable(
        shape=(SIDE, SIDE),
        areas=np.array([crop.sum() for crop in crops]),
        boxes=boxes,
        centroids=np.array(centroids),
        crop=crops.__getitem__,
        probabilities={},
        colours=(rng.random((count, 3)) * 90).astype(np.float32),
        frame=FRAME,
    )


def random_mask(kind: str, height: int, width: int, rng: np.random.Generator) -> BoolArray:
    mask = np.ones((height, width), dtype=bool)
    shape = "box" if kind == "boxes" else rng.choice(["box", "triangle", "ring"])
    if shape == "triangle":
        mask = np.tri(height, width, dtype=bool)
        mask[-1] = mask[:, 0] = True
    elif shape == "ring":
        mask[2:-2, 2:-2] = False
    return mask


def polygon_table(boxes: list[shapely.Polygon], rng: np.random.Generator) -> CandidateTable:
    polygons = []
    for box in boxes:
        polygon = shapely.affinity.rotate(box, float(rng.uniform(0, 180)))
        hollow = polygon.difference(polygon.buffer(-2)) if rng.random() < 0.3 else polygon
        polygons.append(box if rng.random() < 0.3 else hollow)
    outlines = np.array(polygons, dtype=object)
    return CandidateTable(
        shape=(SIDE, SIDE),
        areas=shapely.area(outlines),
        boxes=shapely.bounds(outlines),
        centroids=shapely.get_coordinates(shapely.centroid(outlines)),
        crop=lambda index: np.ones((1, 1), dtype=bool),
        probabilities={},
        colours=(rng.random((len(boxes), 3)) * 90).astype(np.float32),
        frame=FRAME,
        polygons=outlines,
    )


def best(fields: list[Field]) -> tuple[np.ndarray, np.ndarray]:
    holds = np.any([each.holds for each in fields], axis=0)
    return np.max([each.values for each in fields], axis=0), holds


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "relation", [each for each in Relation if each not in (Relation.BETWEEN, Relation.FAR_FROM)]
)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(3, 90))
def test_the_best_of_many_things(kind: str, relation: Relation, seed: int, count: int) -> None:
    table = random_table(kind, seed, count)
    indices, things = np.arange(count), np.arange(0, count, 3)
    found = relation_field(relation, indices, Anchor(table, things))
    alone = [
        relation_field(relation, indices, Anchor(table, things[[k]])) for k in range(len(things))
    ]
    values, holds = best(alone)
    np.testing.assert_array_equal(found.holds, holds)
    np.testing.assert_allclose(found.values[holds], values[holds], atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "steps",
    [[[0.5, 0.0], [0.0, -2.0]], [[0.48, 0.55], [0.56, -0.96]]],
    ids=["long pixels", "turned long pixels"],
)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(3, 90), within=st.sampled_from([9.0, np.inf]))
def test_the_nearest_of_many_things(
    kind: str, steps: list[list[float]], seed: int, count: int, within: float
) -> None:
    table = random_table(kind, seed, count)
    indices, things = np.arange(1, count), np.arange(0, count, 3)
    lengths = table.typical_lengths[things]
    ground = Ground(np.array(steps), None, table.shape)
    found = nearest_gaps(table, indices, things, lengths=lengths, ground=ground, within=within)
    pairs = np.stack([table.gaps(indices, np.full(len(indices), each), ground) for each in things])
    pairs[things[:, None] == indices] = np.inf
    expected = (pairs / lengths[:, None]).min(axis=0)
    near = expected < within
    np.testing.assert_allclose(found[near], expected[near])
    assert (found[~near] >= within).all()


@pytest.mark.parametrize("kind", KINDS)
def test_far_from_several_is_far_from_all(kind: str) -> None:
    table = random_table(kind, 3, 60)
    indices, things = np.arange(60), np.arange(0, 60, 20)
    alone = [
        relation_field(Relation.FAR_FROM, indices, Anchor(table, things[[k]])).values
        for k in range(3)
    ]
    others = ~np.isin(indices, things)
    found = relation_field(Relation.FAR_FROM, indices, Anchor(table, things)).values
    np.testing.assert_allclose(found[others], np.min(alone, axis=0)[others])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(4, 300))
def test_between_the_best_pair(kind: str, seed: int, count: int) -> None:
    table = random_table(kind, seed, count)
    indices, first, second = np.arange(count), np.arange(0, count, 9), np.arange(1, count, 11)
    alone = [
        between_field(indices, Anchor(table, first[[a]]), Anchor(table, second[[b]]))
        for a in range(len(first))
        for b in range(len(second))
    ]
    values, holds = best(alone)
    found = between_field(indices, Anchor(table, first), Anchor(table, second))
    np.testing.assert_array_equal(found.holds, holds)
    np.testing.assert_allclose(found.values[holds], values[holds])
