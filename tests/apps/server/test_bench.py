"""What the models of presets share."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.bench import Bench


def test_models_of_presets_share_their_weights(
    tiny_rs_folder: Path, tiny_blip_folder: Path
) -> None:
    pairs = ["activation.provider=cross_attention", f"activation.checkpoint=dir:{tiny_blip_folder}"]
    choice = ModelChoice.from_options(f"dir:{tiny_rs_folder}", None, "default", pairs, "cpu", None)
    bench = Bench(choice)
    assert bench.model("default").used_matcher is None  # maps need none
    ranking = bench.ranking_model("default")
    assert ranking.explainer is not None
    assert ranking.explainer is bench.model("default").explainer
    assert bench.ranking_model("paper").explainer is ranking.explainer
    assert bench.model("paper").backbone is ranking.backbone
