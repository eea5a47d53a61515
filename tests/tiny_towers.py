"""Towers of random weights, small enough to train in a test."""

from __future__ import annotations

from pathlib import Path

import torch

from dgl_rsis.models.tiny_networks import TextTower, TinyConfig

VOCABULARY = ["[PAD]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "aeiourst")]
SIZES = TinyConfig(
    dim=8, stem=4, channels=(4, 8, 8, 8), blocks=(1, 1, 1, 1), pyramid=8, pool_heads=2,
    vocabulary=len(VOCABULARY), token_dim=4, text_dim=8, text_blocks=1, text_heads=2, max_tokens=8,
)  # fmt: skip


def save_text_tower(path: Path) -> None:
    """Write what text distillation leaves behind, of random weights."""
    state = {"tower": TextTower(SIZES).state_dict(), "vocabulary": VOCABULARY}
    torch.save({**state, "config": SIZES.__dict__}, path)
