"""A small CLIP with the depth of the papers' models, and masks of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.preprocess import Preprocessing
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.types import RGBImage

SHAPE = (45, 70)
SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
SPECIAL = {"bos_token_id": 0, "eos_token_id": 1}


@pytest.fixture(scope="session")
def network() -> Any:
    """A random ``CLIPModel`` of 12 blocks, 32 px, patch 8, with attention written out."""
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig(
        text_config={**SIZES, "num_hidden_layers": 1, "vocab_size": 8, **SPECIAL},
        vision_config={**SIZES, "num_hidden_layers": 12, "image_size": 32, "patch_size": 8},
        projection_dim=24,
        attn_implementation="eager",
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPModel(config)
        for weights in model.vision_model.parameters():
            weights.data += 0.2 * torch.randn_like(weights)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def clip(network: Any) -> HfClip:
    return HfClip(network, None, Preprocessing(), name="tiny", folder=Path("tiny"))


@pytest.fixture(scope="session")
def image() -> RGBImage:
    small = np.random.default_rng(0).integers(0, 256, (9, 14, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize(SHAPE[::-1], Image.Resampling.BICUBIC))


@pytest.fixture(scope="session")
def masks() -> MaskSet:
    """Everything, a part, a ragged one, one pixel in the middle of a patch, one between patches."""
    stack = np.zeros((5, *SHAPE), bool)
    stack[0] = True
    stack[1, 4:30, 8:40] = True
    stack[2] = np.random.default_rng(1).random(SHAPE) < 0.4
    stack[3, 28, 43] = True
    stack[4, 0, 0] = True
    return MaskSet.from_masks(stack)


@pytest.fixture(scope="session")
def worded(tiny_clip_folder: Path) -> HfClip:
    """A random CLIP of 3 blocks, 32 px, patch 8, that reads words."""
    return HfClip.from_folder(tiny_clip_folder)


@pytest.fixture
def coloured() -> Model:
    """A model that sees plain colours and has no class token."""
    return Model(ToyBackbone(), make_settings())


@pytest.fixture(scope="session")
def quarter_masks() -> MaskSet:
    """The quarters of ``toy_backbone.quarters()``: building, vegetation, water, road."""
    boxes = [[0, 0, 32, 32], [32, 0, 64, 32], [0, 32, 32, 64], [32, 32, 64, 64]]
    return MaskSet.from_boxes(np.array(boxes), (64, 64))
