"""Pictures of wrong answers: what is drawn, and which answers are shown."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import failures
import numpy as np
import pytest
from PIL import Image

from dgl_rsis.apps.demo import SENTENCES, true_mask
from dgl_rsis.render import render_scene
from dgl_rsis.types import BoolArray, RGBImage

GREEN, MAGENTA, GROUND = (40, 220, 60), (255, 40, 220), (90, 90, 90)
SIDE = 90  # pixels, drawn four times as wide


def square(first: int, last: int) -> BoolArray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[first:last, first:last] = True
    return mask


def failure(noun: str = "ship", iou: float = 0.1, caption: str = "") -> failures.Failure:
    image = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    return failures.Failure(noun, caption, iou, image, square(10, 40), square(50, 80))


def near(pixels: RGBImage, colour: tuple[int, int, int]) -> BoolArray:
    return (np.abs(pixels.astype(int) - colour) < 30).all(axis=-1)


def test_outlines_of_truth_and_answer_over_the_image() -> None:
    shown = failure()
    picture = failures.draw(shown)
    assert picture.size == (failures.SIDE, failures.SIDE + failures.TEXT)
    pixels = np.asarray(picture)
    # on both sides of the border, half way along it
    for row, border, colour in ((25, 10, GREEN), (25, 40, GREEN), (65, 50, MAGENTA)):
        assert near(pixels, colour)[4 * row, 4 * border - 2 : 4 * border + 2].all()
    inside_and_outside = pixels[[4 * 25, 4 * 65, 4 * 45, 8], [4 * 25, 4 * 65, 4 * 45, 8]]
    assert near(inside_and_outside, GROUND).all()
    assert (shown.image == GROUND).all()  # nothing is drawn into the scene itself


def test_the_answer_lies_over_the_truth_that_it_shares_an_outline_with() -> None:
    shown = failure()
    same = failures.Failure("ship", "", 1.0, shown.image, shown.truth, shown.truth)
    pixels = np.asarray(failures.draw(same))
    assert near(pixels, MAGENTA).any()
    assert not near(pixels, GREEN).any()


def test_captions_stand_below_the_image() -> None:
    blank, words = (np.asarray(failures.draw(failure(caption=each))) for each in ("", "a\nb"))
    np.testing.assert_array_equal(blank[: failures.SIDE], words[: failures.SIDE])
    is_ink = (words[failures.SIDE :] < 100).all(axis=-1)
    assert is_ink[:20].any()
    assert is_ink[20:].any()  # the second line
    assert not (blank[failures.SIDE :] < 100).any()


def test_wrong_answers_of_a_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(render_scene, size=160)
    monkeypatch.setattr(failures, "render_scene", small)
    scene = small(5000)
    asked = scene.sentences[:SENTENCES]
    truths = [true_mask(sentence, scene) for sentence in asked]
    assert len(asked) > 1

    def refer_many(raster, texts):
        assert texts == [sentence.text for sentence in asked]
        np.testing.assert_array_equal(raster.rgb, scene.image)
        query = SimpleNamespace(target=SimpleNamespace(noun="thing"))
        masks = [truths[0], *(np.zeros_like(truth) for truth in truths[1:])]  # one is right
        return [SimpleNamespace(query=query, mask=mask) for mask in masks]

    found = failures.failures(SimpleNamespace(refer_many=refer_many), 5000)
    assert len(found) == len(asked) - 1
    for each, sentence, truth in zip(found, asked[1:], truths[1:], strict=True):
        assert (each.noun, each.iou) == ("thing", 0)
        assert each.caption == f"{sentence.text}\n{scene.theme}, seed 5000: overlap 0.00"
        np.testing.assert_array_equal(each.truth, truth)
        assert not each.answer.any()


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong answers of five scenes; the ship is missed twice."""
    overlaps = {
        1: ("ship", 0.3),
        2: ("car", 0.2),
        3: ("ship", 0.0),
        4: ("pond", 0.4),
        5: ("dam", 0.1),
    }

    def of_scene(model: object, seed: int) -> list[failures.Failure]:
        noun, iou = overlaps[seed]
        return [failure(noun, iou, f"the {noun}\nseed {seed}")]

    monkeypatch.setattr(failures, "failures", of_scene)


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize(
    ("most", "rows", "shown"),
    [
        (6, 2, ["the ship | seed 3", "the dam | seed 5", "the car | seed 2", "the pond | seed 4"]),
        (2, 1, ["the ship | seed 3", "the dam | seed 5"]),
    ],
)
def test_the_worst_of_every_noun_is_shown(typed, tmp_path, most, rows, shown) -> None:
    output = tmp_path / "failures.png"
    typed(failures, "--first", 1, "--count", 5, "--most", most, "--output", output)
    size = 3 * failures.SIDE, rows * (failures.SIDE + failures.TEXT)
    assert typed.printed.splitlines() == [*shown, f"{output}: {size[0]} x {size[1]} pixels"]
    with Image.open(output) as sheet:
        assert sheet.size == size
        pixels = np.asarray(sheet.convert("RGB"))
    for place in range(3 * rows):
        row, column = divmod(place, 3)
        top, left = row * (failures.SIDE + failures.TEXT), column * failures.SIDE
        cell = pixels[top : top + failures.SIDE, left : left + failures.SIDE]
        assert near(cell, GROUND).any() == (place < len(shown))


def test_without_a_wrong_answer_nothing_is_written(typed, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(failures, "failures", lambda model, seed: [])
    output = tmp_path / "failures.png"
    assert "no wrong answers" in str(typed(failures, "--output", output))
    assert not output.exists()
