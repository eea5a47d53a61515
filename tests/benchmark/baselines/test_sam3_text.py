from __future__ import annotations

import numpy as np
import pytest
from toy_backbone import ToyBackbone
from toy_segmenter import ToyDetector

from dgl_rsis.benchmark.baselines.sam3_text import SAM3_TEXT
from dgl_rsis.config import make_settings
from dgl_rsis.errors import InputError
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import Networks
from dgl_rsis.types import RGBImage

NOTHING = MaskSet.from_masks([], (40, 60))


def roofs() -> RGBImage:
    image = np.full((40, 60, 3), 90, np.uint8)
    for left in (4, 24, 44):
        image[10:20, left : left + 10] = (200, 30, 30)
    return image


def shown(least_score: float) -> Model:
    settings = make_settings(
        overrides={"proposals": {"proposer": "sam3", "least_score": least_score}}
    )
    made = Model(ToyBackbone(), settings)
    vars(made)["networks"] = Networks(detector=ToyDetector())  # in place of what would be loaded
    return made


@pytest.mark.parametrize(("least", "count"), [(0.3, 3), (0.75, 2), (0.95, 0)])
def test_all_instances_of_the_text_together(least: float, count: int) -> None:
    prepared = SAM3_TEXT.prepare(shown(least), roofs(), NOTHING)
    # the toy is surest of the leftmost one: 0.9, 0.8, 0.7
    expected = (roofs() == (200, 30, 30)).all(-1)
    expected[:, [4, 24, 44, 60][count] :] = False
    np.testing.assert_array_equal(SAM3_TEXT.answer(prepared, "roof"), expected)
    assert expected.sum() == count * 100


def test_the_whole_sentence_is_asked() -> None:
    made = shown(0.3)
    prepared = SAM3_TEXT.prepare(made, roofs(), NOTHING)
    assert not SAM3_TEXT.answer(prepared, "the roof on the left").any()
    assert isinstance(made.networks.detector, ToyDetector)
    assert made.networks.detector.nouns == ["the roof on the left"]


def test_it_needs_sam3(coloured: Model) -> None:
    with pytest.raises(InputError, match="load the model with the proposer sam3"):
        SAM3_TEXT.prepare(coloured, roofs(), NOTHING)
