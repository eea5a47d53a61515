"""Small random checkpoints of ViT families on disk, as `save_pretrained` and the hub lay them out."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import torch
from conftest import save_tiny_clip
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
}
TEXT = {**SIZES, "num_hidden_layers": 2, "max_position_embeddings": 16}
PIECES = [*string.ascii_lowercase, *(f"▁{c}" for c in string.ascii_lowercase), "▁the", "ad", "▁"]


def save_pieces(folder: Path, kind: str) -> int:
    """A sentencepiece-like unigram tokenizer as `tokenizer.json`; returns the number of pieces."""
    roberta = kind == "XLMRobertaTokenizer"
    special = ["<s>", "<pad>", "</s>", "<unk>"] if roberta else ["<pad>", "</s>", "<unk>"]
    pieces = [(piece, 0.0) for piece in special]
    pieces += [(piece, -float(number + 1)) for number, piece in enumerate(PIECES)]
    pieces += [(piece, -200.0) for piece in ["!", ".", ",", "'"]]
    pieces += [("<mask>", 0.0)] if roberta else []
    ids = {piece: number for number, (piece, _) in enumerate(pieces)}
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=ids["<unk>"]))
    spaces = [pre_tokenizers.WhitespaceSplit()] if roberta else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*spaces, pre_tokenizers.Metaspace()])
    tokenizer.normalizer = None if roberta else normalizers.Replace(Regex(" {2,}"), " ")
    frame = [token for token in ("<s>", "</s>") if token in ids]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if roberta else "$A </s>",
        special_tokens=[(token, ids[token]) for token in frame],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    facts = {
        "tokenizer_class": kind,
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "model_max_length": 16,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(facts))
    return len(pieces)


def save_preprocessor(folder: Path, kind: str, resample: int, **more: Any) -> None:
    facts = {
        "image_processor_type": kind,
        "do_resize": True,
        "resample": resample,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        **more,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))


def save_random(model_class: Any, config: Any, folder: Path, *, seed: int = 0) -> None:
    """Weights away from zero: near it all patches look the same, and biases do not matter."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = model_class(config).eval()
        for name, weights in model.named_parameters():
            if "logit" not in name:
                weights.data += 0.2 * torch.randn_like(weights)
    model.save_pretrained(folder)


def save_clip(folder: Path) -> None:
    folder.mkdir()
    save_tiny_clip(folder)


def save_metaclip_2(folder: Path) -> None:
    from transformers import MetaClip2Config, MetaClip2Model

    folder.mkdir()
    count = save_pieces(folder, "XLMRobertaTokenizer")
    save_preprocessor(folder, "CLIPImageProcessor", 3, size={"height": 32, "width": 32},
                      do_center_crop=False)  # fmt: skip
    config = MetaClip2Config(
        text_config={**TEXT, "vocab_size": count, "bos_token_id": 0, "eos_token_id": 2},
        vision_config={**SIZES, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    save_random(MetaClip2Model, config, folder)


def save_siglip(folder: Path, *, tokenizer: str = "SiglipTokenizer", image_size: int = 32) -> None:
    """The fixed-resolution layout: SigLIP, or SigLIP 2 with the tokenizer of Gemma."""
    from transformers import SiglipConfig, SiglipModel

    folder.mkdir()
    count = save_pieces(folder, tokenizer)
    resample = 3 if tokenizer == "SiglipTokenizer" else 2  # as Google's checkpoints have it
    size = {"height": image_size, "width": image_size}
    save_preprocessor(folder, "SiglipImageProcessor", resample, size=size)
    config = SiglipConfig(
        text_config={**TEXT, "vocab_size": count, "projection_size": 32},
        vision_config={**SIZES, "image_size": image_size, "patch_size": 8},
    )
    save_random(SiglipModel, config, folder)


def save_siglip2_fixed(folder: Path) -> None:
    save_siglip(folder, tokenizer="GemmaTokenizer")


def save_siglip_uneven(folder: Path) -> None:
    """An image size that is no multiple of the patch, as of SigLIP so400m at 384 pixels."""
    save_siglip(folder, image_size=37)


def save_siglip2_naflex(folder: Path) -> None:
    from transformers import Siglip2Config, Siglip2Model

    folder.mkdir()
    count = save_pieces(folder, "GemmaTokenizer")
    save_preprocessor(folder, "Siglip2ImageProcessor", 2, patch_size=8, max_num_patches=16)
    config = Siglip2Config(
        text_config={**TEXT, "vocab_size": count, "projection_size": 32},
        vision_config={**SIZES, "num_patches": 16, "patch_size": 8},
    )
    save_random(Siglip2Model, config, folder)


FAMILIES = {
    "clip": save_clip,
    "metaclip_2": save_metaclip_2,
    "siglip": save_siglip,
    "siglip-uneven": save_siglip_uneven,
    "siglip2-fixed": save_siglip2_fixed,
    "siglip2": save_siglip2_naflex,
}


def save_dino(folder: Path, kind: str) -> None:
    import transformers

    folder.mkdir()
    named = {
        "dinov2": ("Dinov2Config", "Dinov2Model", {"mlp_ratio": 2}),
        "dinov2_with_registers": (
            "Dinov2WithRegistersConfig",
            "Dinov2WithRegistersModel",
            {"mlp_ratio": 2, "num_register_tokens": 4},
        ),
        "dinov3_vit": ("DINOv3ViTConfig", "DINOv3ViTModel", {"num_register_tokens": 4}),
        "vit": ("ViTConfig", "ViTModel", {}),
    }[kind]
    config = getattr(transformers, named[0])(image_size=24, patch_size=6, **SIZES, **named[2])
    save_random(getattr(transformers, named[1]), config, folder)
    save_preprocessor(folder, "BitImageProcessor", 3, image_mean=[0.485, 0.456, 0.406])
