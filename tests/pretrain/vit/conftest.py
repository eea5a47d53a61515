"""A finished run of a random rs-tiny, to distil in seconds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretrain import stamps
from pretrain.vit import text as texts

FIELD = ["a red roof", "an aerial photo of a river", "Motorways!", "storage tanks", "a pond"]
DICTIONARY = ["reservoir", "a photo of a cheese", "25 trees"]


@pytest.fixture
def config() -> dict[str, Any]:
    """Every size as small as it can be."""
    return {
        "seed": 7,
        "text": {"wordnet": "nowhere", "dictionary_words": 3},
        "rendered": {"scenes": 3, "size": 48, "gsd": [0.5, 1.0]},
        "image": {
            "withheld": [],
            "steps": 1,
            "final_steps": 1,
            "repaint_share": 0.5,
            "drawn_share": 0.5,
            "balanced_share": 0.5,
            "rendered_zoom": [0.7, 1.2],
            "tile_zoom": [0.5, 1.0],
        },
        "vit": {
            "text": {
                "vocabulary": 530, "tokens": 12, "width": 16, "feed": 16, "layers": 1, "heads": 2,
                "steps": 8, "batch": 8, "learning_rate": 0.01,
            },
            "bank": {
                "crops": 9, "scene_batch": 2, "mosaic_batch": 0,
                "tile_batch": 1, "rendered_batch": 1, "least_crop": 0.5,
            },
            "image": {
                "size": 48, "patch": 16, "width": 16, "feed": 16, "layers": 2, "heads": 2,
                "steps": 4, "final_steps": 1, "batch": 4, "shown": 0.5, "warmup": 2,
                "learning_rate": 0.01, "weight_decay": 0.05, "average_decay": 0.5,
                "checkpoint_every": 2,
                "weights": {
                    "image": 2.0, "names": 1.0, "label": 0.5, "values": 2.0, "tokens": 1.0,
                    "concepts": 0.5,
                },
            },
        },
    }  # fmt: skip


@pytest.fixture
def output(
    tmp_path: Path, tiny_rs_folder: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> Path:
    """Folder of the run: the exported model, rendered scenes; the corpus is a few texts."""
    folder = tmp_path / "run"
    shutil.copytree(tiny_rs_folder, folder / "model")
    rng = np.random.default_rng(3)
    made_from = {
        "rendered": {"rendered": config["rendered"], "seed": 7},
        "calibration": {"rendered": {**config["rendered"], "scenes": 100}, "seed": 8},
    }
    for name, parts in made_from.items():
        np.savez(
            folder / f"{name}.npz",
            images=rng.integers(0, 256, (3, 48, 48, 3), dtype=np.uint8),
            dense=rng.integers(-1, 5, (3, 48, 48)).astype(np.int16),
            **stamps.stamp(parts),
        )
    monkeypatch.setattr(texts.corpus, "read", lambda *_: (FIELD, DICTIONARY, []))
    return folder
