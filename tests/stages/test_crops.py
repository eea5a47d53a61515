import numpy as np
import pytest
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages import crops

SETTINGS = make_settings().local


class Watched(ToyBackbone):
    """Keeps the batches that it embeds."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def encode_images(self, images):
        self.batches.append([np.array(image) for image in images])
        return super().encode_images(images)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def boxes(*rows, shape=(200, 200)):
    return MaskSet.from_boxes(np.array(rows), shape)


def crop_of(image, masks, index=0, **options):
    return crops.context_crop(image, crops.frame_of(masks, index, SETTINGS), SETTINGS, **options)


@pytest.mark.parametrize("box", [(0, 0, 4, 4), (60, 60, 64, 64), (10, 0, 60, 8), (0, 0, 64, 64)])
def test_a_crop_is_a_square_that_holds_the_object(box):
    x0, y0, x1, y1 = box
    image = np.zeros((64, 64, 3), np.uint8)
    image[y0:y1, x0:x1] = 255
    crop = crop_of(image, boxes(box, shape=(64, 64)))
    assert crop.shape[0] == crop.shape[1] >= SETTINGS.crop_minimum
    assert crop.shape[0] == crops.crop_side(max(x1 - x0, y1 - y0), SETTINGS)
    inside = np.count_nonzero(crop[:64, :64].min(-1) == 255)
    assert inside >= (x1 - x0) * (y1 - y0)


def test_context_grows_as_objects_shrink():
    small, large = (crops.crop_side(length, SETTINGS) / length for length in (20, 400))
    assert small > large >= SETTINGS.crop_context


def test_surroundings_are_attenuated_and_the_object_is_not():
    image = noise(40, 40)
    inside = np.zeros((40, 40), bool)
    inside[10:20, 10:20] = True
    result = crops.attenuate(image, inside, 0.7)
    np.testing.assert_array_equal(result[inside], image[inside])
    assert result[~inside].std() < 0.6 * image[~inside].std()
    np.testing.assert_array_equal(crops.attenuate(image, inside, 0.0), image)


@pytest.mark.parametrize("thick", [1, 3, 90])
def test_no_pixel_of_the_object_is_attenuated_however_thin_it_is(thick):
    image = noise(200, 200)
    box = (20, 50, 150, 50 + thick)
    frame = crops.frame_of(boxes(box), 0, SETTINGS)
    crop = crops.context_crop(image, frame, SETTINGS)
    x0, y0 = box[0] - frame.left, box[1] - frame.top
    np.testing.assert_array_equal(
        crop[y0 : y0 + thick, x0 : x0 + 130], image[50 : 50 + thick, 20:150]
    )
    assert not np.array_equal(crop[-2:], image[frame.top + frame.side - 2 :][:2, : frame.side])


def test_large_squares_are_shrunk_with_their_outline():
    image = np.zeros((200, 200, 3), np.uint8)
    image[::2] = 200
    masks = boxes((40, 40, 160, 160))
    crop = crop_of(image, masks, largest=64)
    assert crop.shape == (64, 64, 3)
    assert crop_of(image, masks).shape[0] == crops.crop_side(120, SETTINGS)


def test_an_image_smaller_than_the_square_is_padded_by_its_border():
    image = noise(10, 12)
    crop = crop_of(image, boxes((2, 2, 8, 9), shape=(10, 12)))
    assert crop.shape == (32, 32, 3)
    np.testing.assert_array_equal(crop[10:, :12], np.repeat(crop[9:10, :12], 22, axis=0))


def test_the_same_square_of_near_identical_proposals_is_embedded_once():
    backbone, image = Watched(), noise(200, 200)
    encode = crops.CropEncoder(image, backbone, SETTINGS)
    full = np.ones((100, 100), bool)
    nearly = full.copy()
    nearly[50, 50] = False  # one pixel of ten thousand
    half = full.copy()
    half[:, 50:98] = False
    masks = MaskSet.from_crops([full, nearly, half, full], [(40, 40)] * 3 + [(90, 90)], (200, 200))
    embedded = encode(masks, [0, 1, 2, 3, 0])
    assert [len(batch) for batch in backbone.batches] == [3]
    np.testing.assert_array_equal(embedded[[0, 0]], embedded[[1, 4]])
    assert not np.array_equal(embedded[0], embedded[2])
    assert not np.array_equal(embedded[0], embedded[3])


def test_what_was_asked_before_is_not_embedded_again():
    backbone, image = Watched(), noise(200, 200)
    encode = crops.CropEncoder(image, backbone, SETTINGS)
    first = encode(boxes((10, 10, 60, 60), (80, 20, 130, 60)), [0, 1])
    second = encode(boxes((5, 5, 9, 9), (80, 20, 130, 60), (10, 10, 60, 60)), [1, 0, 2])
    assert [len(batch) for batch in backbone.batches] == [2, 1]
    np.testing.assert_array_equal(second[[0, 2]], first[[1, 0]])
    fresh = crops.CropEncoder(image, backbone, SETTINGS)(boxes((5, 5, 9, 9)), [0])
    np.testing.assert_array_equal(fresh[0], second[1])
    assert encode(boxes((5, 5, 9, 9)), []).shape == (0, 3)


def test_batches_and_memory_are_bounded(monkeypatch):
    backbone, image = Watched(), noise(200, 200)
    monkeypatch.setattr(crops, "BATCH_PIXELS", 2 * (2 * backbone.input_size) ** 2)
    monkeypatch.setattr(crops, "REMEMBERED", 3)
    encode = crops.CropEncoder(image, backbone, SETTINGS)
    masks = boxes(*((x, 20, x + 30, 60) for x in range(0, 150, 30)))
    assert encode(masks, range(5)).shape == (5, 3)
    assert [len(batch) for batch in backbone.batches] == [2, 2, 1]
    encode(masks, [2, 3, 4])
    assert len(backbone.batches) == 3
    encode(masks, [0])  # forgotten meanwhile
    assert len(backbone.batches) == 4
