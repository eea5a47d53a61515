"""Rendered scenes as sets: drawn when they are asked for, with the truth that they were drawn with."""

from __future__ import annotations

import numpy as np
import pytest

from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.datasets import rendered
from dgl_rsis.benchmark.datasets.samples import ReferDataset
from dgl_rsis.errors import InputError
from dgl_rsis.render import CLASSES, RenderedScene, render_scene

FIRST = 90100


@pytest.fixture(scope="module")
def sentences() -> ReferDataset:
    return rendered.read(None, f"{FIRST}+2")


@pytest.fixture(scope="module")
def scene() -> RenderedScene:
    return render_scene(FIRST, split="test")


def test_a_handful_of_sentences_about_each_scene(sentences: ReferDataset) -> None:
    assert sentences.name == f"rendered/{FIRST}+2"
    assert not sentences.no_target
    images = [sample.image for sample in sentences.samples]
    assert images == [str(FIRST)] * rendered.SENTENCES + [str(FIRST + 1)] * rendered.SENTENCES
    for sample in sentences.samples:
        seed, _, construction = sample.name.partition("#")
        assert seed == sample.image
        assert construction in set(CONSTRUCTIONS) - set(rendered.MEASURED)
    assert len({sample.name for sample in sentences.samples}) == len(sentences.samples)


def test_images_are_those_of_unseen_textures(sentences: ReferDataset, scene: RenderedScene) -> None:
    np.testing.assert_array_equal(sentences.samples[0].read_image(), scene.image)
    assert (render_scene(FIRST, split="train").image != scene.image).any()


def test_masks_are_whole_things_of_the_truth(sentences: ReferDataset, scene: RenderedScene) -> None:
    things = rendered.truth_of(scene).things
    own = [sample for sample in sentences.samples if sample.image == str(FIRST)]
    questions = list(rendered._questions(rendered.truth_of(scene), FIRST))
    for sample, question in zip(own, questions, strict=True):
        assert sample.sentence == question.text
        mask = sample.read_mask()
        assert mask.shape == scene.class_map.shape
        assert 0 < mask.sum() <= sum(things[index].area for index in question.chosen)
        for index in question.chosen:
            x, y = things[index].pixels.T
            assert mask[y, x].all()


def test_the_same_again(sentences: ReferDataset) -> None:
    again = rendered.read(None, f"{FIRST + 1}+1")
    own = [sample for sample in sentences.samples if sample.image == str(FIRST + 1)]
    assert [each.sentence for each in again.samples] == [each.sentence for each in own]
    mask = own[0].read_mask()
    rendered._scene.cache_clear()
    rendered._truth.cache_clear()
    np.testing.assert_array_equal(own[0].read_mask(), mask)


def test_nothing_of_a_sentence_needs_metres() -> None:
    """With the thing, the limit would be the only way to tell it from others."""
    limits = [name for name in CONSTRUCTIONS if "units" in name or "two values" in name]
    assert tuple(limits) == rendered.MEASURED


def test_maps_are_drawn_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, scene: RenderedScene
) -> None:
    drawn: list[int] = []

    def draw(seed: int, *, size: int, split: str) -> RenderedScene:
        assert (size, split) == (512, "test")
        drawn.append(seed)
        return scene

    monkeypatch.setattr(rendered, "render_scene", draw)
    rendered._scene.cache_clear()
    maps = rendered.read_maps(None, f"{FIRST}+3")
    assert maps.name == f"rendered/{FIRST}+3"
    assert [sample.name for sample in maps.samples] == [str(FIRST + at) for at in range(3)]
    assert maps.classes == maps.words == CLASSES
    assert maps.background is None
    assert drawn == []
    labels = maps.samples[0].read_labels()
    assert maps.samples[0].read_image() is scene.image
    assert drawn == [FIRST]
    np.testing.assert_array_equal(labels, scene.class_map)
    assert labels.dtype == np.int16
    assert labels.min() >= 0
    assert labels.max() < len(CLASSES)
    rendered._scene.cache_clear()


def test_the_test_split() -> None:
    names = [sample.name for sample in rendered.read_maps(None, "test").samples]
    assert names == [str(seed) for seed in range(90000, 90040)]


def test_scenes_of_another_size() -> None:
    small = rendered.read_maps(None, f"{FIRST}+1x160").samples[0]
    assert small.read_image().shape == (160, 160, 3)
    assert small.read_labels().shape == (160, 160)
    assert {each.read_mask().shape for each in rendered.read(None, f"{FIRST}+1x160").samples} == {
        (160, 160)
    }


@pytest.mark.parametrize(
    "split",
    ["train", "90000", "+", "90000+", "+40", "90000+0", "-1+3", "", "1+1x", "1+1x64", "1+1x9999"],
)
def test_other_splits(split: str) -> None:
    for read in (rendered.read, rendered.read_maps):
        with pytest.raises(InputError, match=r"no split .*; pass test, FIRST\+COUNT"):
            read(None, split)
