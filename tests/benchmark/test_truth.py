"""Things of rendered scenes: recorded objects, and connected regions of what spreads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dgl_rsis.benchmark.truth import LAND_COVER, truth_of, turned_frame
from dgl_rsis.render import RenderedScene, render_scene


@pytest.fixture(scope="module")
def scene() -> RenderedScene:
    return render_scene(600, size=192, theme="river")


def test_objects_come_first_as_they_were_recorded(scene: RenderedScene) -> None:
    truth = truth_of(scene)
    for thing, instance in zip(truth.things, scene.instances, strict=False):
        assert (thing.kind, thing.box) == (instance.kind, instance.box)
        assert not thing.is_spread
    assert all(thing.is_spread for thing in truth.things[len(scene.instances) :])


def test_regions_are_what_the_class_map_shows(scene: RenderedScene) -> None:
    regions = truth_of(scene).things[len(scene.instances) :]
    assert "river" in {region.kind for region in regions}
    for region in regions:
        kind = "water" if region.kind == "river" else region.kind
        assert kind in LAND_COVER
        columns, rows = region.pixels.T
        assert (scene.class_map[rows, columns] == scene.classes.index(kind)).all()


def test_regions_that_touch_at_corners_are_one_and_rims_are_none(scene: RenderedScene) -> None:
    road = scene.classes.index("road")
    labels = np.full_like(scene.class_map, scene.classes.index("building"))
    labels[10:20, 10:20] = labels[20:30, 20:30] = road
    labels[100:102, 100:103] = road  # six pixels
    drawn = truth_of(replace(scene, class_map=labels, instances=()))
    assert [(thing.kind, thing.box, thing.area) for thing in drawn.things] == [
        ("road", (10, 10, 30, 30), 200)
    ]


def test_a_turned_frame_keeps_the_pixels(scene: RenderedScene) -> None:
    frame = turned_frame(scene, np.random.default_rng(3))
    assert frame.metres_per_pixel == pytest.approx(scene.frame.metres_per_pixel, rel=2e-3)
    assert frame.north is not None
    assert np.hypot(*frame.north) == pytest.approx(1)
    assert abs(frame.north[0]) > 0.1
