from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.errors import ImageError, InputError, TextError
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.parcels import Parcels
from dgl_rsis.geo.windows import Box
from dgl_rsis.pipeline import Model
from dgl_rsis.progress import CancelledError
from dgl_rsis.proposals.polygons import from_polygons
from dgl_rsis.scene.labelling import label
from dgl_rsis.scene.source import SceneOptions, SceneReader
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.stages import local
from dgl_rsis.text.classes import read_classes
from dgl_rsis.types import Raster

CLASSES = ["building", "vegetation", "water"]
RED, GREEN, BLUE = (210, 10, 10), (10, 180, 10), (10, 10, 200)
TRANSFORM = Affine(1, 0, 346000, 0, -1, 5648000)


def model(**local_settings: Any) -> Model:
    """Dense features only, at the size of the image, unless told otherwise."""
    plain = {"scales": [1.0], "ground_sampling": [], "mask_guidance": False, "context_crop": False}
    sections = {"local": {**plain, **local_settings}, "regions": {"own_scale": False}}
    return Model(ToyBackbone(), make_settings("default", sections))


def picture(height: int = 96, width: int = 160) -> Any:
    """Green, with a red square and a blue band below."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = GREEN
    image[8:40, 16:64] = RED
    image[72:] = BLUE
    return image


def table(*shapes: Any, **columns: Any) -> Any:
    return geopandas.GeoDataFrame(columns or {"id": range(len(shapes))}, geometry=list(shapes))


def write(path: Path, image: Any, **profile: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=image.shape[0], width=image.shape[1],
        dtype="uint8", photometric="RGB",
        **{"transform": TRANSFORM, "crs": "EPSG:25832", **profile},
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))
    return path


def test_polygons_get_the_class_of_their_pixels() -> None:
    shapes = [box(20, 12, 60, 36), box(80, 10, 140, 60), box(10, 76, 150, 92)]
    result = label(model(), picture(), table(*shapes, kind=["a", "b", "c"]), CLASSES)
    found = result.table
    assert list(found.columns) == [
        "kind", "class", "score", "runner_up", "runner_up_score", "area_px", "note", "geometry",
    ]  # fmt: skip
    assert found["class"].tolist() == CLASSES
    assert found["kind"].tolist() == ["a", "b", "c"]
    assert (found["score"] > found["runner_up_score"]).all()
    assert (found["runner_up"] != found["class"]).all()
    assert found["area_px"].tolist() == [40 * 24, 60 * 50, 140 * 16]
    assert found["note"].isna().all()
    assert result.counts == {"building": 1, "vegetation": 1, "water": 1}


def test_one_tile_gives_what_pooling_gives() -> None:
    shapes = [box(20.3, 12.7, 60.1, 36), Polygon([(90, 5), (150, 30), (100, 88)])]
    toy = model()
    chosen = read_classes(CLASSES)
    texts = local.encode_classes(toy.backbone, chosen.prompts, chosen.competitors)
    features = local.read_features(picture(), toy.backbone, toy.settings.local)
    dense = local.dense_probabilities(features, texts, 20.0, toy.settings.local)
    pooled = local.combine([(1.0, from_polygons(shapes, (96, 160)).pool(dense))])
    found = label(toy, picture(), table(*shapes), CLASSES).table
    assert found["score"].to_numpy() == pytest.approx(pooled.max(1), abs=1e-7)
    second = np.sort(pooled[:, :3], axis=1)[:, -2]
    assert found["runner_up_score"].to_numpy() == pytest.approx(second, abs=1e-7)


@settings(max_examples=25)
@given(
    tile=st.sampled_from([16, 32, 48, 64]),
    corners=st.lists(
        st.tuples(st.floats(-20, 170), st.floats(-20, 110), st.floats(1, 150), st.floats(1, 90)),
        min_size=1, max_size=4,
    ),
)  # fmt: skip
def test_tiles_give_what_the_whole_image_gives(tile: int, corners: Any) -> None:
    """Features of a cell look at its own four pixels only; halos are whole cells."""
    shapes = [box(x, y, x + w, y + h) for x, y, w, h in corners]
    whole = label(model(), picture(), table(*shapes), CLASSES).table
    tiled = label(model(), picture(), table(*shapes), CLASSES, tile_size=tile, halo=8).table
    assert tiled["class"].tolist() == whole["class"].tolist()
    for column in ("score", "runner_up_score"):
        assert tiled[column].to_numpy() == pytest.approx(
            whole[column].to_numpy(), abs=1e-5, nan_ok=True
        )
    assert tiled["note"].tolist() == whole["note"].tolist()


class Sizes(ToyBackbone):
    """Remembers the heights of what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[int] = set()

    def dense(self, image: Any) -> Any:
        self.read.add(image.shape[0])
        return super().dense(image)


def test_a_polygon_in_many_tiles_is_read_at_the_scale_of_the_whole() -> None:
    sizes = {"cover_cells": 16.0, "cover_spread": 0.2}
    made = make_settings(overrides={"regions": sizes, "local": {"mask_guidance": False}})
    toy = Model(Sizes(), made)
    # 128 pixels are 16 cells at half the size, in tiles of 64 pixels, each with a halo
    label(toy, picture(256, 256), table(box(64, 64, 192, 192)), ["water", "grass"], other=False,
          tile_size=64, halo=64)  # fmt: skip
    assert toy.backbone.read == {96}


def test_what_can_be_enlarged_is_read_in_smaller_tiles() -> None:
    toy = Model(Sizes(), make_settings())
    label(toy, picture(1500, 1500), table(box(10, 10, 40, 40)), ["water", "grass"], other=False)
    assert max(toy.backbone.read) == 2 * (512 + 256)  # a tile in the corner and its halo


def test_polygons_on_the_ground_are_read_as_maps_are(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", picture())
    toy = Model(Sizes(), make_settings())
    shapes = [box(346020, 5647964, 346060, 5647988)]
    label(toy, path, geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:25832"), CLASSES)
    assert toy.backbone.read == {96, 64}  # 1 m: at 0.4 and 0.8 m it would be enlarged, then 1.6 m
    label(toy, picture(), table(*[box(20, 12, 60, 36)]), CLASSES)
    assert max(toy.backbone.read) == 192


def test_specks_and_what_reaches_beyond_the_image_are_read_too() -> None:
    toy = Model(ToyBackbone(), make_settings())
    shapes = [box(30.1, 20.1, 30.4, 20.3), box(-500, 76, 500, 400), box(-9, -9, 4, 4)]
    found = label(toy, picture(), table(*shapes), CLASSES).table
    assert found["class"].tolist() == ["building", "water", "vegetation"]
    assert np.isfinite(found["score"]).all()


def test_guidance_counts_once() -> None:
    toy = Model(ToyBackbone(), make_settings(overrides={"local": {"mask_guidance": True}}))
    auto = Model(ToyBackbone(), make_settings())
    shapes = table(box(20, 12, 60, 36), box(80, 10, 140, 60))
    found = [label(each, picture(), shapes, CLASSES).table["score"] for each in (toy, auto)]
    assert found[0].tolist() == found[1].tolist()


@pytest.mark.parametrize("tile", [32, 64])
def test_tiles_at_the_scale_of_polygons_give_nearly_what_the_whole_image_gives(tile: int) -> None:
    """Halving and enlarging look beyond cells, so that halos leave a little."""
    toy = Model(ToyBackbone(), make_settings())
    shapes = [box(20, 12, 60, 36), box(80, 10, 140, 60), box(10, 76, 150, 92), box(2, 2, 12, 7)]
    whole = label(toy, picture(), table(*shapes), CLASSES).table
    tiled = label(toy, picture(), table(*shapes), CLASSES, tile_size=tile, halo=32).table
    assert whole["class"].tolist() == ["building", "vegetation", "water", "vegetation"]
    assert tiled["class"].tolist() == whole["class"].tolist()
    assert tiled["score"].to_numpy() == pytest.approx(whole["score"].to_numpy(), abs=0.02)


def test_only_tiles_with_polygons_are_read(tmp_path: Path) -> None:
    toy = model()
    path = write(tmp_path / "scene.tif", picture(512, 512))
    parcels = geopandas.GeoDataFrame(
        geometry=[box(346010, 5647980, 346030, 5647990), box(346400, 5647530, 346420, 5647540)],
        crs="EPSG:25832",
    )
    label(toy, path, parcels, CLASSES, tile_size=64, halo=8)
    assert toy.backbone.calls["dense"] == 2


def test_polygons_in_any_crs_over_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", picture())
    shapes = [box(346020, 5647964, 346060, 5647988), box(346080, 5647940, 346140, 5647990)]
    parcels = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:25832")
    expected = label(model(), path, parcels, CLASSES).table
    for crs in (4326, 3857, 32631):
        placed = parcels.to_crs(crs)
        found = label(model(), path, placed, CLASSES, tile_size=32, halo=8).table
        assert found.crs.to_epsg() == crs
        assert found["class"].tolist() == ["building", "vegetation"]
        assert found.geometry.geom_equals(placed.geometry).all()
        assert found["area_m2"].to_numpy() == pytest.approx(expected["area_m2"].to_numpy(), 1e-4)
    assert expected["area_m2"].to_numpy() == pytest.approx([960, 3000], rel=1e-3)


def test_the_same_stretch_in_all_tiles(tmp_path: Path) -> None:
    image = picture(96, 512).astype(np.uint16) * 16
    image[:, 256:] //= 2  # a darker half, which must not be stretched on its own
    path = tmp_path / "scene.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=96, width=512, dtype="uint16",
        photometric="RGB", transform=TRANSFORM, crs="EPSG:25832",
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))
    with SceneReader(plan_source(path)) as reader:
        whole = reader.read(Box(0, 0, 512, 96))
        left, right = reader.read(Box(0, 0, 256, 96)), reader.read(Box(256, 0, 512, 96))
    assert (np.hstack([left.rgb, right.rgb]) == whole.rgb).all()
    assert right.frame is not None
    assert right.frame.transform[2] == 346256


def test_what_is_wrong_is_told_of_each_feature() -> None:
    valid = np.ones((96, 160), bool)
    valid[:, 120:] = False
    raster = Raster(picture(), valid, map_frame(TRANSFORM[:6], "EPSG:25832", (96, 160)))
    bow_tie = Polygon([(20, 12), (40, 32), (40, 12), (20, 32)])
    pixels = [
        box(20, 12, 60, 36), bow_tie, box(300, 0, 310, 9), box(-30, 80, 10, 90),
        box(130, 10, 150, 20), box(110, 10, 130, 20), box(30.6, 20.6, 30.7, 20.7),
    ]  # fmt: skip
    placed = geopandas.GeoSeries(pixels).affine_transform([1, 0, 0, -1, 346000, 5648000])
    shapes = [*placed, Point(346020, 5647980), None]
    parcels = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:25832")
    result = label(model(), raster, parcels, CLASSES, tile_size=32, halo=8)
    found = result.table
    assert found["class"].fillna("-").tolist() == [
        "building", "building", "-", "water", "-", "vegetation", "building", "-", "-",
    ]  # fmt: skip
    notes = found["note"].fillna("").tolist()
    assert notes[0] == notes[6] == ""
    assert "repaired" in notes[1]
    assert notes[2] == "it lies outside the image"
    assert notes[3] == "only 25% of it lies where the image has data"
    assert notes[4] == "the image has no data here"
    assert notes[5] == "only 50% of it lies where the image has data"
    assert notes[7:] == ["no polygon but a Point", "no polygon but nothing"]
    assert found["score"].isna().tolist() == (found["class"].isna()).tolist()
    assert "7 of 9" in result.notes[-1]


def test_a_part_of_a_scene_at_another_resolution(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", picture())
    pixels = [box(20, 12, 60, 36), box(80, 10, 140, 60), box(10, 76, 150, 92)]
    placed = geopandas.GeoSeries(pixels).affine_transform([1, 0, 0, -1, 346000, 5648000])
    parcels = geopandas.GeoDataFrame(geometry=list(placed), crs="EPSG:25832")
    part = SceneOptions(bbox=(346000, 5647940, 346110, 5648000))  # columns to 110, rows to 60
    found = label(model(), path, parcels, CLASSES, reading=part).table
    assert found["class"].fillna("-").tolist() == ["building", "vegetation", "-"]
    assert found["note"].fillna("-").tolist() == [
        "-", "only 50% of it lies where the image has data", "it lies outside the image",
    ]  # fmt: skip
    aoi = tmp_path / "aoi.geojson"
    parcels[:1].to_file(aoi)
    found = label(model(), path, parcels, CLASSES, reading=SceneOptions(aoi=str(aoi))).table
    assert found["class"].fillna("-").tolist() == ["building", "-", "-"]
    result = label(model(), path, parcels, CLASSES, reading=SceneOptions(gsd=2))
    assert result.scene.shape == (48, 80)
    assert result.table["class"].tolist() == CLASSES
    assert result.table["area_m2"].tolist() == pytest.approx([960, 3000, 2240], rel=1e-3)


def test_what_cannot_be_read_counts_as_no_data_and_is_listed(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 20, (256, 256, 3)).astype(np.uint8)
    image[:] += np.array(RED, np.uint8)
    path = write(tmp_path / "scene.tif", image, tiled=True, blockxsize=64, blockysize=64,
                 compress="DEFLATE", interleave="pixel")  # fmt: skip
    with rasterio.open(path) as dataset:
        offset = int(dataset.get_tag_item("BLOCK_OFFSET_1_1", "TIFF", bidx=1))
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\x00" * 64)
    pixels = [box(80, 80, 110, 110), box(10, 10, 50, 50), box(200, 200, 250, 250)]
    placed = geopandas.GeoSeries(pixels).affine_transform([1, 0, 0, -1, 346000, 5648000])
    parcels = geopandas.GeoDataFrame(geometry=list(placed), crs="EPSG:25832")
    result = label(model(), path, parcels, CLASSES, tile_size=64, halo=8)
    assert result.table["class"].fillna("-").tolist() == ["-", "-", "building"]  # halos meet it
    assert sorted(result.failed) == ["0,0,64,64", "64,64,128,128"]
    assert "cannot be read" in result.failed["64,64,128,128"]
    assert result.table["note"][0] == "the image has no data here"
    assert any("2 of 3 tiles" in note for note in result.notes)
    with pytest.raises(ImageError, match="cannot be read"):
        label(model(), path, parcels[:1], CLASSES, tile_size=64, halo=8)


def test_overlapping_polygons_and_holes_count_each_for_itself() -> None:
    ring = Polygon(box(8, 0, 72, 48).exterior, [box(16, 8, 64, 40).exterior])
    found = label(model(), picture(), table(ring, box(16, 8, 64, 40), box(8, 0, 72, 48)), CLASSES)
    assert found.table["class"].tolist() == ["vegetation", "building", "building"]
    assert found.table["score"][1] > found.table["score"][2]


def test_what_background_words_win_has_no_class_unless_it_is_named() -> None:
    image = picture()
    image[40:72, 80:] = (230, 230, 20)  # nothing that is asked for
    parcels = table(box(88, 44, 150, 68))
    plain = label(model(), image, parcels, CLASSES).table.iloc[0]
    assert plain["class"] != plain["class"]  # empty
    assert plain["runner_up"] in CLASSES
    assert 0 <= plain["runner_up_score"] < 0.5
    named = label(model(), image, parcels, CLASSES, other="rest").table.iloc[0]
    assert named["class"] == "rest"
    assert named["score"] > 0.5
    forced = label(model(), image, parcels, CLASSES, other=False).table.iloc[0]
    assert forced["class"] in CLASSES
    assert forced["score"] + forced["runner_up_score"] <= 1


def test_a_single_class_has_no_runner_up() -> None:
    found = label(model(), picture(), table(box(20, 12, 60, 36)), ["building"], other=False).table
    assert found["class"][0] == "building"
    assert found["score"][0] == pytest.approx(1)
    assert found["runner_up"].isna().all()
    assert found["runner_up_score"].isna().all()


def test_guided_and_cropped_views_join_where_they_are_on() -> None:
    toy = model(mask_guidance=True, context_crop=True)
    found = label(toy, picture(), table(box(20, 12, 60, 36)), CLASSES).table
    assert found["class"][0] == "building"
    assert toy.backbone.calls["regions"] == 1
    assert toy.backbone.calls["images"] == 1


def test_large_polygons_are_cut_to_tiles_without_a_change() -> None:
    circle = Point(80, 48).buffer(45, quad_segs=400)
    assert shapely.get_num_coordinates(circle) > 1000
    whole = label(model(), picture(), table(circle), CLASSES).table
    tiled = label(model(), picture(), table(circle), CLASSES, tile_size=16, halo=8).table
    assert tiled["score"][0] == pytest.approx(whole["score"][0], abs=1e-6)


def test_columns_of_the_user_stay(tmp_path: Path) -> None:
    parcels = table(box(20, 12, 60, 36), CLASS=["mine"], score=[7])
    result = label(model(), picture(), parcels, CLASSES)
    assert result.table["CLASS"].tolist() == ["mine"]
    assert result.table["score"].tolist() == [7]
    assert result.table["label_class"].tolist() == ["building"]
    assert "label_score" in result.notes[-1]
    assert list(parcels.columns) == ["CLASS", "score", "geometry"]
    result.save(tmp_path / "a.gpkg")
    back = geopandas.read_file(tmp_path / "a.gpkg", layer="a")
    assert back["label_class"].tolist() == ["building"]


def test_the_model_labels_too_and_ids_stay(tmp_path: Path) -> None:
    parcels = table(box(20, 12, 60, 36), box(80, 10, 140, 60))
    parcels.insert(0, "fid", [8, 3])
    parcels = parcels.set_crs("EPSG:25832")
    parcels.geometry = parcels.affine_transform([1, 0, 0, -1, 346000, 5648000])
    parcels.to_file(tmp_path / "in.gpkg", layer="fields")
    path = write(tmp_path / "scene.tif", picture())
    model().label(path, tmp_path / "in.gpkg", CLASSES).save(tmp_path / "out.gpkg")
    back = geopandas.read_file(tmp_path / "out.gpkg", layer="fields", fid_as_index=True)
    assert back["class"].to_dict() == {3: "vegetation", 8: "building"}
    assert back["id"].to_dict() == {3: 1, 8: 0}


def test_progress_can_cancel_and_wrong_input_is_refused() -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int, message: str) -> bool:
        told.append((done, total))
        return done < 1

    with pytest.raises(CancelledError):
        label(model(), picture(), table(box(0, 0, 160, 96)), CLASSES, tile_size=32, halo=8,
              progress=stop)  # fmt: skip
    assert told == [(0, 15), (1, 15)]
    with pytest.raises(TextError):
        label(model(), picture(), table(box(0, 0, 9, 9)), [])
    with pytest.raises(InputError, match="empty"):
        label(model(), picture(), table(), CLASSES)
    with pytest.raises(ImageError):
        label(model(), np.zeros((3, 3)), Parcels(table(box(0, 0, 9, 9))), CLASSES)  # type: ignore
