from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dgl_rsis.geo.arcs import Arc, ArcJoiner, tile_borders
from dgl_rsis.geo.regions import Labels, find_regions


def arcs_of(labels: Any, side: int = 50) -> list[Arc]:
    labels = np.asarray(labels)
    regions = find_regions(Labels.of_array(labels, side))
    joiner = ArcJoiner(labels.shape[1] + 1)
    return [
        arc
        for tile, framed in regions.framed()
        for arc in joiner.add(tile_borders(tile, framed, labels.shape))
    ]


def described(arcs: list[Arc]) -> set[tuple[Any, ...]]:
    """Arcs whatever their order; an open one is the same from both ends with its sides swapped."""
    return {(arc.left, arc.right, *map(tuple, arc.points.tolist())) for arc in arcs}


def test_arcs_of_three_regions_that_meet() -> None:
    found = described(arcs_of([[0, 1], [2, 2]]))
    assert len(found) == 7 + 3  # four corners and three junctions cut the frame; three lines inside
    assert (1, 0, (1, 0), (1, 1)) in found or (1, 0, (1, 1), (1, 0)) in found


def test_a_ring_begins_at_its_first_corner_and_has_the_larger_region_on_its_left() -> None:
    labels = np.zeros((6, 6), int)
    labels[2:4, 1:5] = 1
    for side in (1, 2, 3, 50):
        (ring,) = [arc for arc in arcs_of(labels, side) if arc.right >= 0]
        assert (ring.left, ring.right) == (1, 0)
        assert ring.points.tolist() == [[1, 2], [1, 4], [5, 4], [5, 2], [1, 2]]


@given(
    labels=arrays(
        np.int16,
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
        elements=st.integers(-1, 2),
    ),
    side=st.integers(1, 9),
)
def test_arcs_are_the_borders_of_the_map_whatever_the_tiles(labels: Any, side: int) -> None:
    arcs = arcs_of(labels, side)
    assert described(arcs) == described(arcs_of(labels))
    padded = np.pad(labels.astype(int), 1, constant_values=-1)
    steps = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    assert sum(np.abs(np.diff(arc.points, axis=0)).sum() for arc in arcs) == steps
    for arc in arcs:
        moves = np.sign(np.diff(arc.points, axis=0))
        assert (np.abs(moves).sum(1) == 1).all()  # along the lattice
        assert (moves[1:] != moves[:-1]).any(1).all()  # only turns are kept
        assert arc.left > arc.right
