from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from notebook.made import SHAPE, UTM, answer, class_map, scene_answer
from PIL import Image
from pyproj import Transformer

from dgl_rsis.drawing import CHOSEN
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.palette import class_colours
from dgl_rsis.notebook.overlays import SIDE, Overlay, is_on_web_map, overlays_of

DEGREES = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True)
MERCATOR = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)


def pixel_at(overlay: Overlay, longitude: float, latitude: float) -> tuple[int, ...]:
    """What a web map shows there: pictures are stretched between their bounds in Mercator."""
    west, south, east, north = overlay.bounds
    (left, right), (bottom, top) = MERCATOR.transform((west, east), (south, north))
    x, y = MERCATOR.transform(longitude, latitude)
    column = (x - left) / (right - left) * overlay.picture.width
    row = (top - y) / (top - bottom) * overlay.picture.height
    return overlay.picture.getpixel((int(column), int(row)))


def test_classes_lie_where_they_are_on_earth() -> None:
    image, classes = overlays_of(class_map())
    assert [image.name, classes.name] == ["image", "classes"]
    assert image.bounds == classes.bounds
    colours = class_colours(class_map().classes)
    for column, row, expected in ((30, 3, colours[0]), (58, 38, colours[1])):
        place = DEGREES.transform(346000 + 2 * column, 5648000 - 2 * row)
        assert pixel_at(classes, *place) == (*expected, 255)
        assert pixel_at(image, *place) == (100, 100, 100, 255)
    clear = DEGREES.transform(346000 + 2 * 10, 5648000 - 2 * 20)
    assert pixel_at(classes, *clear)[3] == 0  # no class
    no_data = DEGREES.transform(346000 + 2 * 3, 5648000 - 2 * 20)
    assert pixel_at(image, *no_data)[3] == 0


def test_a_turned_image_is_turned_on_the_map() -> None:
    turned = (1.2, 1.6, 346000.0, 1.6, -1.2, 5648000.0)
    frame = map_frame(turned, "EPSG:25832", SHAPE)
    _, classes = overlays_of(class_map(frame))
    for column, row, code in ((30, 4, 0), (30, 36, 0), (50, 4, 1), (50, 36, 1)):
        x = turned[0] * column + turned[1] * row + turned[2]
        y = turned[3] * column + turned[4] * row + turned[5]
        colour = class_colours(class_map().classes)[code]
        assert pixel_at(classes, *DEGREES.transform(x, y)) == (*colour, 255)


def test_an_answer_has_heat_that_waits_and_outlines() -> None:
    image, heat, matches = overlays_of(answer())
    assert [image.opacity, heat.opacity, matches.opacity] == [1.0, 0.0, 1.0]
    place = DEGREES.transform(346000 + 2 * 14, 5648000 - 2 * 10)
    assert pixel_at(heat, *place)[3] == 255
    assert pixel_at(matches, *place)[3] == 0  # within the outline
    assert CHOSEN in {each[:3] for _, each in matches.picture.getcolors(1 << 20) if each[3] == 255}
    assert [each.name for each in overlays_of(answer(heat=0.0))] == ["image", "matches"]


def test_an_answer_about_a_scene_keeps_its_courtyards() -> None:
    (matches,) = overlays_of(scene_answer(None))
    width, height = matches.picture.size
    alpha = np.asarray(matches.picture)[..., 3]

    def at(x: float, y: float) -> int:
        return int(alpha[int(y * height / 40), int(x * width / 60)])

    assert at(11.1, 10) > 0
    assert at(14, 10) == 0
    assert at(44, 30) > 0
    assert at(30, 20) == 0


def test_what_has_no_place_is_a_flat_picture() -> None:
    image, classes = overlays_of(class_map(None))
    assert not image.on_earth
    west, south, east, north = classes.bounds
    assert (east - west) / (north - south) == pytest.approx(60 / 40)
    assert abs(north) < 1
    colours = class_colours(class_map().classes)
    assert classes.picture.getpixel((classes.picture.width - 1, 0)) == (*colours[1], 255)


@pytest.mark.parametrize(
    ("crs", "corner", "expected"),
    [
        ("EPSG:25832", (346000.0, 5648000.0), True),
        ("EPSG:3413", (0.0, -1_000_000.0), True),  # about 81 degrees north
        ("EPSG:3413", (0.0, -500_000.0), False),
        (None, (0.0, 0.0), False),
    ],
)
def test_the_poles_are_not_on_the_map(crs: str | None, corner, expected: bool) -> None:
    step = 2000.0 if crs == "EPSG:3413" and expected else 2.0
    frame = map_frame(
        (step, 0.0, corner[0], 0.0, -step, corner[1] - 60000 * (step > 2)), crs, SHAPE
    )
    assert is_on_web_map(frame, SHAPE) is expected


def test_large_scenes_travel_small() -> None:
    scene = scene_answer()
    object.__setattr__(scene, "shape", (30_000, 45_000))
    (matches,) = overlays_of(scene)
    assert max(matches.picture.size) <= SIDE


def test_a_picture_travels_as_it_is() -> None:
    _, classes = overlays_of(class_map(UTM))
    head, code = classes.url.split(",")
    assert head == "data:image/webp;base64"
    with Image.open(BytesIO(base64.b64decode(code))) as picture:
        sent, own = np.asarray(picture.convert("RGBA")), np.asarray(classes.picture)
    seen = own[..., 3] > 0
    np.testing.assert_array_equal(sent[seen], own[seen])
    np.testing.assert_array_equal(sent[..., 3], own[..., 3])


def test_other_things_are_no_results() -> None:
    with pytest.raises(TypeError, match="int is no result that can be explored"):
        overlays_of(3)
