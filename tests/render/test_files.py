import csv

import geopandas
import numpy as np
import pytest
import rasterio

from dgl_rsis.errors import OutputError
from dgl_rsis.render import render_scene, write_scene


@pytest.fixture(scope="module")
def scene():
    return render_scene(4, size=(150, 210), theme="mixed")


@pytest.fixture(scope="module")
def paths(scene, tmp_path_factory):
    return write_scene(scene, tmp_path_factory.mktemp("rendered") / "new")


def test_picture_keeps_pixels_and_place(scene, paths):
    with rasterio.open(paths["scene"]) as dataset:
        assert dataset.crs.to_epsg() == 32632
        assert tuple(dataset.transform)[:6] == scene.frame.transform
        assert np.array_equal(np.moveaxis(dataset.read(), 0, 2), scene.image)


def test_truth_has_classes_and_colours(scene, paths):
    with rasterio.open(paths["truth"]) as dataset:
        assert dataset.crs.to_epsg() == 32632
        assert dataset.nodata == 0
        assert np.array_equal(dataset.read(1).astype(int) - 1, scene.class_map)
        assert dataset.colormap(1)[1][:3] == (56, 110, 190)
        assert "storage tank" in dataset.tags()["CLASS_NAMES"]


def test_instances_cover_their_pixels(scene, paths):
    table = geopandas.read_file(paths["instances"], layer="instances")
    assert table.crs.to_epsg() == 32632
    assert list(table["class"]) == [instance.kind for instance in scene.instances]
    assert np.allclose(table.geometry.area, [i.area * scene.gsd**2 for i in scene.instances])
    assert np.allclose(table["area_m2"], table.geometry.area)


def test_sentences_are_a_table(scene, paths):
    with paths["sentences"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sentence"] for row in rows] == [s.text for s in scene.sentences]
    for row, sentence in zip(rows, scene.sentences, strict=True):
        assert tuple(int(number) for number in row["answer_ids"].split()) == sentence.instance_ids


def test_scene_without_objects_is_written(tmp_path):
    write_scene(render_scene(0, size=1), tmp_path)
    assert len(geopandas.read_file(tmp_path / "instances.gpkg", layer="instances")) == 0


def test_folder_that_cannot_be_made(scene, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(OutputError, match="cannot be made"):
        write_scene(scene, blocked / "folder")
