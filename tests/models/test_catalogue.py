from __future__ import annotations

import re

import pytest
import torch
from openclip_model import OpenClipModel

from dgl_rsis.config import PROPOSERS
from dgl_rsis.errors import ModelError
from dgl_rsis.models.catalogue import (
    KINDS,
    USES,
    built_in_proposers,
    find_entry,
    kind_of,
    known_models,
)
from dgl_rsis.models.checkpoints import FAMILIES, find_checkpoint
from dgl_rsis.models.hf_blip import load_matcher
from dgl_rsis.models.registry import load_backbone, parse_model_name

ENTRIES = known_models()


def test_names_are_loadable_and_once_only() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(set(names)) == len(names)
    for name in names:
        parsed = parse_model_name(name)
        assert parsed.scheme in ("hf", "openclip")
        assert str(parsed) == name
        assert find_entry(name) is not None


def test_every_entry_says_what_users_need() -> None:
    built_in = {entry.name for entry in built_in_proposers()}
    networks = {entry.series for entry in ENTRIES if entry.kind == "proposer"}
    assert built_in.isdisjoint(networks)
    assert built_in | networks == set(PROPOSERS)
    assert networks | {"dino"} == set(FAMILIES)
    assert set(KINDS) == set(USES) == {entry.kind for entry in ENTRIES}
    for entry in ENTRIES:
        assert entry.description
        assert re.search(r"\b20\d\d\b", entry.paper), entry.name
        assert entry.page is not None
        assert entry.page.startswith("https://")
        assert entry.download is not None
        assert (entry.hub is None) == (entry.file is None)


def test_downloads_are_commands() -> None:
    by_name = {entry.name: entry.download for entry in ENTRIES}
    assert by_name["hf:openai/clip-vit-base-patch16"] == "hf download openai/clip-vit-base-patch16"
    assert by_name["hf:facebook/sam3"] == "hf auth login && hf download facebook/sam3"
    command = "hf download Zilun/GeoRSCLIP ckpt/RS5M_ViT-B-32.pt --local-dir ."
    assert by_name["openclip:RS5M_ViT-B-32.pt"] == command
    by_hand = str(by_name["openclip:SkyCLIP_ViT_L14_top50pct/epoch_20.pt"])
    assert "https://github.com/wangzhecheng/SkyScript" in by_hand
    assert by_hand.endswith("so that this folder has SkyCLIP_ViT_L14_top50pct/epoch_20.pt")


def test_files_are_known_wherever_they_lie() -> None:
    found = find_entry("openclip:/data/models/RS5M_ViT-H-14.pt")
    assert found is not None
    assert found.hub == "Zilun/GeoRSCLIP"
    assert find_entry("openclip:C:\\models\\RS5M_ViT-H-14.pt") == found
    assert find_entry("openclip:/data/epoch_20.pt") is None
    for sky in ("openclip:/data/SkyCLIP_ViT_B32_top50pct/epoch_20.pt",
                "openclip:C:\\SkyCLIP_ViT_B32_top50pct\\epoch_20.pt"):  # fmt: skip
        found = find_entry(sky)
        assert found is not None
        assert found.page == "https://github.com/wangzhecheng/SkyScript"
        assert "ViT-B/32" in found.description
    assert find_entry("hf:RS5M_ViT-H-14.pt") is None


def test_defaults_of_proposers_are_listed() -> None:
    for family in FAMILIES.values():
        if family.default:
            entry = find_entry(f"hf:{family.default}")
            assert entry is not None
            assert entry.kind == "proposer"


@pytest.mark.parametrize(
    ("letters", "width", "layers", "patch", "text_width", "text_layers", "dim"),
    [
        ("B-32", 768, 12, 32, 512, 12, 512),
        ("L-14", 1024, 24, 14, 768, 12, 768),
        ("H-14", 1280, 32, 14, 1024, 24, 1024),
    ],
)
def test_sizes_are_those_of_the_architectures(
    letters: str, width: int, layers: int, patch: int, text_width: int, text_layers: int, dim: int
) -> None:
    with torch.device("meta"):
        model = OpenClipModel(
            width=width,
            layers=layers,
            patch=patch,
            grid=224 // patch,
            text_width=text_width,
            text_layers=text_layers,
            dim=dim,
            context=77,
        )
    megabytes = sum(4 * weights.numel() for weights in model.parameters()) / 1e6
    listed = [entry for entry in ENTRIES if letters in entry.name]
    assert listed
    for entry in listed:
        assert entry.size_mb == pytest.approx(megabytes, rel=0.002), entry.name
        assert entry.dim == dim


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("facebook/dinov2-giant", "affinity"),  # of a family of the catalogue
        ("facebook/sam2-hiera-large", "proposer"),
        ("Salesforce/blip-itm-large-flickr", "activation"),
        ("google/siglip2-giant-opt-patch16-256", "backbone"),
        ("facebook/opt-125m", None),
        ("somebody/dinov2-base", None),
    ],
)
def test_families_tell_what_a_model_is_for(identifier: str, kind: str | None) -> None:
    assert kind_of(identifier) == kind
    for entry in ENTRIES:
        if not entry.is_openclip:
            assert kind_of(entry.name.partition(":")[2]) == entry.kind


def test_models_of_another_kind_are_refused_before_they_are_downloaded() -> None:
    with pytest.raises(ModelError) as caught:
        load_backbone("facebook/dinov2-giant")
    assert str(caught.value) == (
        "facebook/dinov2-giant is no backbone but a self-supervised model, it knows no words: --set "
        "backbone.dense=proxyclip --set backbone.affinity=facebook/dinov2-giant, or --proposer maskcut "
        "--set proposals.checkpoint=facebook/dinov2-giant; for backbone take e.g. "
        "openai/clip-vit-base-patch32"
    )
    with pytest.raises(ModelError, match="sam-vit-base is no backbone but a segmenter"):
        load_backbone("hf:facebook/sam-vit-base")
    with pytest.raises(ModelError, match="is no affinity but an image-text model: --model openai"):
        find_checkpoint("dino", "openai/clip-vit-base-patch16")
    with pytest.raises(ModelError, match="dinov2-base is no proposer but a self-supervised model"):
        find_checkpoint("sam2", "facebook/dinov2-base")
    with pytest.raises(ModelError, match="is no activation but a segmenter"):
        load_matcher("facebook/sam-vit-base", "cpu")
