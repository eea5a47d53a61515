import numpy as np
import pytest

from dgl_rsis.prepared import Candidates
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field


@pytest.mark.parametrize("size", [(64, 64), (3000, 2400)])
def test_colours_are_those_of_the_pixels_however_small_the_mask(size):
    image = np.zeros((*size, 3), np.uint8)
    image[20:24, 30:39] = 255
    masks = MaskSet.from_crops([np.ones((4, 9), bool)], [(30, 20)], size)
    measured = Candidates.measure(masks, image, colour_field(image))
    np.testing.assert_allclose(measured.colours, [[100, 0, 0]], atol=0.1)


def test_large_masks_are_sampled():
    image = np.full((1000, 1000, 3), 119, np.uint8)
    masks = MaskSet.from_crops([np.ones((900, 900), bool)], [(50, 50)], (1000, 1000))
    measured = Candidates.measure(masks, image, colour_field(image))
    np.testing.assert_allclose(measured.colours, [[50, 0, 0]], atol=0.5)


def test_a_line_between_the_points_of_the_grid_has_a_colour():
    crop = np.zeros((600, 600), bool)
    crop[1, :] = True
    crop[:, 1] = True
    masks = MaskSet.from_crops([crop], [(0, 0)], (600, 600))
    image = np.full((600, 600, 3), 255, np.uint8)
    assert Candidates.measure(masks, image, colour_field(image)).colours[0, 0] > 99


def test_dark_parts_do_not_change_the_paint():
    image = np.zeros((40, 40, 3), np.uint8)
    image[10:20, 5:25] = 250  # the roof and the bonnet of a car
    image[10:20, 12:22] = 20  # its windows
    image[30:34, 5:25] = 20
    masks = MaskSet.from_crops(
        [np.ones((10, 20), bool), np.ones((4, 20), bool)], [(5, 10), (5, 30)], (40, 40)
    )
    measured = Candidates.measure(masks, image, colour_field(image))
    assert 45 < measured.colours[0, 0] < 65
    assert measured.paints[0, 0] > 90
    np.testing.assert_array_equal(measured.paints[1], measured.colours[1])
