"""Programs over polygons and boxes of a map, without any image."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity

from dgl_rsis.errors import InputError
from dgl_rsis.geo.crs import frame_around, map_frame
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.map_tables import table_of_boxes, table_of_polygons
from dgl_rsis.stages.spatial import execute
from dgl_rsis.text.parse import parse

EAST, NORTH = 400_000, 5_600_000
# A river from west to east, halls on both banks, a car park with halls in it, one in a hole.
RIVER = shapely.LineString([(0, 0), (300, 20), (600, -30), (1000, 0)]).buffer(15)
PARK = shapely.box(600, 200, 900, 500) - shapely.box(620, 220, 680, 280)
THINGS = [
    ("river", RIVER),
    ("hall", shapely.box(100, 60, 160, 100)),  # 1: north of the river, 2400
    ("hall", shapely.affinity.rotate(shapely.box(400, -200, 520, -160), 30)),  # 2: south, 4800
    ("hall", shapely.box(700, 300, 740, 340)),  # 3: in the car park, 1600
    ("hall", shapely.box(630, 230, 670, 270)),  # 4: in its hole
    ("car park", PARK),
    ("tank", shapely.Point(300, 120).buffer(20)),  # 6: 100 m from the river
]


def table(**changes: object) -> CandidateTable:
    polygons = [shapely.affinity.translate(each, EAST, NORTH) for _, each in THINGS]
    scores = {
        noun: np.array([0.9 if noun == own else 0.02 for own, _ in THINGS], dtype=np.float32)
        for noun in ("river", "hall", "car park", "tank")
    }
    return table_of_polygons(polygons, scores, crs="EPSG:25832", **changes)


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("all halls north of the river", {1, 3, 4}),
        ("the hall south of the river", {2}),
        ("the largest hall", {2}),
        ("the hall closest to the tank", {1}),
        ("all halls inside the car park", {3, 4}),  # what stands on it is often cut out of it
        ("all halls within 50 m of the river", {1}),
        ("all halls larger than 2000 m2", {1, 2}),
        ("all halls longer than 100 m", {2}),
        ("all tanks at least 80 m from the river", {6}),
        ("the hall parallel to the river", {1}),
    ],
)
def test_answers(sentence: str, answer: set[int]) -> None:
    execution = execute(parse(sentence).program, table())
    best = execution.instances[:1] if len(answer) == 1 else execution.instances
    assert set(best.tolist()) == answer, execution.notes


def test_the_grid_covers_the_polygons_in_metres() -> None:
    covered = table()
    assert covered.shape == pytest.approx((720, 1015), abs=30)
    np.testing.assert_allclose(covered.areas[1], 2400, rtol=2e-3)
    assert covered.boxes.min() == pytest.approx(0)


def test_an_image_may_give_the_grid() -> None:
    frame = map_frame((0.5, 0, EAST, 0, -0.5, NORTH + 600), "EPSG:25832", (2000, 3000))
    inside = table(grid=(frame, (2000, 3000)))
    assert inside.shape == (2000, 3000)
    np.testing.assert_allclose(inside.boxes[1], [200, 1000, 320, 1080])


@pytest.mark.parametrize("turn", [0.0, 20.0])
def test_boxes_are_polygons_with_four_corners(turn: float) -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 900, (40, 2)) + np.array([EAST, NORTH])
    boxes = np.concatenate([corners, corners + rng.uniform(5, 60, (40, 2))], axis=1)
    scores = {
        "hall": np.where(np.arange(40) % 4, 0.9, 0).astype(np.float32),
        "tank": np.where(np.arange(40) % 4, 0, 0.9).astype(np.float32),
    }
    frame, shape = frame_around((EAST, NORTH, EAST + 960, NORTH + 960), "EPSG:25832")
    if turn:
        cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        transform = (cosine, sine, EAST - 300, sine, -cosine, NORTH + 960)
        frame = map_frame(transform, "EPSG:25832", shape)
    plain = table_of_boxes(boxes, scores, grid=(frame, shape))
    drawn = table_of_polygons(shapely.box(*boxes.T), scores, grid=(frame, shape))
    for sentence in (
        "all halls near a tank",
        "all halls within 20 m of a tank",
        "all halls longer than 40 m",
        "the hall closest to a tank",
        "all halls overlapping a tank",
        "all halls parallel to a tank",
    ):
        program = parse(sentence).program
        first, second = (execute(program, each) for each in (plain, drawn))
        np.testing.assert_allclose(first.values, second.values, atol=1e-6, err_msg=sentence)


def test_what_has_no_area_is_refused() -> None:
    with pytest.raises(InputError, match="polygon 1 has no area"):
        table_of_polygons([shapely.box(0, 0, 1, 1), shapely.Point(0, 0)], {})
    with pytest.raises(InputError, match="box 0 is empty"):
        table_of_boxes(np.array([[0, 0, 0, 5]]), {})
    with pytest.raises(InputError, match="shape"):
        table_of_boxes(np.zeros((3, 5)), {})


def test_nothing_is_a_table_too() -> None:
    for empty in (table_of_polygons([], {}), table_of_boxes(np.zeros((0, 4)), {})):
        execution = execute(parse("the hall near the river").program, empty)
        assert not len(execution.instances)
