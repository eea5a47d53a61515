"""Tiny rendered inputs under the names that the pages use, and the person between two commands."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from PIL import Image
from shapely.geometry import box

from dgl_rsis.render import RenderedScene, render_scene, write_scene
from dgl_rsis.types import MapFrame

SIDE = 192  # pixels; several commands of a page read it
SEED = 9003


def make_inputs(folder: Path) -> None:
    """Write everything that the blocks of the pages read."""
    scene = render_scene(SEED, size=SIDE)
    files = write_scene(scene, folder)
    shutil.copytree(folder, folder / "demo")
    files["sentences"].rename(folder / "questions.csv")
    _write_tables(folder)
    _write_mosaic(folder)
    Image.fromarray(scene.image).save(folder / "photo.jpg", quality=90)
    _write_bands(scene, folder / "sentinel.tif")


def fill_in_sample(folder: Path) -> None:
    """What a person does after `assess sample`: say what is really at every point."""
    path = folder / "sample.gpkg"
    if not path.exists():
        return
    points = geopandas.read_file(path, layer="sample")
    if points["reference"].isna().all():
        points["reference"] = points["map_class"]
        points.to_file(path, layer="sample")


def _write_tables(folder: Path) -> None:
    """Parcels without classes, a detector's boxes with names and scores, an area of interest."""
    objects = geopandas.read_file(folder / "instances.gpkg", layer="instances")
    parcels = objects[["id", "geometry"]].rename(columns={"id": "parcel"})
    parcels.to_crs(4326).to_file(folder / "parcels.gpkg")
    detections = objects[["class", "geometry"]].assign(score=0.8)
    detections["geometry"] = detections.geometry.envelope
    detections.to_crs(4326).to_file(folder / "detections.geojson", driver="GeoJSON")
    west, south, east, north = objects.total_bounds
    half = box(west, south, (west + east) / 2, north)
    geopandas.GeoDataFrame(geometry=[half], crs=objects.crs).to_file(folder / "area.geojson")


def _write_mosaic(folder: Path) -> None:
    """One scene as a file and as four neighbouring files, in two folders and as a list of items."""
    whole = render_scene(SEED + 1, size=2 * SIDE)
    write_scene(whole, folder / "whole")
    (folder / "whole" / "scene.tif").rename(folder / "mosaic.tif")
    shutil.rmtree(folder / "whole")
    items = []
    for row in (0, SIDE):
        for column in (0, SIDE):
            name = f"{row}_{column}"
            write_scene(_part(whole, row, column), folder / "part")
            for target in ("mosaic", "tiles"):
                (folder / target).mkdir(exist_ok=True)
                shutil.copyfile(folder / "part" / "scene.tif", folder / target / f"{name}.tif")
            asset = {"href": f"mosaic/{name}.tif", "roles": ["visual"]}
            items.append({"type": "Feature", "id": name, "assets": {"visual": asset}})
    shutil.rmtree(folder / "part")
    collection = {"type": "FeatureCollection", "features": items}
    (folder / "items.json").write_text(json.dumps(collection))


def _part(scene: RenderedScene, row: int, column: int) -> RenderedScene:
    a, b, c, d, e, f = scene.frame.transform
    moved = (a, b, a * column + b * row + c, d, e, d * column + e * row + f)
    window = np.s_[row : row + SIDE, column : column + SIDE]
    frame: MapFrame = replace(scene.frame, transform=moved)
    return replace(
        scene,
        image=np.ascontiguousarray(scene.image[window]),
        class_map=scene.class_map[window],
        frame=frame,
        instances=(),
        sentences=(),
    )


def _write_bands(scene: RenderedScene, path: Path) -> None:
    """Four bands of 16 bits without colour interpretation: blue, green, red, near infrared."""
    red, green, blue = np.moveaxis(scene.image, 2, 0).astype(np.uint16) * 20
    with rasterio.open(
        path, "w", driver="GTiff", height=SIDE, width=SIDE, count=4, dtype="uint16", nodata=0,
        crs=scene.frame.crs, transform=rasterio.Affine(*scene.frame.transform),
    ) as dataset:  # fmt: skip
        dataset.write(np.stack([blue, green, red, green]) + 1)
        dataset.colorinterp = [rasterio.enums.ColorInterp.undefined] * 4
