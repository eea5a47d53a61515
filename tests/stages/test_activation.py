import numpy as np
import pytest
from toy_backbone import ToyBackbone, quarters

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import activation

SETTINGS = make_settings()


def activate(backbone, texts, targets):
    """Activations of the four quarters at both scales."""
    image = quarters()
    shape = image.shape[:2]
    return activation.cross_scale_activations(
        shape,
        activation.windows(shape, SETTINGS.activation),
        lambda window: backbone.activations(window.of(image), texts, targets),
    )


def test_windows_cover_the_image_and_overlap():
    covered = np.zeros((90, 130), int)
    parts = activation.windows((90, 130), SETTINGS.activation)
    assert parts[0] == activation.Window(0, 0, 130, 90)
    for part in parts[1:]:
        covered[part.y0 : part.y1, part.x0 : part.x1] += 1
    assert len(parts) == 5
    assert covered.min() >= 1
    assert covered.max() == 4


def test_one_scale_when_switched_off_or_too_small():
    off = make_settings(overrides={"activation": {"cross_scale": False}}).activation
    assert len(activation.windows((90, 130), off)) == 1
    assert len(activation.windows((1, 1), SETTINGS.activation)) == 1


def test_activation_lights_what_is_named():
    backbone = ToyBackbone()
    texts = backbone.encode_texts(["water", "tree", "building", "road"])
    maps = activate(backbone, texts, (0,))
    assert maps.shape == (1, 64, 64)
    heat = activation.enhance(maps[0], None, weight=1.0)
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1)
    assert heat[40:60, 4:24].mean() > 10 * max(heat[4:24, 4:60].mean(), 1e-3)


def test_enhancement_adds_what_the_modifiers_add():
    noun = np.array([[1.0, 1.0, 0.0]], np.float32)
    full = np.array([[1.0, 2.0, 2.0]], np.float32)
    result = activation.enhance(noun, full, weight=1.0)
    np.testing.assert_allclose(result, [[0.5, 1.0, 0.0]], atol=1e-5)
    np.testing.assert_allclose(activation.enhance(noun, noun, weight=1.0), noun, atol=1e-5)


def test_terms_prefer_the_mask_that_holds_the_heat():
    heat = np.zeros((16, 16), np.float32)
    heat[4:8, 4:8] = 1
    boxes = np.array([[16, 16, 32, 32], [40, 40, 56, 56], [0, 0, 64, 64], [18, 18, 24, 24]])
    terms = activation.activation_terms(heat, MaskSet.from_boxes(boxes, (64, 64)), SETTINGS.select)
    assert terms.argmax() == 0
    assert terms[1] < terms[2] < terms[0]
    assert ((terms >= 0) & (terms <= 1)).all()


def test_terms_of_a_tiny_image():
    heat = np.ones((1, 1), np.float32)
    masks = MaskSet.from_boxes(np.array([[0, 0, 1, 1]]), (1, 1))
    assert activation.activation_terms(heat, masks, SETTINGS.select).shape == (1,)


class FaintCrops(ToyBackbone):
    """The whole image has a clear find; its crops show faint noise, or nothing at all."""

    def __init__(self, noise):
        super().__init__()
        self.noise = noise

    def activations(self, image, texts, targets):
        cam = np.zeros((1, 8, 8), np.float32)
        if image.shape[0] == 64:
            cam[0, 0, 0] = 1
        else:
            cam[0, 7, 7] = self.noise
        return cam, np.ones(1, np.float32)


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_noise_in_an_empty_crop_is_no_find(noise):
    maps = activate(FaintCrops(noise), np.eye(3, dtype=np.float32), (0,))
    assert np.isfinite(maps).all()
    assert maps[0, :12, :12].max() > 5
    assert maps[0, 16:, 16:].max() < 0.05


def test_a_dark_map_has_no_peak_and_a_full_proposal_no_ring():
    whole = MaskSet.from_boxes(np.array([[0, 0, 64, 64]]), (64, 64))
    dark = activation.activation_terms(np.zeros((16, 16), np.float32), whole, SETTINGS.select)
    assert dark[0] == pytest.approx(0.5)
    lit = activation.activation_terms(np.full((16, 16), 0.5, np.float32), whole, SETTINGS.select)
    options = SETTINGS.select
    expected = 1 / (1 + np.exp(-(0.5 * options.inside + options.peak)))
    assert lit[0] == pytest.approx(expected)
