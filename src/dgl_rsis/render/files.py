"""A rendered scene as files that GIS software opens (docs/design.md 2 and 3.2)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dgl_rsis.errors import OutputError
from dgl_rsis.render.instances import Instance
from dgl_rsis.render.kinds import KINDS

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

    from dgl_rsis.render.scene import RenderedScene


def write_scene(scene: RenderedScene, folder: str | Path) -> dict[str, Path]:
    """Write a scene with its truth; files of the same names are replaced.

    Args:
        scene: what is written.
        folder: where; made if it is missing.

    Returns:
        Paths by name: ``scene`` (``scene.tif``, RGB GeoTIFF), ``truth`` (``truth.tif``, 0 is "no
        data", class k is stored as k + 1, with colours and names), ``instances``
        (``instances.gpkg``) and ``sentences`` (``sentences.csv``, columns ``sentence``,
        ``answer_ids`` separated by spaces, ``kind``).

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    from dgl_rsis.geo.output_file import atomic
    from dgl_rsis.geo.vector import write_vectors
    from dgl_rsis.geo.writer import write_classes

    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {target} cannot be made: {error.strerror}") from error
    paths = {
        "scene": target / "scene.tif",
        "truth": target / "truth.tif",
        "instances": target / "instances.gpkg",
        "sentences": target / "sentences.csv",
    }
    with atomic(paths["scene"]) as temporary:
        _write_image(scene, temporary)
    colours = [kind.colour for kind in KINDS]
    write_classes(
        paths["truth"], scene.class_map, scene.classes, frame=scene.frame, colours=colours
    )
    write_vectors(paths["instances"], _instance_table(scene))
    with atomic(paths["sentences"]) as temporary:
        _write_sentences(scene, temporary)
    return paths


def _write_image(scene: RenderedScene, path: Path) -> None:
    """Write the picture as a compressed RGB GeoTIFF."""
    import rasterio
    from affine import Affine

    height, width = scene.class_map.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=height,
        width=width,
        count=3,
        dtype="uint8",
        crs=scene.frame.crs,
        transform=Affine(*scene.frame.transform),
        photometric="RGB",
        compress="deflate",
        predictor=2,
    ) as dataset:
        dataset.write(np.moveaxis(scene.image, 2, 0))
        dataset.update_tags(
            RENDERED="yes", SEED=str(scene.seed), SPLIT=scene.split, THEME=scene.theme
        )


def _instance_table(scene: RenderedScene) -> GeoDataFrame:
    """One row per visible object; the outline follows the pixels."""
    import geopandas

    pixel_area = scene.frame.pixel_area_m2 or 1.0
    columns: dict[str, list[object]] = {
        "id": [instance.id for instance in scene.instances],
        "class": [instance.kind for instance in scene.instances],
        "area_m2": [instance.area * pixel_area for instance in scene.instances],
    }
    for name in ("colour", "shape", "roof", "size"):
        columns[name] = [instance.attributes.get(name) for instance in scene.instances]
    outlines = [_outline(instance, scene) for instance in scene.instances]
    return geopandas.GeoDataFrame(columns, geometry=outlines, crs=scene.frame.crs)


def _outline(instance: Instance, scene: RenderedScene) -> BaseGeometry:
    """Map polygon of the visible pixels of an instance."""
    from affine import Affine
    from rasterio.features import shapes
    from shapely import union_all
    from shapely.geometry import MultiPolygon, shape

    a, b, c, d, e, f = scene.frame.transform
    x0, y0 = instance.box[:2]
    grid = Affine(a, b, a * x0 + b * y0 + c, d, e, d * x0 + e * y0 + f)
    mask = instance.mask.astype(np.uint8)
    merged = union_all([shape(part) for part, _ in shapes(mask, instance.mask, transform=grid)])
    return merged if isinstance(merged, MultiPolygon) else MultiPolygon([merged])


def _write_sentences(scene: RenderedScene, path: Path) -> None:
    """Write the sentences with their answers."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence", "answer_ids", "kind"])
        for sentence in scene.sentences:
            ids = " ".join(str(number) for number in sentence.instance_ids)
            writer.writerow([sentence.text, ids, sentence.kind_of_sentence])
