import json

import numpy as np
import torch
from pretrain.concepts import SCENES
from pretrain.data import SCENE_NAMES, Real
from pretrain.vit import text as texts
from torch.nn import functional

from dgl_rsis.models.tiny import RsTiny

WORDS = ["a red roof", "The River", ""]


def test_a_tower_is_distilled_and_kept(data, output, config):
    config["vit"]["text"]["steps"] = 160
    texts.train(data, output, config)
    text = texts.load(output, config, dim=16)
    features = text.encode(WORDS)
    assert features.shape == (3, 16)
    torch.testing.assert_close(features.norm(dim=-1), torch.ones(3))
    teacher = RsTiny.from_folder(output / "model")
    wanted = texts.teacher_encode(teacher)(WORDS[:1])
    assert float((features[:1] * wanted).sum()) > 0.7  # it was taught, unlike what is below
    lines = (output / "vit" / "log.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["held_out"] < 0.7
    assert set(json.loads(lines[-1])) == {"of", "top1_teacher_text", "top1_student_text"}


def test_a_text_does_not_depend_on_what_is_read_with_it(data, output, config):
    texts.train(data, output, config)
    text = texts.load(output, config, dim=16)
    long = "a road by the river and the sea and a roof of a house near some trees"
    together = text.encode([*WORDS, long])
    for number, word in enumerate([*WORDS, long]):
        torch.testing.assert_close(text.encode([word])[0], together[number], atol=1e-5, rtol=0)
    assert torch.equal(text.encode(["RIVER"]), text.encode(["river"]))


def test_the_teacher_answers_in_the_order_of_the_texts(tiny_rs_folder):
    teacher = RsTiny.from_folder(tiny_rs_folder)
    words = ["a long red roof by the water", "sea", "", "a red tree"]
    features = texts.teacher_encode(teacher)(words)
    for word, feature in zip(words, features, strict=True):
        np.testing.assert_allclose(feature, teacher.encode_texts([word])[0], atol=1e-5)


def test_scene_accuracy_counts_images_nearest_to_their_own_name():
    places = {name: k for k, group in enumerate(SCENES.values()) for name in group}

    def encode(prompts):
        rows = []
        for prompt in prompts:
            name = max((name for name in places if name in prompt), key=len)
            rows.append(functional.one_hot(torch.tensor(places[name]), len(SCENES)).float())
        return torch.stack(rows)

    scenes = [Real(np.zeros((4, 4, 3), np.uint8), k) for k in (3, 5, 7)]
    images = torch.eye(len(SCENE_NAMES))[[3, 5, 8]]
    assert texts.scene_accuracy(images, scenes, encode) == 0.6667
