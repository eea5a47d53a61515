"""Activation providers through the public path."""

from __future__ import annotations

import numpy as np
import pytest
from toy_backbone import ToyBackbone

import dgl_rsis
from dgl_rsis.config import make_settings, preset_names
from dgl_rsis.errors import ModelError
from dgl_rsis.manifest import make_manifest
from dgl_rsis.models.base import ModelCard, TokenActivations
from dgl_rsis.pipeline import Model

PROVIDERS = ("grad_cam", "cross_attention", "dense_contrast")
SENTENCE = "the largest building which is shiny"


class ToyMatcher:
    """The token *building* looks at red, every other one everywhere; keeps what it was asked."""

    card = ModelCard("toy", "0", "none", "tests")

    def __init__(self):
        self.read_shapes, self.asked = [], []

    def read(self, image):
        self.read_shapes.append(image.shape[:2])
        small = image[::4, ::4].astype(np.float32)
        red = np.maximum(0, small[..., 0] - small[..., 1])

        def match(texts):
            self.asked.append(tuple(texts))
            return [self.tokens(text, red) for text in texts]

        return match

    @staticmethod
    def tokens(text, red):
        spans, maps = [(0, 0)], [np.zeros_like(red)]
        for word in text.split():
            first = text.index(word, spans[-1][1])
            spans.append((first, first + len(word)))
            maps.append(red if word == "building" else np.ones_like(red))
        logits = np.array([0, 5 if red.max() > 0 else -5], np.float32)
        return TokenActivations(
            np.stack([*maps, np.ones_like(red)]), np.array([*spans, (0, 0)]), logits
        )


class ReadsOnceBackbone(ToyBackbone):
    """Counts how often it reads a window for activations."""

    def __init__(self):
        super().__init__()
        self.reads = 0

    def activator(self, image):
        self.reads += 1
        return lambda texts, targets: ToyBackbone.activations(self, image, texts, targets)


def scattered():
    """Three red buildings on grass."""
    image = np.zeros((96, 96, 3), np.uint8)
    image[:] = (10, 180, 10)
    for row, column, size in ((8, 8, 12), (12, 60, 28), (48, 12, 18)):
        image[row : row + size, column : column + size] = (210, 10, 10)
    return image


def model(provider, preset="default", *, backbone=None, matcher=None, **stages):
    options = {**stages, "activation": {"provider": provider, **stages.get("activation", {})}}
    if provider == "cross_attention" and matcher is None:
        matcher = ToyMatcher()
    return Model(backbone or ToyBackbone(), make_settings(preset, options), matcher)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("cross_scale", [True, False])
def test_every_provider_lights_what_is_named(provider, cross_scale):
    result = model(provider, activation={"cross_scale": cross_scale}).refer(
        scattered(), "the largest building"
    )
    heat = result.heatmap
    assert heat.shape == (96, 96)
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1, abs=0.05)
    assert heat[18:34, 66:82].mean() > 10 * max(heat[60:90, 60:90].mean(), 1e-3)
    assert "activation" in result.matches[0].terms


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("preset", preset_names())
def test_every_provider_runs_with_every_preset(provider, preset):
    on = model(provider, preset, activation={"enabled": True})
    result = on.refer(scattered(), SENTENCE)
    assert result.heatmap.max() > 0.5
    assert result.mask[20, 70]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "switch",
    [
        {"text": {"decouple": False}},
        {"knowledge": {"enabled": False}},
        {"local": {"context_crop": True}},
        {"local": {"mask_guidance": True}},
        {"activation": {"enabled": False}},
        {"activation": {"global_enhancement": False}},
        {"activation": {"modifiers": "all"}},
        {"program": {"enabled": False}},
        {"select": {"enabled": False}},
    ],
    ids=str,
)
def test_every_provider_runs_with_every_stage_off(provider, switch):
    result = model(provider, **switch).refer(scattered(), SENTENCE)
    lit = switch.get("activation", {}).get("enabled", True)
    assert (result.heatmap.max() > 0.5) == lit


def test_windows_are_read_once_however_many_sentences():
    backbone, matcher = ReadsOnceBackbone(), ToyMatcher()
    sentences = [SENTENCE, "the building that is rusty", "the striped building"]
    model("grad_cam", backbone=backbone).refer_many(scattered(), sentences)
    assert backbone.reads == 5
    assert backbone.calls["activations"] == 15
    model("cross_attention", matcher=matcher).refer_many(scattered(), sentences)
    assert len(matcher.read_shapes) == 5
    assert matcher.read_shapes[0] == (96, 96)
    assert len(matcher.asked) == 15  # one pass for each sentence and window
    assert matcher.asked[0] == ("there is a building", "there is a shiny building")


def test_a_sentence_does_not_change_the_answer_to_the_next():
    sentences = ["the shiny building", "the smallest building that is rusty"]
    for provider in PROVIDERS:
        many = model(provider).refer_many(scattered(), sentences)
        single = model(provider).refer(scattered(), sentences[1])
        np.testing.assert_array_equal(many[1].heatmap, single.heatmap)
        assert many[1].matches[0].terms == single.matches[0].terms


def test_crops_of_a_proposal_are_embedded_once_for_all_sentences():
    backbone = ToyBackbone()
    asked = model("grad_cam", backbone=backbone, local={"context_crop": True})
    asked.refer(scattered(), "the largest building")
    once = backbone.calls["images"]
    backbone.calls["images"] = 0
    asked.refer_many(scattered(), ["the largest building", "the smallest building"])
    assert once > 0
    assert backbone.calls["images"] == once


def test_dense_contrast_needs_no_other_reading_of_the_image():
    backbone = ToyBackbone()
    model("dense_contrast", backbone=backbone).refer(scattered(), SENTENCE)
    assert backbone.calls["activations"] == 0
    assert (
        backbone.calls["dense"] - backbone.calls["regions"] == 4
    )  # at 96 and 64 pixels, at 48 for things


def test_dense_contrast_off_scale_reads_the_finest_only(monkeypatch):
    from dgl_rsis.stages import local

    scales = []
    original = local.dense_probabilities

    def spy(features, *rest):
        scales.append(len(features.dense))
        return original(features, *rest)

    monkeypatch.setattr(local, "dense_probabilities", spy)
    model("dense_contrast", activation={"cross_scale": False}).refer(scattered(), SENTENCE)
    model("dense_contrast").refer(scattered(), SENTENCE)
    nouns, alone, together = scales[0], scales[1:3], scales[4:6]
    assert alone == [1, 1]
    assert together == [nouns, nouns]


def test_a_matcher_that_is_not_there_is_missed_by_sentences_alone(tmp_path):
    options = {"activation": {"provider": "cross_attention", "checkpoint": f"dir:{tmp_path}"}}
    alone = Model(ToyBackbone(), make_settings("default", options))
    assert alone.segment(scattered(), ["building", "grass"]).labels.shape == (96, 96)
    assert len(alone.propose(scattered())) > 0
    assert alone.used_matcher is None
    with pytest.raises(ModelError, match=r"has no config\.json"):
        alone.refer(scattered(), "the building")


def test_the_manifest_names_the_matcher():
    facts = {"command": "refer", "options": {}, "raster": None, "outputs": [], "seconds": 1.0}
    asked = model("cross_attention")
    assert make_manifest(**facts, model=asked)["matcher"]["name"] == "toy"
    assert "matcher" not in make_manifest(**facts, model=model("grad_cam"))


def test_load_takes_the_checkpoint_of_the_settings(tiny_rs_folder, tiny_blip_folder, tmp_path):
    options = {"provider": "cross_attention", "checkpoint": f"dir:{tiny_blip_folder}"}
    loaded = dgl_rsis.load(f"dir:{tiny_rs_folder}", device="cpu", settings={"activation": options})
    assert loaded.used_matcher is None
    result = loaded.refer(scattered(), "the white building next to the pier")
    assert loaded.used_matcher is loaded.explainer
    assert loaded.used_matcher is not None
    assert loaded.used_matcher.card.source == str(tiny_blip_folder)
    assert result.heatmap.shape == (96, 96)
    assert np.isfinite(result.heatmap).all()
    options["checkpoint"] = str(tmp_path / "nowhere")
    missing = dgl_rsis.load(f"dir:{tiny_rs_folder}", device="cpu", settings={"activation": options})
    with pytest.raises(ModelError, match="unknown model"):
        missing.refer(scattered(), "the building")
    options["enabled"] = False
    off = dgl_rsis.load(f"dir:{tiny_rs_folder}", device="cpu", settings={"activation": options})
    assert off.explainer is None


def test_rs_tiny_reads_a_window_once(tiny_rs_folder, monkeypatch):
    from dgl_rsis.models.tiny import RsTiny

    reads = []
    original = RsTiny.activator

    def spy(self, image):
        reads.append(image.shape[:2])
        return original(self, image)

    monkeypatch.setattr(RsTiny, "activator", spy)
    loaded = dgl_rsis.load(f"dir:{tiny_rs_folder}", device="cpu")
    loaded.refer_many(scattered(), ["the shiny building", "the rusty building"])
    assert len(reads) == 5
