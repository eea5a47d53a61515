"""Small random models on disk, shared by the tests of models, pipeline and command line."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# a busy machine must not fail a property test; pytest's own durations show what is slow
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def save_tiny_clip(folder: Path) -> None:
    """A random ``CLIPModel`` of 32 px, patch 8, with tokenizer and processor, as users have it."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.utils import logging

    letters = string.ascii_lowercase + string.digits
    pieces = [*letters, *(letter + "</w>" for letter in letters), "th", "the</w>"]
    vocabulary = {
        piece: number for number, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])
    }
    first, last = len(vocabulary) - 2, len(vocabulary) - 1
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={
            **sizes,
            "num_hidden_layers": 2,
            "vocab_size": len(vocabulary),
            "max_position_embeddings": 24,
            "bos_token_id": first,
            "eos_token_id": last,
            "pad_token_id": last,
        },
        vision_config={**sizes, "num_hidden_layers": 3, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPModel(config).eval()
        for weights in model.vision_model.parameters():
            # the usual start is so close to zero that all patches look the same
            weights.data += 0.2 * torch.randn_like(weights)
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    CLIPTokenizer(vocab=vocabulary, merges=[("t", "h"), ("th", "e</w>")]).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"height": 32, "width": 32}, do_center_crop=False, crop_size=None
    ).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\ntags: [test]\n---\n# Tiny\n")


def save_tiny_rs(folder: Path) -> None:
    """A random rs-tiny with a vocabulary of a few words, in the layout of the real one."""
    import torch
    from safetensors.torch import save_file

    from dgl_rsis.models.tiny_networks import ImageTower, TextTower, TinyConfig

    folder.mkdir(parents=True, exist_ok=True)
    words = ["[PAD]", "[UNK]", "water", "road", "roof", "build", "##ing", "the", "red", "tree"]
    words += [*string.ascii_lowercase, *("##" + letter for letter in string.ascii_lowercase)]
    config = TinyConfig(
        dim=16,
        stem=8,
        channels=(8, 8, 16, 16),
        blocks=(1, 1, 1, 1),
        pyramid=8,
        pool_heads=2,
        vocabulary=len(words),
        token_dim=8,
        text_dim=16,
        text_blocks=1,
        text_heads=2,
        max_tokens=12,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        towers = torch.nn.ModuleDict({"image": ImageTower(config), "text": TextTower(config)})
    weights = {name: value.half() for name, value in towers.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    (folder / "vocab.txt").write_text("".join(word + "\n" for word in words), encoding="utf-8")
    facts = {
        "family": "rs-tiny",
        "name": "rs-tiny",
        "revision": "test",
        "licence": "CC0",
        "notice": "",
        "input_size": 64,
        "logit_scale": 20.0,
        "dense_logit_scale": 10.0,
        "sizes": asdict(config),
    }
    (folder / "config.json").write_text(json.dumps(facts), encoding="utf-8")


@pytest.fixture(scope="session")
def tiny_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random CLIP; do not change it, copy it."""
    folder = tmp_path_factory.mktemp("tiny-clip")
    save_tiny_clip(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_rs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random rs-tiny; do not change it, copy it."""
    folder = tmp_path_factory.mktemp("tiny-rs")
    save_tiny_rs(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_blip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random BLIP for image-text matching; do not change it, copy it."""
    from tiny_blip import save_tiny_blip

    folder = tmp_path_factory.mktemp("tiny-blip")
    save_tiny_blip(folder)
    return folder


@pytest.fixture(scope="session")
def segmenter_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a random SAM or DINO of a family; do not change it, copy it."""
    from segmenter_checkpoints import SAVERS

    @cache
    def saved(family: str) -> Path:
        folder = tmp_path_factory.mktemp("segmenter") / family
        SAVERS[family](folder)
        return folder

    return saved
