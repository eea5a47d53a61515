"""SAM 3 asked by words, against transformers' own forward pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dgl_rsis.errors import ModelError
from dgl_rsis.models import sam3 as module
from dgl_rsis.models.sam3 import Sam3
from dgl_rsis.types import RGBImage

Folders = Callable[[str], Path]


def speckled(height: int, width: int) -> RGBImage:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def by_transformers(folder: Path, image: RGBImage, noun: str) -> Any:
    from transformers import AutoTokenizer, Sam3Model

    model = Sam3Model.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    words = tokenizer([noun], padding="max_length", max_length=32, return_tensors="pt")
    resized = Image.fromarray(image).resize((56, 56), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.asarray(resized).transpose(2, 0, 1)[None] / 127.5 - 1).float()
    with torch.no_grad():
        return model(
            pixel_values=pixels,
            input_ids=words.input_ids,
            attention_mask=words.attention_mask,
        )


@pytest.mark.parametrize("kind", ["sam3", "sam3_video"])
def test_instances_are_those_of_transformers(
    segmenter_folder: Folders, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = speckled(40, 70)
    monkeypatch.setattr(module, "CHUNK", 3)  # 8 queries in three parts
    ask = Sam3.load(f"dir:{segmenter_folder(kind)}", "cpu").embed(image)
    for noun in ("car", "storage tank"):
        output = by_transformers(segmenter_folder("sam3"), image, noun)
        scores = (output.pred_logits.sigmoid() * output.presence_logits.sigmoid())[0]
        order = scores.argsort(descending=True)
        masks, ours = ask(noun, 0.0)
        np.testing.assert_allclose(ours, scores[order], atol=1e-5)
        full = torch.nn.functional.interpolate(
            output.pred_masks[:, order].sigmoid(), (40, 70), mode="bilinear"
        )[0]
        assert len(masks) == 8
        clear = ((full - 0.5).abs() > 1e-4).numpy()  # on the fence either side is right
        same = np.stack(masks) == (full > 0.5).numpy()
        assert same[clear].all()
        assert clear.mean() > 0.99
        some, high = ask(noun, float(np.median(ours)))
        assert len(some) == len(high) == (ours >= np.median(ours)).sum()


def test_nouns_do_not_answer_for_each_other(segmenter_folder: Folders) -> None:
    ask = Sam3.load(str(segmenter_folder("sam3")), "cpu").embed(speckled(30, 30))
    assert not np.allclose(ask("car", 0.0)[1], ask("ship", 0.0)[1])


def test_nothing_found_and_very_long_nouns(segmenter_folder: Folders) -> None:
    ask = Sam3.load(str(segmenter_folder("sam3")), "cpu").embed(speckled(1, 3))
    masks, scores = ask("car", 1.0)
    assert len(masks) == 0
    assert scores.shape == (0,)
    assert ask("very " * 90, 0.0)[0][0].shape == (1, 3)


def test_a_folder_without_words_is_refused(segmenter_folder: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "sam3"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).symlink_to(segmenter_folder("sam3") / name)
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        Sam3.load(str(folder), "cpu")
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="cannot load the tokenizer"):
        Sam3.load(str(folder), "cpu")
