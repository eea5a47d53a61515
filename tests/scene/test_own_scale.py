"""Things of a scene at the scale that suits their size: against whole images, and by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scene.toy_scenes import blobs, toy_model, write
from scipy.sparse import csr_array
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.own_scale import against_others
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.scene import views
from dgl_rsis.scene.asking import open_scene
from dgl_rsis.scene.instances import Instances
from dgl_rsis.scene.own_scale import compete
from dgl_rsis.scene.views import Views, view
from dgl_rsis.stages import local, things
from dgl_rsis.text.knowledge import class_prompts, competitors
from dgl_rsis.text.lexicon_file import default_lexicon

SETTINGS = make_settings("default")


def image() -> Any:
    return np.ascontiguousarray(np.moveaxis(blobs(400, 300), 0, -1))


def squares(*sides: int) -> MaskSet:
    boxes = np.array([(10, 10, 10 + side, 10 + side) for side in sides])
    return MaskSet.from_boxes(boxes, (400, 300))


def seen(masks: MaskSet, **instances: Any) -> Views:
    settings = make_settings("default", {"instances": instances})
    features = local.read_at(image(), ToyBackbone(), [1.0], None)
    return view(masks, image(), features, ToyBackbone(), settings)


def test_one_tile_scores_things_as_the_whole_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all readings kept, what is left is half precision."""
    monkeypatch.setattr(views, "LEVELS", 9)
    path = write(tmp_path / "a.tif", blobs(400, 300))
    model = toy_model(ToyBackbone())
    scene = open_scene(path, model=model, tile_size=512)
    nouns = ["building", "plane"]
    own = scene.scores(nouns)
    things_kept = np.flatnonzero(~scene.table.is_segment)
    raster = read_raster(path)
    tile = scene.table.header["tiles"]
    assert tile["count"] == 1
    masks = _masks(scene.table, things_kept, raster.shape)
    settings, backbone = model.settings, model.backbone
    features = local.read_at(raster.rgb, backbone, [1.0], None)
    texts = local.encode_classes(
        backbone,
        [class_prompts(noun) for noun in nouns],
        [class_prompts(word, knowledge=False) for word in competitors(nouns)],
    )
    pyramid = things.read_pyramid(raster.rgb, backbone, features, settings.local)
    pooled = things.level_features(masks, pyramid)
    weights = things.level_weights(
        masks.areas,
        pyramid.steps,
        settings.instances.thing_cells,
        settings.instances.thing_spread,
    )
    expected = things.thing_probabilities(
        pooled, weights, features, texts, backbone, settings.local
    )
    assert len(masks) > 5
    for index, noun in enumerate(nouns):
        found = own[noun].at_own_scale
        assert found is not None
        # a tile sees some pixels beyond the image, so its coarse readings are a little different
        wanted = against_others(expected, nouns, index, default_lexicon())[:, 0]
        assert np.abs(found[things_kept] - wanted).mean() < 0.005 < wanted.std()
        assert (found[scene.table.is_segment] == 0).all()


def _masks(table: Any, indices: Any, shape: tuple[int, int]) -> MaskSet:
    from rasterio.features import rasterize

    outlines = table.outlines(indices)
    return MaskSet.from_masks(
        np.stack([rasterize([each], shape).astype(bool) for each in outlines])
    )


def test_land_cover_is_not_read_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", blobs(200, 200))
    scene = open_scene(path, model=toy_model(ToyBackbone()), tile_size=256)
    assert scene.scores(["river"])["river"].at_own_scale is None
    assert scene.scores(["river", "ship"])["ship"].at_own_scale is not None
    off = toy_model(ToyBackbone(), instances={"own_scale": False})
    scene = open_scene(path, model=off, tile_size=256, table=tmp_path / "off")
    assert scene.scores(["ship"])["ship"].at_own_scale is None
    assert scene.table.views.shape[1] == 0


def test_readings_next_to_the_size_are_kept() -> None:
    found = seen(squares(12, 40, 160))
    assert found.features.shape[:2] == (3, 2 * views.LEVELS)
    assert found.weights.sum(1) == pytest.approx(1)
    assert (np.diff(found.weights, axis=1) <= 0).all()
    lengths = np.linalg.norm(found.features.astype(np.float32), axis=-1)
    assert lengths == pytest.approx(1, abs=1e-2)


def test_few_levels_and_no_things() -> None:
    small = np.ascontiguousarray(image()[:60, :60])
    features = local.read_at(small, ToyBackbone(), [1.0], None)
    masks = MaskSet.from_boxes(np.array([(5, 5, 30, 30)]), (60, 60))
    found = view(masks, small, features, ToyBackbone(), SETTINGS)
    assert found.weights.tolist() == [[1.0, 0.0, 0.0]]  # there is one level
    nothing = seen(squares(12).take([]))
    assert nothing.features.shape == (0, *seen(squares(12)).features.shape[1:])
    assert seen(squares(12), own_scale=False).features.shape[:2] == (1, 0)


class ToyTable(SimpleNamespace):
    """The columns of a table that choosing things looks at."""

    def __len__(self) -> int:
        return len(self.areas)


def table_of(areas: list[int], looks: list[float], segments: list[bool], shared: Any) -> Any:
    pixels = np.diag(areas)
    for first, second, common in shared:
        pixels[first, second] = pixels[second, first] = common
    return ToyTable(
        areas=np.array(areas),
        objectness=np.array(looks, np.float32),
        is_segment=np.array(segments),
        is_cut=np.zeros(len(areas), bool),
        shared=csr_array(pixels),
    )


def sets(instances: Instances) -> list[list[int]]:
    return [part.tolist() for part in np.split(instances.parts, instances.starts[1:-1])]


def test_things_compete_with_what_evidence_found() -> None:
    """0 to 2 are things; 3 and 4 are segments, one piece that covers much of 1."""
    table = table_of(
        [100, 100, 100, 60, 60],
        [0.9, 0.9, 0.5, 0.3, 0.3],
        [False] * 3 + [True] * 2,
        [(1, 3, 60), (1, 4, 30)],
    )
    likely = np.array([0.8, 0.7, 0.8, 0, 0], np.float32)
    piece = Instances.grouped(np.array([3, 4]), np.array([0, 0]))
    unsure = np.array([0.1, 0.1, 0.1, 0.4, 0.4], np.float32)
    found = compete(table, piece, unsure, likely, SETTINGS.instances)
    assert sets(found) == [[0], [1]]  # 2 looks like no whole thing, the piece like none at all
    sure = np.array([0.1, 0.1, 0.1, 0.6, 0.6], np.float32)
    found = compete(table, piece, sure, likely, SETTINGS.instances)
    assert sets(found) == [[3, 4], [0]]  # the cells are mostly the noun: the piece stands


def test_cut_things_are_not_whole() -> None:
    table = table_of([100, 100], [0.9, 0.9], [False, False], [])
    table.is_cut[1] = True
    likely = np.array([0.5, 0.9], np.float32)
    nothing = Instances.single(np.zeros(0, np.int64))
    found = compete(table, nothing, np.zeros(2, np.float32), likely, SETTINGS.instances)
    assert sets(found) == [[0]]


def test_nothing_competes_with_nothing() -> None:
    table = table_of([100], [0.9], [True], [])
    nothing = Instances.single(np.zeros(0, np.int64))
    zeros = np.zeros(1, np.float32)
    assert len(compete(table, nothing, zeros, zeros, SETTINGS.instances)) == 0
