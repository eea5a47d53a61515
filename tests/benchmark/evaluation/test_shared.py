import numpy as np
import torch
from toy_backbone import ToyBackbone

from dgl_rsis import proposing
from dgl_rsis.benchmark.baselines.mask_votes import flat_proposals
from dgl_rsis.benchmark.evaluation.shared import (
    Kept,
    SharedBackbone,
    SharedFinder,
    bare_for,
    saved,
    unshared,
)
from dgl_rsis.config import make_settings
from dgl_rsis.models.precision import HalfPrecision
from dgl_rsis.pipeline import Model


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def test_two_ways_ask_the_network_once():
    toy = ToyBackbone()
    shared = SharedBackbone(toy, Kept())
    first = Model(shared, make_settings("default"))
    second = Model(shared, make_settings("default", {"paint": {"painter": "leaf"}}))
    first.segment(picture(), ["water", "building"])
    calls = toy.calls["dense"]
    second.segment(picture(), ["water", "building"])
    assert toy.calls["dense"] == calls
    second.segment(picture(1), ["water", "building"])
    assert toy.calls["dense"] == 2 * calls


def test_answers_are_those_of_the_backbone_itself():
    alone = Model(ToyBackbone(), make_settings("default"))
    shared = Model(SharedBackbone(ToyBackbone(), Kept()), make_settings("default"))
    for _ in range(2):  # new, and kept
        a, b = (model.segment(picture(), ["water", "building"]) for model in (alone, shared))
        assert np.array_equal(a.labels, b.labels)
        a, b = (
            model.refer(picture(), "the building left of the water") for model in (alone, shared)
        )
        assert np.array_equal(a.mask, b.mask)
        assert np.array_equal(a.heatmap, b.heatmap)


def test_what_was_kept_counts_as_time(monkeypatch):
    toy = ToyBackbone()
    shared = SharedBackbone(toy, Kept())
    now = iter([10.0, 13.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    shared.dense(picture())
    assert shared.kept.saved == 0
    shared.dense(picture())
    shared.dense(picture())
    assert shared.kept.saved == 6


def test_seconds_are_those_of_who_shares_nothing(monkeypatch):
    kept, now = Kept(), iter([0.0, 2.0, 10.0, 11.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    kept.once("inner", lambda: "known")  # 2 s
    assert kept.once("outer", lambda: kept.once("inner", lambda: "new")) == "known"
    assert kept.saved == 2
    kept.once("outer", lambda: "new")
    assert kept.saved == 2 + (1 + 2)  # its own second, and the two that it was spared


def test_forgetting_frees_images_and_keeps_texts():
    toy = ToyBackbone()
    shared = SharedBackbone(toy, Kept())
    shared.dense(picture())
    texts = shared.encode_texts(["water", "road", "water"])
    shared.kept.forget()
    shared.dense(picture())
    assert toy.calls["dense"] == 2
    assert np.array_equal(texts, toy.encode_texts(["water", "road", "water"]))
    assert np.array_equal(shared.encode_texts(["road"])[0], texts[1])
    assert shared.encode_texts([]).shape == (0, toy.dim)


def test_a_model_gets_its_own_backbone_back():
    toy = ToyBackbone()
    model = Model(SharedBackbone(toy, Kept()), make_settings("default"))
    assert unshared(model).backbone is toy
    assert unshared(unshared(model)).backbone is toy


def finders(settings, count=2):
    """Models over toys of their own that share what they find."""
    kept = Kept()
    return [
        Model(SharedBackbone(ToyBackbone(), kept), each, find=SharedFinder(kept, "toys"))
        for each in settings
    ]


def counting(monkeypatch):
    """How often proposals are looked for."""
    calls = []
    real = proposing.find_proposals

    def find(*arguments, **more):
        calls.append(arguments[2].proposer)
        return real(*arguments, **more)

    monkeypatch.setattr("dgl_rsis.benchmark.evaluation.shared.find_proposals", find)
    return calls


def test_proposals_are_found_once_for_all_who_ask_the_same(monkeypatch):
    calls = counting(monkeypatch)
    one, other, leaf = finders(
        [
            make_settings("default"),
            make_settings("default", {"program": {"enabled": False}}),
            make_settings("default", {"paint": {"painter": "leaf"}}),
        ]
    )
    assert one.propose(picture()) is other.propose(picture())
    assert calls == ["tree"]
    assert saved(one) == saved(other) > 0
    one.segment(picture(), ["water"])  # by colour alone, whatever the backbone
    leaf.segment(picture(), ["road"])
    assert calls == ["tree", "tree"]
    one.propose(picture(1))
    assert len(calls) == 3
    one.find.kept.forget()
    other.propose(picture(1))
    assert len(calls) == 4


def test_proposals_of_other_features_settings_or_pixels_are_others(monkeypatch):
    calls = counting(monkeypatch)
    one, rough, flat = finders(
        [
            make_settings("default"),
            make_settings("default", {"proposals": {"learned_weight": 0.5}}),
            make_settings("default", {"proposals": {"proposer": "flat"}}),
        ]
    )
    for model in (one, rough, flat):
        model.propose(picture())
    assert calls == ["tree", "tree", "flat"]
    assert flat_proposals(one, picture(), ["water"]) is flat.propose(picture())


def test_found_together_is_found_alone():
    settings = make_settings("default")
    alone = Model(ToyBackbone(), settings).propose(picture())
    (model,) = finders([settings])
    for _ in range(2):  # new, and kept
        assert np.array_equal(model.propose(picture()).areas, alone.areas)


def test_masks_are_embedded_once():
    toy = ToyBackbone()
    shared = SharedBackbone(toy, Kept())
    masks = Model(toy, make_settings("default")).propose(picture())
    first = shared.regions(picture(), masks)
    assert shared.regions(picture(), masks) is first
    assert np.array_equal(first, toy.regions(picture(), masks))


def test_only_who_looks_into_the_network_gets_it():
    toy = ToyBackbone()
    model = Model(SharedBackbone(toy, Kept()), make_settings("default"))
    with bare_for("dense-score", model) as bare:
        assert bare is model
    for name in ("hybridgl", "dense-vote"):  # the latter reads a ViT in a way of its own
        with bare_for(name, model) as bare:
            assert bare.backbone is toy


def test_a_network_in_half_precision_is_looked_into_in_that_precision():
    toy = ToyBackbone()
    half = HalfPrecision(toy, "cpu", "bfloat16")
    model = Model(SharedBackbone(half, Kept()), make_settings("default"))
    assert unshared(model).backbone is toy
    with bare_for("hybridgl", model) as bare:
        assert bare.backbone is toy
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
