"""Parts of neighbouring tiles: what overlaps, what meets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dgl_rsis.geo.windows import Box, Tile
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.scene.finding import Found
from dgl_rsis.scene.instances import Instances, joined, whole_things
from dgl_rsis.scene.part_table import PartTable, read_table
from dgl_rsis.scene.part_writer import write_table
from dgl_rsis.scene.parts import Parts, kept_of, measure, outline
from dgl_rsis.scene.views import Views
from dgl_rsis.types import Raster

SIDE, HALO, CELLS = 32, 8, 3
SCENE = Box(0, 0, SIDE * CELLS, SIDE * CELLS)


def parts_of(core: Box, things: Any, land: Any) -> Parts:
    """The parts of a tile that sees ``HALO`` pixels around its core."""
    seen = core.grown(HALO) & SCENE
    masks = []
    for box in things:
        inside = Box(*box) & seen
        if not inside.is_empty:
            mask = np.zeros(seen.shape, bool)
            mask[inside.within(seen)] = True
            masks.append(mask)
    looks = np.ones(len(masks), np.float32)
    segments = land[seen.within(SCENE)].astype(np.int32)
    found = Found(MaskSet.from_masks(masks, seen.shape), looks, segments)
    kept = kept_of(found, seen, core, SCENE)
    raster = Raster(np.full((*seen.shape, 3), 99, np.uint8), np.ones(seen.shape, bool))
    features = np.ones((len(kept.masks), 1, 1), np.float16)
    views = Views.none(len(kept.things))
    return measure(raster, kept, features, views, seen=seen, core=core)


def table_of(folder: Path, things: Any, land: Any = None) -> PartTable:
    """The table of a scene of ``CELLS`` by ``CELLS`` tiles."""
    land = np.zeros(SCENE.shape, int) if land is None else land
    tiles = []
    for number in range(CELLS * CELLS):
        tile = Tile(*divmod(number, CELLS))
        x0, y0 = tile.column * SIDE, tile.row * SIDE
        core = Box(x0, y0, x0 + SIDE, y0 + SIDE)
        tiles.append((number, tile, parts_of(core, things, land)))
    place = {"shape": list(SCENE.shape), "frame": None}
    write_table(folder / "table", {"place": place, "notes": [], "whole": None, "cell": 1.0}, tiles)
    return read_table(folder / "table")


def things_of(table: PartTable, settings: Any) -> list[tuple[int, ...]]:
    """Boxes of the whole things."""
    sure = np.where(table.is_segment, 0.0, 1.0).astype(np.float32)
    found = whole_things(table, sure, 1 - sure, settings)
    boxes = []
    for number in range(len(found)):
        own = table.boxes[found.parts[found.starts[number] : found.starts[number + 1]]]
        boxes.append((*own[:, :2].min(0).tolist(), *own[:, 2:].max(0).tolist()))
    return sorted(boxes)


@pytest.fixture(scope="module")
def thresholds() -> Any:
    from dgl_rsis.config import make_settings

    return make_settings().instances


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(4, 96), st.integers(4, 96)),
        min_size=1,
        max_size=3,
    )
)
def test_every_thing_is_one_wherever_tiles_end(thresholds: Any, sizes: list[Any]) -> None:
    """Things of any size in a scene of nine tiles, none of which touch."""
    import tempfile

    rows = 96 // len(sizes)
    things = []
    for number, (left, top, width, height) in enumerate(sizes):
        y0 = number * rows + top
        box = (left, y0, min(96, left + width), min(number * rows + rows - 1, y0 + height))
        if (box[2] - box[0]) * (box[3] - box[1]) >= 64:  # none whose cut rest is too small to keep
            things.append(box)
    assume(things)
    with tempfile.TemporaryDirectory() as folder:
        table = table_of(Path(folder), things, np.full(SCENE.shape, -1))
        found = things_of(table, thresholds)
    assert len(found) == len(things)
    for ours, theirs in zip(found, sorted(things), strict=True):
        # a rim of less than 16 pixels beyond a border may be missing
        assert np.abs(np.subtract(ours, theirs)).max() <= 4


def test_a_yard_between_two_roofs_speaks_against_the_three_as_one(
    tmp_path: Path, thresholds: Any
) -> None:
    """The evidence for a thing is that of all below it, as in a whole image, not of a mean look."""
    roofs, around = [(2, 4, 10, 28), (22, 4, 30, 28)], (2, 4, 30, 28)
    land = np.full(SCENE.shape, 2, int)
    for number, (x0, y0, x1, y1) in enumerate(roofs):
        land[y0:y1, x0:x1] = number
    table = table_of(tmp_path, [*roofs, around], land)
    boxes = table.boxes.tolist()
    is_roof = np.array([tuple(box) in roofs for box in boxes])
    is_all = np.array([tuple(box) == around for box in boxes]) & ~table.is_segment
    sure = np.where(is_roof, 0.9, np.where(is_all, 0.7, 0.05)).astype(np.float32)
    found = whole_things(table, sure, 1 - sure, thresholds)
    assert sorted(tuple(each) for each in table.boxes[found.parts].tolist()) == roofs


def test_a_thing_belongs_to_the_tile_of_its_centre(tmp_path: Path) -> None:
    table = table_of(tmp_path, [(28, 10, 38, 20)])
    things = np.flatnonzero(~table.is_segment)
    assert table.boxes[things].tolist() == [[28, 10, 38, 20]]
    assert table.column("tile")[things].tolist() == [1]
    assert table.centroids[things].tolist() == [[33.0, 15.0]]
    assert not table.is_cut.any()


def test_what_goes_on_is_cut_and_meets(tmp_path: Path) -> None:
    table = table_of(tmp_path, [(10, 10, 90, 20)])
    things = np.flatnonzero(table.is_cut)
    assert table.boxes[things].tolist() == [[10, 10, 32, 20], [32, 10, 64, 20], [64, 10, 90, 20]]
    assert table.column("joints").tolist() == [
        [things[0], things[1], 10],
        [things[1], things[2], 10],
    ]


def test_overlaps_of_things_of_two_tiles(tmp_path: Path) -> None:
    table = table_of(tmp_path, [(20, 10, 34, 20), (30, 10, 40, 20)])
    first, second = np.flatnonzero(~table.is_segment & ~table.is_cut)
    assert table.column("tile")[[first, second]].tolist() == [0, 1]
    assert table.shared[first, second] == table.shared[second, first] == 4 * 10
    assert table.shared[first, first] == 140


def test_segments_divide_the_scene_and_touch(tmp_path: Path) -> None:
    land = np.zeros(SCENE.shape, int)
    land[:, 40:50] = 1
    table = table_of(tmp_path, [], land)
    assert table.is_segment.all()
    assert table.areas.sum() == 96 * 96
    river = np.flatnonzero(table.areas == 10 * 32)
    assert len(river) == 3
    pairs = {tuple(sorted(pair)) for pair in table.touching.tolist()}
    assert (river[0], river[1]) in pairs
    assert (river[1], river[2]) in pairs
    assert (river[0], river[2]) not in pairs


def test_no_data_is_no_segment(tmp_path: Path) -> None:
    land = np.full(SCENE.shape, -1)
    land[:40, :40] = 5
    table = table_of(tmp_path, [], land)
    assert table.areas.sum() == 40 * 40
    assert len(table) == 4


def test_outlines_follow_pixels() -> None:
    crop = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 1]], bool)
    polygon = outline(crop, 10, 20)
    assert polygon.area == crop.sum()
    assert polygon.bounds == (10, 20, 13, 23)


def test_sets_of_parts() -> None:
    one = Instances.single(np.array([4, 7]))
    two = Instances.grouped(np.array([1, 2, 3]), np.array([1, 0, 1]))
    both = joined([one, two, joined([])])
    assert len(both) == 4
    assert both.parts.tolist() == [4, 7, 2, 1, 3]
    assert both.starts.tolist() == [0, 1, 2, 3, 5]
    assert len(joined([])) == 0
