from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene.toy_scenes import CLASSES, blobs, toy_model, write
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.geo.windows import Box, Tile
from dgl_rsis.scene.planning import plan_work
from dgl_rsis.scene.source import SceneReader
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.work import Cells, PaintTile, ReadTile, TileWorker, scene_factors


def test_factors_by_hand() -> None:
    settings = make_settings("default").local  # 0.4, 0.8 and 1.6 m, or 1, 0.7 and 0.5
    assert scene_factors(0.5, 4, settings) == (Fraction(1), Fraction(5, 8), Fraction(5, 16))
    assert scene_factors(0.3, 4, settings) == (Fraction(3, 4), Fraction(3, 8), Fraction(3, 16))
    assert scene_factors(5.0, 4, settings) == (Fraction(1),)
    # 0.7 in sixteenths, so that cells of neighbouring tiles coincide
    assert scene_factors(None, 4, settings) == (Fraction(1), Fraction(11, 16), Fraction(1, 2))


@given(st.floats(0.001, 20))
def test_factors_are_close_to_what_is_wanted_and_have_short_fractions(metres: float) -> None:
    settings = make_settings("fast").local  # 0.8 m
    (factor,) = scene_factors(metres, 4, settings)
    wanted = min(1.0, metres / 0.8)
    assert abs(factor - wanted) <= wanted / 16
    assert factor.numerator < 16
    assert factor.denominator.bit_count() == 1


@pytest.mark.parametrize("metres", [None, 0.05])
def test_coarse_cells_read_a_scene_once_at_its_own_size(metres: float | None) -> None:
    settings = make_settings().local
    assert scene_factors(metres, 16, settings) == (Fraction(1),)


def test_tile_keeps_its_core_and_its_ramp(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(500, 500))
    model = toy_model(ToyBackbone())
    work = plan_work(plan_source(path), model, CLASSES, tile_size=240)
    worker = TileWorker(work, model)
    result = worker(ReadTile(Tile(1, 1)))
    assert isinstance(result, Cells)
    assert result.values is not None
    # 240 pixels and a ramp of 40 on each side: the scene ends at 500, padded to 512
    assert result.values.shape[:2] == ((480 + 32 - 200) // 4, (480 + 32 - 200) // 4)
    assert result.values.sum(-1) == pytest.approx(1, abs=1e-5)
    corner = worker(ReadTile(Tile(0, 0)))
    assert isinstance(corner, Cells)
    assert corner.values is not None
    assert corner.values.shape[:2] == (280 // 4, 280 // 4)
    field = np.zeros((244 // 4, 244 // 4, len(work.texts.names)), np.float32)
    field[..., 2] = 1
    painted = worker(PaintTile(Tile(0, 0), field))
    assert not isinstance(painted, Cells)
    assert painted.codes.shape == (240, 240)
    assert (painted.codes == 4).all()  # 0 is no data, 1 no class
    assert painted.scores is None
    worker.close()


@pytest.mark.parametrize(("painter", "reads"), [("dense", 1), ("cut", 2)])
def test_full_tiles_are_read_again_only_where_painters_look_at_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, painter: str, reads: int
) -> None:
    path = write(tmp_path / "a.tif", blobs(240, 240))
    model = toy_model(paint={"painter": painter}, proposals={"proposer": "tree"})
    work = plan_work(plan_source(path), model, CLASSES, tile_size=240)
    worker = TileWorker(work, model)
    seen: list[Box] = []
    real = SceneReader.read
    monkeypatch.setattr(SceneReader, "read", lambda self, box: seen.append(box) or real(self, box))
    tile = next(iter(work.grid))
    cells = worker(ReadTile(tile))
    assert isinstance(cells, Cells)
    assert cells.is_full
    assert cells.values is not None
    wanted = work.grid.cells(work.grid.painted(tile, work.margin))
    field = cells.values[wanted.within(work.grid.cells(work.grid.kept(tile)))]
    blind = worker(PaintTile(tile, field, cells.is_full))
    assert len(seen) == reads
    plain = worker(PaintTile(tile, field))
    assert not isinstance(blind, Cells)
    assert not isinstance(plain, Cells)
    assert (blind.codes == plain.codes).all()
    worker.close()
