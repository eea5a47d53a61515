from dataclasses import replace

import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import local
from dgl_rsis.stages.crops import CropEncoder
from dgl_rsis.text.knowledge import ClassPrompts

SETTINGS = make_settings().local


def prompts(*names):
    return [ClassPrompts(name, {name: (name,)}) for name in names]


def test_synonyms_compete_by_mean_not_by_number():
    texts = local.TextFeatures(("a", "b"), 2, np.eye(4, dtype=np.float32), np.array([0, 1, 1, 1]))
    equal = local.class_probabilities(np.full((1, 4), 0.3, np.float32), texts, 10.0)
    np.testing.assert_allclose(equal, [[0.5, 0.5]], atol=1e-6)


def test_class_probabilities_known_answer():
    texts = local.TextFeatures(("a", "b"), 2, np.eye(2, dtype=np.float32), np.array([0, 1]))
    p = local.class_probabilities(np.array([[1.0, 0.0]], np.float32), texts, np.log(3.0))
    np.testing.assert_allclose(p, [[0.75, 0.25]], atol=1e-6)


def test_encode_classes_averages_prompts_of_a_synonym():
    backbone = ToyBackbone()
    group = ClassPrompts("x", {"x": ("building", "water"), "y": ("tree",)})
    texts = local.encode_classes(backbone, [group], prompts("road"))
    assert texts.names == ("x", "road")
    assert texts.owner.tolist() == [0, 0, 1]
    expected = backbone.encode_texts(["building", "water"]).mean(0)
    np.testing.assert_allclose(texts.features[0], expected / np.linalg.norm(expected), atol=1e-5)


def test_the_surest_reading_counts_most():
    sure, even = np.array([[[1.0, 0.0]]], np.float32), np.array([[[0.5, 0.5]]], np.float32)
    np.testing.assert_allclose(local.certainty_weights([sure, even], 0.0), [0.5, 0.5])
    # the entropy of an even cell is all that there is, of a sure one none
    weights = local.certainty_weights([sure, even], np.log(3))
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=1e-6)
    one_name = np.ones((1, 1, 1), np.float32)
    np.testing.assert_allclose(local.certainty_weights([one_name] * 2, 10.0), [0.5, 0.5])


def test_scales_count_alike_where_the_ground_resolution_is_known():
    texts = local.TextFeatures(("a", "b"), 1, np.eye(2, dtype=np.float32), np.array([0, 1]))
    readings = tuple(np.array([[each]], np.float32) for each in ([1.0, 0.0], [0.6, 0.8]))
    scale, image = 2.0, np.zeros((1, 1, 3), np.uint8)
    first, second = (
        np.exp(scale * each[0, 0]) / np.exp(scale * each[0, 0]).sum() for each in readings
    )
    known = local.ImageFeatures(readings, (1.0, 0.5), image)
    p = local.dense_probabilities(known, texts, scale, SETTINGS)
    np.testing.assert_allclose(p[0, 0], (first + second) / 2, atol=1e-6)
    weights = local.certainty_weights([first[None, None], second[None, None]], SETTINGS.certainty)
    guessed = replace(known, is_scale_known=False)
    p = local.dense_probabilities(guessed, texts, scale, SETTINGS)
    np.testing.assert_allclose(p[0, 0], weights[0] * first + weights[1] * second, atol=1e-6)


def test_dense_probabilities_find_the_quarters():
    backbone = ToyBackbone()
    texts = local.encode_classes(backbone, prompts("building", "tree", "water", "road"))
    features = local.read_features(quarters(), backbone, SETTINGS)
    p = local.dense_probabilities(features, texts, 20.0, SETTINGS)
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
    best = p.argmax(-1)
    assert [best[2, 2], best[2, -3], best[-3, 2], best[-3, -3]] == [0, 1, 2, 3]


def test_combine_is_a_weighted_geometric_mean():
    a, b = np.array([[0.9, 0.1]], np.float32), np.array([[0.5, 0.5]], np.float32)
    mixed = local.combine([(1.0, a), (1.0, b)])
    np.testing.assert_allclose(mixed, [[0.75, 0.25]], atol=1e-3)
    np.testing.assert_allclose(local.combine([(0.0, a), (1.0, b)]), b, atol=1e-4)
    np.testing.assert_allclose(local.combine([(0.0, a)]), a)


def test_rescale_keeps_at_least_one_pixel():
    assert local.rescale(np.zeros((1, 9, 3), np.uint8), 0.25).shape == (1, 2, 3)


def test_align_without_proposals_is_empty():
    backbone = ToyBackbone()
    texts = local.encode_classes(backbone, prompts("building"))
    masks = MaskSet.from_boxes(np.zeros((0, 4)), (64, 64))
    features = local.read_features(quarters(), backbone, SETTINGS)
    pooled = np.full((len(masks), len(texts.names)), 1 / len(texts.names), np.float32)
    crops = CropEncoder(quarters(), backbone, SETTINGS)
    result = local.align(crops, backbone, masks, features, texts, pooled, SETTINGS, rank_by=[0])
    assert result.shape == (0, 1)


@pytest.mark.parametrize(("cells", "asked"), [(4, 0), (8, 1), (16, 1)])
def test_mask_guidance_joins_where_cells_are_coarse(cells, asked):
    class Coarse(ToyBackbone):
        cell = cells

        def regions(self, image, proposals):
            self.calls["regions"] += 1
            return np.ones((len(proposals), self.dim), np.float32) / self.dim**0.5

    backbone = Coarse()
    texts = local.encode_classes(backbone, prompts("building", "tree"))
    masks = MaskSet.from_masks(np.ones((1, *quarters().shape[:2]), bool))
    features = local.read_features(quarters(), backbone, SETTINGS)
    pooled = np.full((len(masks), len(texts.names)), 1 / len(texts.names), np.float32)
    crops = CropEncoder(quarters(), backbone, SETTINGS)
    local.align(crops, backbone, masks, features, texts, pooled, SETTINGS, rank_by=[0])
    assert (backbone.calls["regions"], backbone.calls["images"]) == (asked, 0)


def test_masked_pooling_classifies_the_mean_feature_of_every_scale():
    fine = np.array([[[1, 0], [0.6, 0.8]], [[0, 1], [0, 1]]], np.float32)
    coarse = np.array([[[0, 1]]], np.float32)
    features = local.ImageFeatures((fine, coarse), (1.0, 0.5), np.zeros((2, 2, 3), np.uint8))
    texts = local.TextFeatures(("a", "b"), 2, np.eye(2, dtype=np.float32), np.array([0, 1]))
    upper = MaskSet.from_masks(np.array([[[1, 1], [0, 0]]], bool))
    p = local.masked_probabilities(upper, features, texts, 2.0, SETTINGS)
    mean = np.array([1.6, 0.8]) / np.hypot(1.6, 0.8)
    first, second = 1 / (1 + np.exp(-2 * (mean[0] - mean[1]))), 1 / (1 + np.exp(2.0))
    np.testing.assert_allclose(p, [[(first + second) / 2, 1 - (first + second) / 2]], atol=1e-5)


def factors_of(shape, metres, cell=4):
    return local.reading_factors(shape, metres, cell, SETTINGS)


def test_reading_factors_follow_the_ground():
    assert factors_of((1000, 800), 0.5) == (1.0, 0.625, 0.3125)
    assert factors_of((2000, 2000), 0.1)[0] == 0.25
    assert factors_of((1000, 800), 30.0) == (1.0,)
    assert factors_of((1000, 800), None) == SETTINGS.scales
    assert factors_of((1, 1), 0.01) == (1.0,)
    assert factors_of((20, 3000), None) == (1.0,)
    assert factors_of((9000, 100), None) == (1.0, 0.7, 0.64)
    finest = max(factors_of((9000, 4000), None))
    assert finest**2 * 9000 * 4000 == pytest.approx(SETTINGS.max_side**2, rel=0.01)


@pytest.mark.parametrize("metres", [None, 0.05, 10.0])
def test_coarse_cells_read_an_image_once_at_its_own_size(metres):
    assert factors_of((1000, 800), metres, cell=16) == (1.0,)
    assert factors_of((4096, 4096), metres, cell=8) == (0.5,)
    twice = SETTINGS.model_copy(update={"coarse_scale": 2.0})
    assert local.reading_factors((500, 800), metres, 16, twice) == (2.0,)


@pytest.mark.parametrize(
    ("share", "cells", "guided"), [(None, 0.3, 0.0), (0.0, 0.0, 0.0), (0.2, 0.2, 0.2)]
)
def test_the_global_bias_of_a_backbone_is_of_its_dense_features(share, cells, guided):
    class Biased(ToyBackbone):
        dense_bias = 0.3

        def regions(self, image, proposals):
            return np.full((len(proposals), 3), 3**-0.5, np.float32)

    settings = make_settings(
        overrides={"local": {"global_bias": share, "mask_guidance": True, "dense_weight": 0}}
    ).local
    backbone, image = Biased(), quarters()
    texts = local.encode_classes(backbone, prompts("building", "tree"))
    features = local.read_features(image, backbone, settings)
    assert (features.whole is None) == (share == 0)
    whole = backbone.encode_images([image])[0] @ texts.features.T
    one = replace(features, dense=features.dense[:1])
    logits = 5.0 * (one.dense[0] @ texts.features.T - cells * whole)
    expected = 1 / (1 + np.exp(logits[..., 1] - logits[..., 0]))
    found = local.dense_probabilities(one, texts, 5.0, settings)
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)
    masks = MaskSet.from_masks(np.ones((1, *image.shape[:2]), bool))
    mean = features.dense[0].mean((0, 1))
    cosines = mean / np.linalg.norm(mean) @ texts.features.T - cells * whole
    pooled = local.masked_probabilities(masks, one, texts, 5.0, settings)
    expected = 1 / (1 + np.exp(5.0 * (cosines[1] - cosines[0])))
    np.testing.assert_allclose(pooled[0, 0], expected, atol=1e-5)
    crops = CropEncoder(image, backbone, settings)
    p = local.align(crops, backbone, masks, features, texts, pooled, settings, rank_by=[0])
    cosines = np.full(3, 3**-0.5) @ texts.features.T - guided * whole
    expected = 1 / (1 + np.exp(backbone.region_logit_scale * (cosines[1] - cosines[0])))
    np.testing.assert_allclose(p[0, 0], expected, atol=1e-4)
