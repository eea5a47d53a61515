import math

import numpy as np
import pytest
import torch
from pretrain.concepts import CONCEPTS, SCENES
from pretrain.vit import image
from pretrain.vit import text as texts
from pretrain.vit.bank import Lesson
from pretrain.vit.image import Names, Teaching, choose_patches, learning_rate, losses, rows_of
from pretrain.vit.networks import Readout
from torch.nn import functional

DIM = 40  # more than names or concepts: all of them can be orthogonal
WEIGHTS = dict.fromkeys(("image", "names", "label", "values", "tokens", "concepts"), 1.0)


@pytest.mark.parametrize(("count", "batch"), [(10, 4), (10, 10), (3, 8)])
def test_every_crop_comes_once_a_round(count, batch):
    steps = [rows_of(step, batch, count, seed=1) for step in range(2 * count)]
    assert all(len(rows) == batch for rows in steps)
    drawn = np.concatenate(steps)[: 2 * count].reshape(2, count)
    assert [sorted(each) for each in drawn] == [list(range(count))] * 2
    assert not np.array_equal(*drawn)
    assert not np.array_equal(rows_of(0, count, count, 2), rows_of(0, count, count, 3))


def test_the_rate_warms_up_and_falls_as_a_cosine():
    settings = {"learning_rate": 2.0, "warmup": 4, "steps": 100}
    rates = [learning_rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.5)
    assert rates[50] == pytest.approx(1.0)
    assert rates[99] < 0.01
    assert max(rates) == rates[3]


def test_a_share_of_the_patches_is_shown_and_all_in_the_end():
    settings = {"size": 64, "patch": 16, "steps": 10, "final_steps": 2, "shown": 0.25}
    kept = choose_patches(3, 5, settings, seed=1)
    assert kept.shape == (5, 4)
    assert all(len(set(row)) == 4 for row in kept.tolist())
    assert torch.equal(kept, choose_patches(3, 5, settings, seed=1))
    assert not torch.equal(kept, choose_patches(4, 5, settings, seed=1))
    assert torch.equal(choose_patches(8, 5, settings, seed=1), torch.arange(16).expand(5, -1))


@pytest.fixture
def part():
    """Three crops of which two are named, with four patches each."""
    torch.manual_seed(0)
    return Lesson(
        np.zeros((3, 32, 32, 3), np.uint8),
        torch.tensor([4, -1, 2]),
        functional.normalize(torch.randn(3, DIM), dim=-1),
        functional.normalize(torch.randn(3, 4, DIM), dim=-1),
    )


def names(seed):
    torch.manual_seed(seed)
    return Names(
        functional.normalize(torch.randn(len(SCENES), DIM), dim=-1),
        functional.normalize(torch.randn(len(CONCEPTS), DIM), dim=-1),
    )


def said_by(monkeypatch, part, kept, readout, teaching, weights=WEIGHTS):
    def read(student, pixels, shown):
        assert shown is kept
        return readout

    monkeypatch.setattr(image, "read", read)
    parts = losses(None, part, None, kept, teaching, {"weights": weights})
    return {name: float(value) for name, value in parts.items()}


def test_who_says_what_the_teacher_says_loses_nothing(part, monkeypatch):
    kept = torch.tensor([[0, 2], [1, 3], [3, 0]])
    shown = part.dense.gather(1, kept[..., None].expand(-1, -1, DIM))
    teaching = Teaching(names(1), names(1), 20.0, 10.0)
    readout = Readout(part.embeddings, shown, shown)
    result = said_by(monkeypatch, part, kept, readout, teaching)
    logits = 20 * part.embeddings[[0, 2]] @ teaching.student.scenes.T
    label = functional.cross_entropy(logits, part.scenes[[0, 2]], label_smoothing=0.1)
    assert result.pop("label") == pytest.approx(float(label), rel=1e-5)
    assert result == pytest.approx(dict.fromkeys(result, 0.0), abs=1e-5)
    assert set(result) == set(WEIGHTS) - {"label"}


def test_every_loss_sees_its_own_mistake(part, monkeypatch):
    kept = torch.arange(4).expand(3, -1)
    teaching = Teaching(names(1), names(1), 20.0, 10.0)
    right = Readout(part.embeddings, part.dense, part.dense)
    cases = {
        ("values", "concepts"): Readout(right.image, -right.values, right.tokens),
        ("tokens",): Readout(right.image, right.values, -right.tokens),
        ("image", "names", "label"): Readout(-right.image, right.values, right.tokens),
    }
    clean = said_by(monkeypatch, part, kept, right, teaching)
    for wrong, readout in cases.items():
        result = said_by(monkeypatch, part, kept, readout, teaching)
        for name in result:
            if name == "label":
                continue  # a random teacher may be wrong
            assert (result[name] > clean[name] + 0.1) == (name in wrong), name
    result = said_by(monkeypatch, part, kept, cases["tokens",], teaching, {**WEIGHTS, "tokens": 3})
    assert result["tokens"] == pytest.approx(3 * 2)


def test_probabilities_are_compared_in_each_ones_own_words(part, monkeypatch):
    own = Names(-names(1).scenes, -names(1).concepts)
    teaching = Teaching(names(1), own, 20.0, 10.0)
    kept = torch.arange(4).expand(3, -1)
    turned = Readout(-part.embeddings, -part.dense, -part.dense)
    result = said_by(monkeypatch, part, kept, turned, teaching)
    assert result["names"] == pytest.approx(0, abs=1e-5)
    assert result["concepts"] == pytest.approx(0, abs=1e-5)
    assert result["image"] == pytest.approx(2)


def test_crops_without_a_name_have_no_label_loss(part, monkeypatch):
    nameless = Lesson(part.images, torch.full((3,), -1), part.embeddings, part.dense)
    kept = torch.arange(4).expand(3, -1)
    readout = Readout(part.embeddings, part.dense, part.dense)
    teaching = Teaching(names(1), names(1), 20.0, 10.0)
    assert said_by(monkeypatch, nameless, kept, readout, teaching)["label"] == 0


def test_a_stopped_run_goes_on_as_if_it_had_not_been(data, output, config, monkeypatch):
    texts.train(data, output, config)
    settings = config["vit"]["image"]
    image.train(data, output, config)
    whole = torch.load(output / "vit" / "image.pt", weights_only=True)
    assert whole["step"] == settings["steps"] == 4
    (output / "vit" / "image.pt").unlink()

    class Stopped(Exception):
        pass

    def stop(step, settings):
        if step == 3:  # the checkpoint is that of two steps
            raise Stopped
        return learning_rate(step, settings)

    monkeypatch.setattr(image, "learning_rate", stop)
    with pytest.raises(Stopped):
        image.train(data, output, config)
    assert torch.load(output / "vit" / "image.pt", weights_only=True)["step"] == 2
    monkeypatch.setattr(image, "learning_rate", learning_rate)
    image.train(data, output, config)
    resumed = torch.load(output / "vit" / "image.pt", weights_only=True)
    for kind in ("tower", "average"):
        for name, value in whole[kind].items():
            torch.testing.assert_close(resumed[kind][name], value, atol=1e-6, rtol=1e-4)
    assert not math.isclose(float(whole["tower"]["visual_projection.weight"][0, 0]), 0.0)
