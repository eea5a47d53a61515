import base64
import io

import numpy as np
import pytest
from PIL import Image

from dgl_rsis.benchmark.evaluation.pictures import encode, outline
from dgl_rsis.drawing import CHOSEN

GREY = (100, 100, 100)


def decoded(picture):
    kind, _, text = picture.uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    content = base64.b64decode(text, validate=True)
    return len(content), Image.open(io.BytesIO(content))


def noise(width, height):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def test_a_plain_picture_keeps_its_size_and_colours():
    size, image = decoded(encode(Image.new("RGB", (90, 60), GREY), 10_000))
    assert size <= 10_000
    assert image.size == (90, 60)
    assert np.abs(np.asarray(image).astype(int) - 100).max() <= 3


@pytest.mark.parametrize("limit", [100_000, 20_000, 5_000])
def test_bytes_are_kept_to(limit):
    picture = encode(noise(240, 120), limit)
    size, image = decoded(picture)
    assert size <= limit
    assert image.size == (picture.width, picture.height)
    assert (image.width < 240) == (limit < 20_000)
    assert image.width / image.height == pytest.approx(2, rel=0.05)


def test_a_limit_that_cannot_be_kept_ends():
    assert decoded(encode(noise(64, 64), 1))[1].width < 20


def test_an_outline_is_tinted_inside_and_leaves_the_rest():
    mask = np.zeros((100, 100), bool)
    mask[20:60, 30:70] = True
    base = Image.new("RGB", (300, 300), GREY)
    drawn = np.asarray(outline(base, mask, CHOSEN)).astype(int)
    assert (drawn[:50] == 100).all()
    assert (drawn[190:] == 100).all()
    inside = drawn[120, 150]
    assert np.abs(inside - (0.65 * np.array(GREY) + 0.35 * np.array(CHOSEN))).max() <= 2
    assert tuple(drawn[60, 150]) == CHOSEN
    assert base.getpixel((150, 120)) == GREY


def test_a_mask_of_one_pixel_is_seen_and_none_is_not():
    base, mask = Image.new("RGB", (100, 100), GREY), np.zeros((5000, 5000), bool)
    assert (np.asarray(outline(base, mask, CHOSEN)) == 100).all()
    mask[1230, 4010] = True
    assert (np.asarray(outline(base, mask, CHOSEN)) == CHOSEN).all(axis=-1).any()
