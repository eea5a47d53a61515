from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from vit_checkpoints import FAMILIES

from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.models.registry import load_backbone
from dgl_rsis.types import RGBImage

Folders = Callable[[str], Path]


@pytest.fixture(scope="session")
def vit_folder(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Folder of a random checkpoint of a family; do not change it, copy it."""

    @cache
    def saved(family: str) -> Path:
        folder = tmp_path_factory.mktemp("vit") / family
        FAMILIES[family](folder)
        return folder

    return saved


@pytest.fixture(scope="session")
def vit(vit_folder: Folders) -> Callable[[str], HfClip]:
    """A random checkpoint of a family, loaded by name as users do."""

    @cache
    def loaded(family: str) -> HfClip:
        backbone = load_backbone(f"dir:{vit_folder(family)}", "cpu")
        assert isinstance(backbone, HfClip)
        return backbone

    return loaded


@pytest.fixture(scope="session")
def reference(vit_folder: Folders) -> Callable[[str], Any]:
    """The same checkpoint by transformers alone, with attention written out."""
    from transformers import AutoModel

    @cache
    def loaded(family: str) -> Any:
        model = AutoModel.from_pretrained(vit_folder(family), attn_implementation="eager")
        return model.eval().requires_grad_(False)

    return loaded


@pytest.fixture(scope="session")
def picture() -> Callable[..., RGBImage]:
    """A smooth random image."""

    def drawn(height: int, width: int, seed: int = 0) -> RGBImage:
        small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))

    return drawn
