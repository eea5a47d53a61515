"""What the models of presets share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.model_cache import ModelCache, reading
from dgl_rsis.apps.server.placing import Placement
from dgl_rsis.apps.server.tasks import Task


def test_models_of_presets_share_their_weights(
    tiny_rs_folder: Path, tiny_blip_folder: Path
) -> None:
    pairs = ["activation.provider=cross_attention", f"activation.checkpoint=dir:{tiny_blip_folder}"]
    choice = ModelChoice.from_options(f"dir:{tiny_rs_folder}", None, "default", pairs, "cpu", None)
    cache = ModelCache(choice)
    assert cache.model("default").used_matcher is None  # maps need none
    ranking = cache.ranking_model("default")
    assert ranking.explainer is not None
    assert ranking.explainer is cache.model("default").explainer
    assert cache.ranking_model("paper").explainer is ranking.explainer
    assert cache.model("paper").backbone is ranking.backbone


def test_bands_that_were_asked_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "four.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=4, dtype="uint8",
        photometric="MINISBLACK",
    ) as target:  # fmt: skip
        for index in range(1, 5):
            target.write(np.full((8, 8), 10 * index, np.uint8), index)
    choice = ModelChoice.from_options("rs-tiny", None, "default", None, "cpu", None)
    place = Placement.of(None, (8, 8))
    task = Task("job", "segment", path, "four.tif", place, tmp_path, tmp_path, {}, (3, 2, 1))
    assert ModelCache(choice).raster(task).rgb[0, 0].tolist() == [30, 20, 10]
    assert reading(task).bands == (3, 2, 1)
