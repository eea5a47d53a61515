import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgl_rsis.errors import InputError
from dgl_rsis.render import CLASSES, KINDS, THEMES, render_scene
from dgl_rsis.render.textures import _PALETTE, surface


def test_kinds_are_unique_words():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names) >= 14
    assert all(name == name.lower() for name in names)
    words = [*names, *(word for kind in KINDS for word in kind.synonyms)]
    assert len(set(words)) == len(words)


def test_same_seed_gives_the_same_scene():
    first, second = render_scene(5, size=160), render_scene(5, size=160)
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.class_map, second.class_map)
    assert first.sentences == second.sentences
    assert first.frame == second.frame


def test_splits_and_seeds_differ():
    scenes = [
        render_scene(seed, size=96, split=split, theme="mixed")
        for seed in (0, 1)
        for split in ("train", "test")
    ]
    maps = [scene.class_map.tobytes() for scene in scenes]
    assert len(set(maps)) == len(maps)


def test_palettes_of_the_splits_are_disjoint():
    for material, (training, testing) in _PALETTE.items():
        assert not set(training) & set(testing), material
    looks = [surface(np.random.default_rng(0), split, "grass") for split in ("train", "test")]
    assert looks[0].roughness != looks[1].roughness


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    height=st.integers(1, 150),
    width=st.integers(1, 150),
    gsd=st.sampled_from([0.05, 0.1, 0.3, 0.5, 1.0, 3.0, 5.0, 10.0]),
    split=st.sampled_from(["train", "test"]),
    theme=st.sampled_from([None, *THEMES]),
)
def test_any_size_and_gsd_gives_consistent_truth(seed, height, width, gsd, split, theme):
    scene = render_scene(seed, size=(height, width), gsd=gsd, split=split, theme=theme)
    assert scene.image.shape == (height, width, 3)
    assert scene.image.dtype == np.uint8
    assert scene.class_map.shape == (height, width)
    assert scene.class_map.dtype == np.int16
    assert scene.class_map.min() >= 0
    assert scene.class_map.max() < len(CLASSES)
    taken = np.zeros((height, width), dtype=bool)
    for instance in scene.instances:
        x0, y0, x1, y1 = instance.box
        assert instance.mask.shape == (y1 - y0, x1 - x0)
        assert instance.mask.any(axis=0)[[0, -1]].all()
        assert instance.mask.any(axis=1)[[0, -1]].all()
        assert instance.area == instance.mask.sum() >= 8
        labels = scene.class_map[y0:y1, x0:x1][instance.mask]
        assert (labels == CLASSES.index(instance.kind)).all()
        assert not taken[y0:y1, x0:x1][instance.mask].any()
        taken[y0:y1, x0:x1] |= instance.mask
        y, x = np.nonzero(instance.mask)
        centroid = (x.mean() + x0 + 0.5, y.mean() + y0 + 0.5)
        assert instance.centroid == pytest.approx(centroid)


@pytest.mark.parametrize("size", [1, (1, 600), (600, 7)])
def test_extreme_sizes(size):
    scene = render_scene(3, size=size)
    assert scene.image.shape[:2] == ((size, size) if isinstance(size, int) else size)


@pytest.mark.parametrize("seed", range(8))
def test_default_scene_serves_as_a_sample(seed):
    scene = render_scene(seed)
    shares = np.bincount(scene.class_map.ravel()) / scene.class_map.size
    assert (shares >= 0.01).sum() >= 5
    assert len(scene.sentences) >= 5
    assert len({sentence.kind_of_sentence for sentence in scene.sentences}) >= 3


def test_objects_keep_their_size_on_the_ground():
    sizes = {}
    for gsd in (0.25, 1.0):
        areas = [
            instance.area * gsd**2
            for seed in range(4)
            for instance in render_scene(seed, size=200, gsd=gsd, theme="residential").instances
            if instance.kind == "building" and _inside(instance.box, 200)
        ]
        sizes[gsd] = np.median(areas)
    assert 60 < sizes[0.25] < 400
    assert 60 < sizes[1.0] < 400


def _inside(box, size):
    return box[0] > 0 and box[1] > 0 and box[2] < size and box[3] < size


def test_no_cars_where_they_would_be_specks():
    scene = render_scene(2, size=200, gsd=3.0, split="train")
    assert all(instance.kind != "car" for instance in scene.instances)


def test_shadows_darken_the_ground_without_changing_its_class():
    scene = render_scene(1, theme="industrial")
    ground = scene.class_map == CLASSES.index("grass")
    brightness = scene.image.mean(axis=2)[ground]
    assert brightness.min() < 0.65 * np.median(brightness)


def test_colour_words_are_true_of_the_pixels():
    values = {"white": [], "dark": [], "red": []}
    for seed in range(6):
        scene = render_scene(seed, size=256, split="train", theme="mixed")
        for instance in scene.instances:
            colour = instance.attributes.get("colour")
            if instance.kind == "building" and colour in values and instance.area > 300:
                x0, y0, x1, y1 = instance.box
                pixels = scene.image[y0:y1, x0:x1][instance.mask]
                values[colour].append(np.median(pixels.astype(float), axis=0))
    assert min(value.mean() for value in values["white"]) > 150
    assert max(value.mean() for value in values["dark"]) < 130
    assert min(value[0] - value[2] for value in values["red"]) > 25


def test_frame_is_north_up_in_metres():
    frame = render_scene(9, size=32, gsd=0.3).frame
    assert frame.crs == "EPSG:32632"
    assert frame.transform[0] == -frame.transform[4] == 0.3
    assert frame.metres_per_pixel == (0.3, 0.3)
    assert frame.north == (0.0, -1.0)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 0, "size": 0}, "size"),
        ({"seed": 0, "gsd": 20.0}, "gsd"),
        ({"seed": 0, "split": "validation"}, "split"),
        ({"seed": 0, "theme": "moon"}, "theme"),
    ],
)
def test_bad_arguments_are_named(arguments, word):
    with pytest.raises(InputError, match=word):
        render_scene(**arguments)


def test_speed_is_sane():
    render_scene(0, size=64)
    start = time.process_time()
    for seed in range(4):
        render_scene(seed, size=256, split="train")
    # The target is 60 ms; the bound leaves room for slow and shared machines.
    assert (time.process_time() - start) / 4 < 0.3
