"""What the models of presets share."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.model_cache import ModelCache


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
