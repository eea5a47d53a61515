from __future__ import annotations

import numpy as np

from dgl_rsis.benchmark.baselines.global_local import GLOBAL_LOCAL_CLIP, global_local
from dgl_rsis.benchmark.baselines.prompts import mixed_text
from dgl_rsis.config import make_settings
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import RGBImage


def test_the_mask_with_the_largest_cosine_is_the_answer(
    worded: HfClip, image: RGBImage, masks: MaskSet
) -> None:
    prepared = GLOBAL_LOCAL_CLIP.prepare(Model(worded, make_settings()), image, masks)
    embeddings, chosen = global_local(worded, image, masks), set()
    for sentence in ("the red roof", "a long road left of the tree", "ship", "the tennis court"):
        best = int(np.argmax([row @ mixed_text(worded, sentence) for row in embeddings]))
        np.testing.assert_array_equal(
            GLOBAL_LOCAL_CLIP.answer(prepared, sentence), masks.mask(best)
        )
        chosen.add(best)
    nothing = GLOBAL_LOCAL_CLIP.prepare(
        Model(worded, make_settings()), image, MaskSet.from_masks([], image.shape[:2])
    )
    assert not GLOBAL_LOCAL_CLIP.answer(nothing, "the ship").any()
