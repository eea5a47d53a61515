"""What an OpenCLIP checkpoint does not hold: its nonlinearity and how it wants its pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models.convert import Architecture, Gelu
from dgl_rsis.models.hf_files import read_json
from dgl_rsis.models.preprocess import Preprocessing, make_preprocessing

GeluOption = Literal["auto", "quick", "exact"]

CONFIG = "open_clip_config.json"

_OPENAI_SIZES = {(768, 12, 32), (768, 12, 16), (1024, 24, 14)}
"""Width, layers and patch of the vision transformers that OpenAI published."""


@dataclass(frozen=True)
class _Family:
    """Checkpoints that are told by the name of their file or folder.

    Attributes:
        parts: of the name, in lower case and without hyphens; one of them is in it.
        gelu: their nonlinearity.
        certain: False where it is not beyond doubt.
        reason: why, in a few words.
        openai_sizes_only: True where only the sizes that OpenAI published are tuned from its models.
    """

    parts: tuple[str, ...]
    gelu: Gelu
    certain: bool
    reason: str
    openai_sizes_only: bool = False


# The first that fits counts. MetaCLIP and DFN as in OpenCLIP's list of pretrained models.
_FAMILIES = (
    _Family(("altogether",), "gelu", True, "MetaCLIP 1.2 has it"),
    _Family(("quickgelu",), "quick_gelu", True, "by its name"),
    _Family(("metaclip",), "quick_gelu", True, "MetaCLIP has it"),
    _Family(("dfn2b", "dfn5b"), "quick_gelu", True, "DFN has it"),
    _Family(("openai",), "quick_gelu", True, "OpenAI's models have it"),
    _Family(("rs5m", "georsclip"), "quick_gelu", True, "tuned from OpenAI's model", True),
    _Family(("skyclip",), "quick_gelu", True, "tuned from OpenAI's model", True),
    _Family(("remoteclip",), "gelu", False, "as its authors' example loads it", True),
)


@dataclass(frozen=True)
class GeluChoice:
    """The nonlinearity of a model.

    Attributes:
        name: by transformers' name: ``gelu`` (exact) or ``quick_gelu``.
        reason: why, in a few words.
        certain: False where another choice may be right.
    """

    name: Gelu
    reason: str
    certain: bool

    def __str__(self) -> str:
        word, other = ("quick", "exact") if self.name == "quick_gelu" else ("exact", "quick")
        hint = "" if self.certain else f"; if results are poor, try backbone.gelu={other}"
        return f"{word} GELU ({self.reason}){hint}"


def choose_gelu(file: Path, sizes: Architecture, asked: str = "auto") -> GeluChoice:
    """Choose between the exact GELU and OpenAI's ``x * sigmoid(1.702 x)``, in this order.

    1. What the user asks for.
    2. ``quick_gelu`` in an ``open_clip_config.json`` beside the file.
    3. The family that the name of the file, or of its folder, tells.
    4. Exact, OpenCLIP's default: certain for sizes that OpenAI never published (H, g, S, ...), else
       not, as models are often tuned from OpenAI's.

    Raises:
        InputError: ``asked`` is neither ``auto``, ``quick`` nor ``exact``.
        ModelError: the configuration beside the file is damaged.
    """
    if asked not in get_args(GeluOption):
        raise InputError(f"unknown gelu {asked!r}: use {', '.join(get_args(GeluOption))}")
    if asked != "auto":
        return GeluChoice("quick_gelu" if asked == "quick" else "gelu", "asked for", True)
    config = _config(file)
    if config is not None:
        quick = bool(_table(config, "model_cfg", file).get("quick_gelu", False))
        return GeluChoice("quick_gelu" if quick else "gelu", f"by {CONFIG}", True)
    name = re.sub("[-_. ]", "", f"{file.absolute().parent.name}/{file.name}".lower())
    is_openai_size = (sizes.image.width, sizes.image.layers, sizes.patch) in _OPENAI_SIZES
    for family in _FAMILIES:
        fits = is_openai_size or not family.openai_sizes_only
        if fits and any(part in name for part in family.parts):
            return GeluChoice(family.gelu, family.reason, family.certain)
    if not is_openai_size:
        return GeluChoice("gelu", "OpenAI published no model of this size", True)
    return GeluChoice("gelu", "OpenCLIP's default, the file does not say", False)


def file_preprocessing(file: Path) -> Preprocessing:
    """Mean and standard deviation of ``open_clip_config.json`` beside the file, CLIP's if absent.

    Raises:
        ModelError: the file is damaged or its numbers make no sense.
    """
    config = _config(file) or {}
    facts = _table(config, "preprocess_cfg", file)
    return make_preprocessing(facts, "mean", "std", str(file.parent / CONFIG))


def _config(file: Path) -> dict[str, Any] | None:
    path = file.parent / CONFIG
    return read_json(path) if path.is_file() else None


def _table(config: dict[str, Any], key: str, file: Path) -> dict[str, Any]:
    value = config.get(key, {})
    if not isinstance(value, dict):
        raise ModelError(f"{file.parent / CONFIG}: {key} must be a table, is {value!r}")
    return value
