import numpy as np
import pytest
from pretrain import dubai
from pretrain.concepts import CANDIDATES, CONCEPTS, GROUPS, LABELS, REQUIRED, SCENES, UNIFORM
from pretrain.crops import crop, labelled_crop, turn
from pretrain.data import (
    CONCEPT_NAMES,
    SCENE_NAMES,
    Ground,
    Real,
    Sampler,
    Sources,
    concepts_in,
    load_real,
    mosaic,
    partial_labels,
    size_at,
)
from pretrain.rendered import Rendered, render, rendered_crop
from pretrain.split import is_held_out

SETTINGS = {
    "steps": 10,
    "final_steps": 4,
    "size": 32,
    "final_size": 48,
    "scene_batch": 3,
    "mosaic_batch": 2,
    "tile_batch": 2,
    "tile_zoom": [0.5, 1.0],
    "rendered_batch": 2,
    "least_crop": 0.7,
    "repaint_share": 0.5,
    "drawn_share": 0.0,
    "balanced_share": 0.5,
    "rendered_zoom": [0.7, 1.7],
}


def real_scenes():
    rng = np.random.default_rng(0)
    return [
        Real(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8), SCENE_NAMES.index(name), (k,))
        for k, name in enumerate([*UNIFORM, "River"])
    ]


def rendered_scenes():
    rng = np.random.default_rng(1)
    return Rendered(
        rng.integers(0, 255, (4, 40, 40, 3), dtype=np.uint8),
        rng.integers(-1, 5, (4, 40, 40)).astype(np.int16),
    )


def tiles():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 255, (50, 60, 3), dtype=np.uint8)
    return dubai.Labelled((image,), (np.full((50, 60), LABELS.index("vegetation"), np.int16),))


def sampler(**settings):
    sources = Sources(real_scenes(), rendered_scenes(), tiles())
    return Sampler(sources, SETTINGS | settings, 3)


def test_tables_name_what_exists():
    assert set(CANDIDATES) == set(SCENES)
    assert set(REQUIRED) <= set(SCENES)
    assert set(UNIFORM) <= set(SCENES)
    for scene, names in CANDIDATES.items():
        assert set(names) <= set(CONCEPTS), scene
        assert {name for name, _ in REQUIRED.get(scene, ())} <= set(names), scene
    for scene, (label, _) in UNIFORM.items():
        assert set(GROUPS.get(label, (label,))) <= set(CANDIDATES[scene])
    assert {name for names in GROUPS.values() for name in names} <= set(CONCEPTS)


def test_split_is_the_one_of_the_md5_rule():
    names = [f"river_{k}.jpg" for k in range(40)]
    held_out = [f"river_{k}.jpg" for k in (16, 19, 30, 31, 36)]  # remainder 0
    assert [name for name in names if is_held_out(name)] == held_out
    assert not is_held_out("a")  # md5 0cc175b9..., remainder 7


def test_concepts_in_captions():
    found = {CONCEPT_NAMES[k] for k in concepts_in("many planes near green trees and a pond .")}
    assert found == {"plane", "tree", "water"}


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a football field beside a road", {"sports field", "road"}),
        ("two basketball courts and some tennis courts", {"basketball court", "tennis court"}),
        ("many square buildings", {"building"}),
        ("crop fields around a baseball field", {"field", "sports field"}),
        ("lots of vegetation", {"tree", "grass"}),
    ],
)
def test_the_longest_words_of_captions_count(caption, expected):
    assert {CONCEPT_NAMES[k] for k in concepts_in(caption)} == expected


def test_partial_labels_contain_what_is_required():
    for real in real_scenes():
        candidates, required = partial_labels(real)
        assert candidates.any()
        assert candidates[required > 0].all()


@pytest.mark.parametrize("way", range(8))
def test_turn_is_a_symmetry(way):
    values = np.arange(9).reshape(3, 3)
    assert sorted(turn(way, values).ravel()) == list(range(9))
    assert turn(way, values)[1, 1] == 4


def test_turns_are_different():
    assert len({turn(way, np.arange(4).reshape(2, 2)).tobytes() for way in range(8)}) == 8


def test_crop_and_mosaic_have_the_size():
    rng = np.random.default_rng(0)
    scenes = real_scenes()
    assert crop(rng, scenes[0].image, 32, 0.5, 1.0).shape == (32, 32, 3)
    image, dense = mosaic(
        rng, [Ground((s,), label, 4.0) for s, label in zip(scenes, (4, 7), strict=False)], 32
    )
    assert image.shape == (32, 32, 3)
    assert set(np.unique(dense)) <= {4, 7}


def test_held_out_scenes_bring_no_captions(data, held_out, training):
    train, development, texts = load_real(data)
    assert len(development) == len(held_out)
    assert len(train) == len(training)
    assert all(real.captions == () and real.words == frozenset() for real in development)
    assert not any(name in text for name in held_out for text in texts)
    for real, name in zip(train, training, strict=True):
        assert SCENE_NAMES[real.scene] == "River"
        own = [texts[row] for row in real.captions]
        assert own == [f"Curved river beside {name}", f"a boat is in {name}"]
        assert {CONCEPT_NAMES[k] for k in real.words} == {"water", "ship"}


def test_nothing_of_a_withheld_class_trains(data, held_out):
    train, development, texts = load_real(data, ["River"])
    assert (train, texts) == ([], [])
    assert len(development) == len(held_out)


def test_training_tiles_and_their_labels(data):
    read = dubai.read(data / "dubai")
    assert len(read.images) == 1  # tile 6 does not train
    column = read.labels[0][:, 0]
    expected = [-1] * 20 + [LABELS.index("vegetation")] * 10 + [LABELS.index("road")] * 10
    np.testing.assert_array_equal(column, expected)


def test_a_part_shows_its_place_with_the_labels_of_its_pixels():
    label = np.arange(400, dtype=np.int16).reshape(20, 20)
    image = np.repeat(label[..., None] % 256, 3, axis=2).astype(np.uint8)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        part, labels = labelled_crop(rng, image, label, (19, 3), 8, 8)
        assert part.shape == (8, 8, 3)
        assert (labels == label[19, 3]).sum() == 1
        np.testing.assert_array_equal(part[..., 0], labels % 256)


def test_crops_grow_for_the_last_steps():
    sizes = [size_at(step, SETTINGS) for step in range(10)]
    assert sizes == [32] * 6 + [48] * 4


def test_rendered_scenes_are_kept(tmp_path):
    settings = {"scenes": 2, "size": 48, "gsd": [0.5, 1.0]}
    first = render(settings, 5, tmp_path / "scenes.npz")
    assert first.images.shape == (2, 48, 48, 3)
    assert first.images.dtype == np.uint8
    assert first.dense.shape == (2, 48, 48)
    assert set(np.unique(first.dense)) <= set(range(-1, len(CONCEPT_NAMES)))
    assert (first.images[0] != first.images[1]).any()
    written = (tmp_path / "scenes.npz").stat().st_mtime_ns
    again = render(settings, 5, tmp_path / "scenes.npz")
    assert (tmp_path / "scenes.npz").stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.images, again.images)
    assert [path.name for path in tmp_path.iterdir()] == ["scenes.npz"]


def test_holders_know_where_a_concept_shows():
    dense = np.full((3, 4, 4), -1, np.int16)
    dense[0, 0, 0], dense[2, 3, 3], dense[2, :2] = 7, 7, 2
    holders = Rendered(np.zeros((3, 4, 4, 3), np.uint8), dense).holders()
    assert {concept: scenes.tolist() for concept, scenes in holders.items()} == {2: [2], 7: [0, 2]}


def test_a_balanced_crop_shows_its_concept():
    dense = np.zeros((3, 40, 40), np.int16)
    dense[1, 39, 0] = 7  # a single pixel, in a corner
    rendered = Rendered(np.zeros((3, 40, 40, 3), np.uint8), dense)
    settings = SETTINGS | {"balanced_share": 1.0, "rendered_zoom": [1.0, 1.0]}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, label = rendered_crop(rng, rendered, {7: np.array([1])}, 32, settings)
        assert label.shape == (32, 32)
        assert (label == 7).sum() == 1


def test_concepts_are_equally_likely_however_small():
    dense = np.zeros((9, 40, 40), np.int16)
    dense[4, 20, 20] = 7
    rendered = Rendered(np.zeros((9, 40, 40, 3), np.uint8), dense)
    settings = SETTINGS | {"balanced_share": 1.0, "rendered_zoom": [0.25, 0.25]}
    rng, holders = np.random.default_rng(0), rendered.holders()
    shown = [
        (rendered_crop(rng, rendered, holders, 32, settings)[1] == 7).any() for _ in range(200)
    ]
    assert 0.38 < np.mean(shown) < 0.62


@pytest.mark.parametrize("zoom", [0.5, 1.0, 1.25, 9.0])  # the last is larger than a scene
def test_image_and_labels_are_cut_and_turned_alike(zoom):
    rng = np.random.default_rng(2)
    dense = np.kron(rng.integers(0, 9, (2, 4, 4)), np.ones((1, 10, 10), int)).astype(np.int16)
    images = np.repeat(dense[..., None] * 20, 3, axis=-1).astype(np.uint8)
    rendered = Rendered(images, dense)
    settings = SETTINGS | {"rendered_zoom": [zoom, zoom], "repaint_share": 0.0}
    for seed in range(16):
        rng = np.random.default_rng(seed)
        image, label = rendered_crop(rng, rendered, rendered.holders(), 32, settings)
        assert image.shape == (32, 32, 3)
        assert image.dtype == np.uint8
        same = np.abs(image[..., 0] - label * 20.0) < 10  # resampling blurs the borders
        assert same.mean() == 1 if zoom == 1 else same.mean() > 0.75


def test_repainting_acts_on_the_image_only():
    grass = CONCEPT_NAMES.index("grass")
    images = np.full((1, 40, 40, 3), 120, np.uint8)
    rendered = Rendered(images, np.full((1, 40, 40), grass, np.int16))
    changed = {0.0: 0, 1.0: 0}
    for share in changed:
        for seed in range(40):
            settings = SETTINGS | {"repaint_share": share}
            rng = np.random.default_rng(seed)
            image, label = rendered_crop(rng, rendered, rendered.holders(), 32, settings)
            assert (label == grass).all()
            assert len(np.unique(image.reshape(-1, 3), axis=0)) == 1
            changed[share] += bool((image != 120).any())
    assert (images == 120).all()
    assert changed[0.0] == 0
    assert 8 < changed[1.0] < 32  # of the classes of a crop, one in two


def test_a_batch_depends_on_seed_and_step_only():
    first, again, other = (sampler().batch(step) for step in (5, 5, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.dense, again.dense)
    assert (first.images != other.images).any()
    assert first.images.shape == (9, 32, 32, 3)
    assert len(first.scenes) == len(first.candidates) == 3
    assert first.dense.shape == (6, 32, 32)
    assert sampler().batch(6).images.shape == (9, 48, 48, 3)


def test_objects_are_drawn_onto_a_share_of_the_rendered_crops():
    lacking = [CONCEPT_NAMES.index(name) for name in ("windmill", "dam", "helicopter", "chimney")]
    drawn = {0.0: 0, 0.25: 0, 1.0: 0}
    for share in drawn:
        for step in range(20):
            batch = sampler(rendered_batch=4, drawn_share=share, final_steps=0).batch(step)
            crops = batch.dense[-4:]
            drawn[share] += sum(bool(np.isin(crop, lacking).any()) for crop in crops)
            assert not np.isin(batch.dense[:-4], lacking).any()
    assert drawn[0.0] == 0
    assert 0 < drawn[0.25] < drawn[1.0] < 80


def test_without_real_scenes_a_batch_has_dense_labels_only():
    sources = Sources([], rendered_scenes(), tiles())
    without = {"scene_batch": 0, "mosaic_batch": 0}
    batch = Sampler(sources, SETTINGS | without, 3).batch(0)
    assert batch.images.shape == (4, 32, 32, 3)
    assert batch.dense.shape == (4, 32, 32)
    assert batch.candidates.shape == batch.required.shape == (0, len(CONCEPT_NAMES))
    assert batch.scenes.shape == batch.captions.shape == (0,)
