import re

import numpy as np
import pytest
from scipy import ndimage

from dgl_rsis.render import CLASSES, THEMES, Instance, render_scene
from dgl_rsis.render.sentences import sentences_for

KIND = "|".join(CLASSES)
SIDES = {"left": (0, 1), "right": (0, -1), "top": (1, 1), "bottom": (1, -1)}


def full_mask(scene, instance):
    mask = np.zeros(scene.class_map.shape, dtype=bool)
    x0, y0, x1, y1 = instance.box
    mask[y0:y1, x0:x1] = instance.mask
    return mask


def of_kind(scene, kind):
    return [instance for instance in scene.instances if instance.kind == kind]


def anchor_mask(scene, name):
    if name in ("water", "river", "lake"):
        return scene.class_map == CLASSES.index("water")
    (anchor,) = of_kind(scene, name)
    return full_mask(scene, anchor)


def answer(scene, text):
    """The answer by whole-image geometry, without the code under test."""
    height, width = scene.class_map.shape
    if match := re.fullmatch(rf"(?:all|the (?:two|three|four)) ({KIND})s", text):
        members = of_kind(scene, match[1])
        for word, number in (("two", 2), ("three", 3), ("four", 4)):
            assert f"the {word} " not in text or len(members) == number
        return {member.id for member in members}
    if match := re.fullmatch(rf"the ({KIND})", text):
        (member,) = of_kind(scene, match[1])
        return {member.id}
    if match := re.fullmatch(rf"the (red|brown|grey|dark|white|blue) ({KIND})", text):
        return {m.id for m in of_kind(scene, match[2]) if m.attributes["colour"] == match[1]}
    if match := re.fullmatch(rf"the (largest|smallest) ({KIND})", text):
        sign = 1 if match[1] == "largest" else -1
        return {max(of_kind(scene, match[2]), key=lambda m: sign * m.mask.sum()).id}
    if match := re.fullmatch(rf"the (left|right|top|bottom)most ({KIND})", text):
        axis, sign = SIDES[match[1]]
        return {min(of_kind(scene, match[2]), key=lambda m: sign * m.centroid[axis]).id}
    if match := re.fullmatch(rf"the (second|third) ({KIND}) from the (\w+)", text):
        axis, sign = SIDES[match[3]]
        ranked = sorted(of_kind(scene, match[2]), key=lambda m: sign * m.centroid[axis])
        return {ranked[1 if match[1] == "second" else 2].id}
    if match := re.fullmatch(rf"the ({KIND}) (?:on|at|in) the ([a-z ]+)", text):
        middle = np.array([width / 2, height / 2])
        found = set()
        for member in of_kind(scene, match[1]):
            x, y = (np.array(member.centroid) - middle) / (width, height)
            holds = {
                "left": x < 0,
                "right": x > 0,
                "top": y < 0,
                "upper": y < 0,
                "bottom": y > 0,
                "lower": y > 0,
                "center": np.hypot(x, y) < 0.25,
            }
            if all(holds[word] for word in match[2].split()):
                found.add(member.id)
        return found
    if match := re.fullmatch(rf"the ({KIND}) (left of|right of|above|below) the (.+)", text):
        y, x = np.nonzero(anchor_mask(scene, match[3]))
        column, row = (x.min() + x.max() + 1) / 2, (y.min() + y.max() + 1) / 2
        tests = {
            "left of": lambda m: m.centroid[0] < column,
            "right of": lambda m: m.centroid[0] > column,
            "above": lambda m: m.centroid[1] < row,
            "below": lambda m: m.centroid[1] > row,
        }
        return {m.id for m in of_kind(scene, match[1]) if tests[match[2]](m)}
    match = re.fullmatch(rf"the ({KIND}) (?:closest|next) to the (.+)", text)
    assert match, text
    distance = ndimage.distance_transform_edt(~anchor_mask(scene, match[2]))
    members = of_kind(scene, match[1])
    return {min(members, key=lambda m: distance[full_mask(scene, m)].min()).id}


@pytest.mark.parametrize("theme", list(THEMES))
def test_answers_follow_from_geometry(theme):
    for seed in (21, 22):
        scene = render_scene(seed, size=(384, 420), theme=theme)
        assert scene.sentences
        for sentence in scene.sentences:
            assert answer(scene, sentence.text) == set(sentence.instance_ids), sentence


def test_first_sentences_vary():
    scene = render_scene(0)
    assert len({sentence.kind_of_sentence for sentence in scene.sentences[:5]}) >= 3
    assert len({sentence.text for sentence in scene.sentences}) == len(scene.sentences)


def square(number, kind, x, y, side, **attributes):
    mask = np.ones((side, side), dtype=bool)
    centroid = (x + side / 2, y + side / 2)
    return Instance(number, kind, (x, y, x + side, y + side), mask, side**2, centroid, attributes)


def texts(instances):
    class_map = np.full((200, 200), CLASSES.index("grass"), dtype=np.int16)
    found = sentences_for(instances, class_map, np.random.default_rng(0), limit=100)
    return {sentence.text: sentence.instance_ids for sentence in found}


def test_margins_keep_unclear_sentences_out():
    nearly_equal = [square(1, "building", 20, 20, 20), square(2, "building", 150, 24, 21)]
    said = texts(nearly_equal)
    assert "the largest building" not in said
    assert "the topmost building" not in said
    assert said["the leftmost building"] == (1,)
    assert said["the two buildings"] == (1, 2)


def test_similar_colours_are_not_told_apart():
    pair = [
        square(1, "building", 20, 20, 20, colour="red"),
        square(2, "building", 150, 150, 20, colour="brown"),
    ]
    assert not any("red" in text for text in texts(pair))
    pair[1] = square(2, "building", 150, 150, 20, colour="white")
    assert texts(pair)["the red building"] == (1,)


def test_relations_name_the_only_one_on_a_side():
    scene = [
        square(1, "building", 20, 90, 20),
        square(2, "building", 160, 90, 20),
        square(3, "tennis court", 100, 90, 20),
    ]
    said = texts(scene)
    assert said["the building left of the tennis court"] == (1,)
    assert "the building closest to the tennis court" not in said


def test_a_sports_field_is_not_named_beside_courts():
    pair = [square(1, "sports field", 20, 20, 50), square(2, "tennis court", 120, 120, 30)]
    assert not any("sports field" in text for text in texts(pair))
