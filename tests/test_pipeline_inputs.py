"""What is refused before anything is computed, and what the result says about choices."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.models import registry
from dgl_rsis.pipeline import Model, load
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import Raster

CLASSES = ["building", "vegetation", "water", "road"]


def model(**overrides):
    return Model(ToyBackbone(), make_settings("default", overrides))


def test_an_image_without_data_is_refused():
    empty = Raster(quarters(), np.zeros((64, 64), bool))
    with pytest.raises(ImageError, match="no valid pixels"):
        model().segment(empty, CLASSES)


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"names": ["a"]}, "names need candidates"),
        ({"refine": True}, "refine needs candidates"),
        ({"candidates": np.array([[0, 0, 9, 9]]), "names": []}, "0 names for 1 candidates"),
        ({"candidates": np.array([[0, 0, 9, 9]]), "names": [None]}, r"names\[0\] is None, no text"),
        (
            {"candidates": np.array([[0, 0, 9, 9], [9, 9, 19, 19]]), "names": ["a", np.nan]},
            r"names\[1\] is nan, no text; pass '' for",
        ),
        ({"candidates": MaskSet.from_boxes(np.array([[0, 0, 9, 9]]), (32, 64))}, "32 x 64"),
    ],
)
def test_candidates_that_do_not_fit_are_refused_before_any_feature(keywords, says):
    asked = model()
    with pytest.raises(InputError, match=says):
        asked.refer(quarters(), "the building", **keywords)
    assert asked.backbone.calls["dense"] == 0


def test_progress_ends_with_everything_done():
    told = []
    model().segment(quarters(), CLASSES, progress=lambda *step: told.append(step) or True)
    assert told[-1] == (4, 4, "done")
    told.clear()
    model().refer(quarters(), "the building", progress=lambda *step: told.append(step) or True)
    steps = [(0, 1, "proposals"), (0, 1, "the building"), (1, 1, "done")]
    assert told == steps  # sentences are counted, not steps


def test_a_painter_that_replaces_the_proposer_says_so():
    assert model().segment(quarters(), CLASSES).notes == ()
    chosen = {"proposals": {"proposer": "tree+flat"}, "paint": {"painter": "cut"}}
    replaced = model(**chosen).segment(quarters(), CLASSES)
    assert "not the proposer flat" in replaced.notes[0]


def test_proposer_wins_over_settings_and_the_notice_comes_once(tiny_rs_folder, caplog):
    with caplog.at_level(logging.WARNING):
        models = [
            load(
                f"dir:{tiny_rs_folder}",
                proposer="flat",
                settings={"proposals": {"proposer": "tree"}},
            )
            for _ in range(2)
        ]
    assert models[1].settings.proposals.proposer == "flat"
    assert caplog.messages.count(models[0].backbone.card.notice) <= 1
    with pytest.raises(InputError, match="proposer"):
        load(f"dir:{tiny_rs_folder}", proposer="nobody")


def test_a_loaded_backbone_can_be_shared_as_the_docs_have_it(tiny_rs_folder, monkeypatch):
    docs = (Path(__file__).resolve().parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
    (example,) = (
        block for block in re.findall(r"```python\n(.*?)```", docs, re.DOTALL)
        if "backbone = load_backbone" in block
    )  # fmt: skip
    monkeypatch.setattr(registry, "embedded_folder", lambda: tiny_rs_folder)
    names = {}
    exec(example, names)
    model, quick = names["model"], names["quick"]
    assert model.backbone is quick.backbone is names["backbone"]
    assert (quick.settings.painter, quick.settings.proposals.proposer) == ("dense", "flat")
    assert model.name is None


def test_a_model_is_a_name_a_path_or_a_backbone(tiny_rs_folder):
    assert load(tiny_rs_folder, device="cpu").name == str(tiny_rs_folder)
    assert load(ToyBackbone()).backbone.card.name == "toy"
    with pytest.raises(InputError, match="3 is neither a name nor a backbone"):
        load(3)
