import numpy as np
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.evaluation.shared import SharedBackbone, unshared
from dgl_rsis.config import make_settings
from dgl_rsis.pipeline import Model


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def test_two_ways_ask_the_network_once():
    toy = ToyBackbone()
    shared = SharedBackbone(toy)
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
    shared = Model(SharedBackbone(ToyBackbone()), make_settings("default"))
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
    shared = SharedBackbone(toy)
    now = iter([10.0, 13.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    shared.dense(picture())
    assert shared.saved == 0
    shared.dense(picture())
    shared.dense(picture())
    assert shared.saved == 6


def test_forgetting_frees_images_and_keeps_texts():
    toy = ToyBackbone()
    shared = SharedBackbone(toy)
    shared.dense(picture())
    texts = shared.encode_texts(["water", "road", "water"])
    shared.forget()
    shared.dense(picture())
    assert toy.calls["dense"] == 2
    assert np.array_equal(texts, toy.encode_texts(["water", "road", "water"]))
    assert np.array_equal(shared.encode_texts(["road"])[0], texts[1])
    assert shared.encode_texts([]).shape == (0, toy.dim)


def test_a_model_gets_its_own_backbone_back():
    toy = ToyBackbone()
    model = Model(SharedBackbone(toy), make_settings("default"))
    assert unshared(model).backbone is toy
    assert unshared(unshared(model)).backbone is toy
