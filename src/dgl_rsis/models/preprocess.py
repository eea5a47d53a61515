"""How a checkpoint wants its pixels: resized by which filter, then ``(x / 255 - mean) / std``.

Resizing is ours (``torch_tools.resize``): transformers' own image processors crop, and need
torchvision for some models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from dgl_rsis.errors import ModelError
from dgl_rsis.models.hf_files import read_json

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)  # Radford et al. 2021, released models
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Preprocessing:
    """Mean and standard deviation of red, green and blue in 0..1, and the filter of resizing."""

    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    resample: Image.Resampling = Image.Resampling.BICUBIC


def read_preprocessing(folder: Path, default: Preprocessing | None = None) -> Preprocessing:
    """Read what ``preprocessor_config.json`` or ``processor_config.json`` say.

    Args:
        folder: the checkpoint folder.
        default: for what neither of them says; None is CLIP's.

    Raises:
        ModelError: a file is damaged or its numbers make no sense.
    """
    facts: dict[str, Any] = {}
    for name, key in (
        ("preprocessor_config.json", None),
        ("processor_config.json", "image_processor"),
    ):
        path = folder / name
        if path.is_file():
            content = read_json(path)
            facts = content if key is None else content.get(key, {})
            break
    default = default or Preprocessing()
    where = f"model folder {folder}"
    made = make_preprocessing(facts, "image_mean", "image_std", where, default)
    number = facts.get("resample", default.resample)
    if number not in list(Image.Resampling):
        raise ModelError(f"{where}: resample must be one of Pillow's filters 0 to 5, is {number!r}")
    return replace(made, resample=Image.Resampling(number))


def make_preprocessing(
    facts: Mapping[str, Any],
    mean_key: str,
    std_key: str,
    where: str,
    default: Preprocessing = Preprocessing(),
) -> Preprocessing:
    """Take mean and standard deviation from what a file says.

    Args:
        facts: content of the file.
        mean_key: under which key the mean is.
        std_key: under which key the standard deviation is.
        where: the file or folder in words, for errors.
        default: for what it does not say.

    Raises:
        ModelError: the numbers make no sense.
    """
    mean = _triple(facts.get(mean_key, default.mean), where, mean_key)
    std = _triple(facts.get(std_key, default.std), where, std_key)
    if min(std) <= 0:
        raise ModelError(f"{where}: {std_key} {std} must be positive")
    return Preprocessing(mean, std)


def _triple(value: object, where: str, name: str) -> tuple[float, float, float]:
    numbers = (
        [float(x) for x in value if isinstance(x, int | float)]
        if isinstance(value, list | tuple)
        else []
    )
    if len(numbers) != 3:
        raise ModelError(f"{where}: {name} must be three numbers, is {value!r}")
    return numbers[0], numbers[1], numbers[2]
