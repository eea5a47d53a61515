"""Distances by outlines: turned and bent things, things inside others, boxes, long pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stages.test_spatial import make_table

from dgl_rsis.geo.ground import Ground
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.distances import nearest_gaps
from dgl_rsis.stages.spatial import execute
from dgl_rsis.text.parse import parse
from dgl_rsis.types import BoolArray

RING = np.ones((100, 100), dtype=bool)
RING[10:90, 10:90] = False
LONG_PIXELS = Ground(np.diag([2.0, -0.5]), None, (200, 300))
STAIR = np.eye(100, dtype=bool)


def table_of(things: list[tuple[str, int, int, BoolArray]]) -> CandidateTable:
    """Masks with a noun and their upper left corner each."""
    masks = [mask for *_, mask in things]
    boxes = [(noun, (x, y, x + m.shape[1], y + m.shape[0]), "white") for noun, x, y, m in things]
    areas = np.array([mask.sum() for mask in masks])
    return make_table(boxes, areas=areas, crop=lambda index: masks[index])


def test_a_box_is_only_a_lower_bound() -> None:
    square = np.ones((10, 10), dtype=bool)
    table = table_of([("road", 0, 0, STAIR), ("car", 80, 0, square), ("car", 0, 110, square)])
    gaps = table.gaps(np.array([1, 2]), np.array([0, 0]))
    # From the squares to the middle of what lies beside them: hypot(34, 35) and hypot(49, 50).
    assert gaps == pytest.approx([48.8, 70.0], abs=0.1)


def test_what_is_inside_touches_and_what_lies_in_a_hole_does_not() -> None:
    whole, speck = np.ones((100, 100), dtype=bool), np.ones((4, 4), dtype=bool)
    whole[0, 0] = False  # no box
    table = table_of([("hall", 0, 0, whole), ("car", 50, 50, speck), ("hall", 100, 0, RING)])
    assert table.gaps(np.array([1]), np.array([0])).tolist() == [0]
    assert table.gaps(np.array([0]), np.array([1])).tolist() == [0]
    in_ring = table_of([("hall", 100, 0, RING), ("car", 130, 50, speck)])
    assert in_ring.gaps(np.array([1]), np.array([0])).tolist() == [20]


def test_boxes_have_the_gap_of_boxes_in_ground_units() -> None:
    table = make_table([("hall", (0, 0, 10, 10), "red"), ("hall", (13, 14, 20, 20), "red")])
    assert table.gaps(np.array([1]), np.array([0])).tolist() == [5]
    assert table.gaps(np.array([1]), np.array([0]), LONG_PIXELS).tolist() == [np.hypot(6, 2)]


def test_pixels_agree_with_boxes_where_there_is_hardly_a_difference() -> None:
    first, second = np.ones((10, 10), dtype=bool), np.ones((6, 7), dtype=bool)
    first[0, 0] = second[-1, -1] = False
    table = table_of([("hall", 0, 0, first), ("hall", 13, 14, second)])
    assert table.gaps(np.array([1]), np.array([0])).tolist() == [5]
    assert table.gaps(np.array([1]), np.array([0]), LONG_PIXELS).tolist() == [np.hypot(6, 2)]


def test_far_ones_need_not_be_exact() -> None:
    square = np.ones((10, 10), dtype=bool)
    table = table_of([("road", 0, 0, STAIR), ("car", 0, 120, square)])
    exact = nearest_gaps(table, np.array([1]), np.array([0]))
    rough = nearest_gaps(table, np.array([1]), np.array([0]), within=15)
    assert rough.tolist() == [20]
    assert exact[0] > rough[0]


def test_a_program_sees_outlines() -> None:
    square = np.ones((10, 10), dtype=bool)
    table = table_of([("runway", 0, 0, STAIR), ("car", 85, 5, square), ("car", 120, 95, square)])
    frame = replace(table.frame, metres_per_pixel=(1.0, 1.0))
    table = replace(table, frame=frame)
    assert execute(parse("the car closest to the runway").program, table).instances[0] == 2
    near = execute(parse("all cars within 30 m of the runway").program, table)
    assert near.instances.tolist() == [2]
