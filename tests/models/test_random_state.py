"""Loading a model leaves torch's random numbers as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from openclip_model import small_openclip
from segmenter_checkpoints import SAVERS
from vit_checkpoints import FAMILIES

from dgl_rsis.models.checkpoints import FAMILIES as CHECKPOINTS
from dgl_rsis.models.checkpoints import load_checkpoint
from dgl_rsis.models.hf_blip import load_matcher
from dgl_rsis.models.registry import load_backbone

Folders = Callable[[str], Path]


def family_of(kind: str) -> str:
    return "dino" if kind.startswith(("dino", "vit")) else kind.removesuffix("_video")


@pytest.fixture(autouse=True)
def unchanged() -> object:
    before = torch.get_rng_state().clone()
    yield
    assert torch.equal(before, torch.get_rng_state())


def test_the_embedded_model(tiny_rs_folder: Path) -> None:
    load_backbone(str(tiny_rs_folder), "cpu")


@pytest.mark.parametrize("family", FAMILIES)
def test_backbones(family: str, vit_folder: Folders) -> None:
    load_backbone(str(vit_folder(family)), "cpu")


def test_files_of_openclip(tmp_path: Path) -> None:
    torch.save(small_openclip().state_dict(), tmp_path / "a.pt")
    load_backbone(str(tmp_path / "a.pt"), "cpu")


def test_matchers(tiny_blip_folder: Path) -> None:
    load_matcher(str(tiny_blip_folder), "cpu")


@pytest.mark.parametrize("kind", SAVERS)
def test_checkpoints_of_proposers(kind: str, segmenter_folder: Folders) -> None:
    assert family_of(kind) in CHECKPOINTS
    load_checkpoint(segmenter_folder(kind), family_of(kind))
