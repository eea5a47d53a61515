"""What an OpenCLIP checkpoint does not hold: its nonlinearity and how it wants its pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from PIL import Image

from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models.convert import VOCABULARY, Architecture, Gelu
from dgl_rsis.models.hf_files import read_json
from dgl_rsis.models.preprocess import Preprocessing, make_preprocessing

GeluOption = Literal["auto", "quick", "exact"]

CONFIG = "open_clip_config.json"

_OPENAI_SIZES = {(768, 12, 32), (768, 12, 16), (1024, 24, 14)}
"""Width, layers and patch of the vision transformers that OpenAI published."""


_FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "random": Image.Resampling.BICUBIC,  # varied in training only
}
_RESIZE_MODES = ("shortest", "longest", "squash")

# Options of the configuration that do not change what is computed at inference, or that matter only
# with another one which is refused.
_HARMLESS = (
    "mlp_ratio",  # the weights tell
    "patch_dropout",
    "output_tokens",
    "attn_pooler_queries",
    "attn_pooler_heads",
    "timm_pool",
    "timm_proj",
    "hf_pooler_type",
    "hf_proj_type",
    "pad_id",
    "eos_id",
    "correct_cls_mask",
)
_PLAIN = {
    "vision_cfg": {"pool_type": "tok", "pos_embed_type": "learnable"},
    "text_cfg": {"pool_type": "argmax", "proj_type": "linear"},
}
"""Options of a plain CLIP by their value; all others are off."""
_OFF: tuple[object, ...] = (None, False, "", {})


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
        quick = _table(config, "model_cfg", file).get("quick_gelu", False)
        if not isinstance(quick, bool):
            raise ModelError(
                f"{file.parent / CONFIG}: quick_gelu must be true or false, is {quick!r}"
            )
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


def check_config(file: Path, sizes: Architecture) -> None:
    """Refuse an ``open_clip_config.json`` beside the file that describes more than a plain CLIP.

    Args:
        file: the checkpoint.
        sizes: that were read from its weights.

    Raises:
        ModelError: an option changes the architecture, or a size is not that of the weights.
    """
    where = file.parent / CONFIG
    model = _table(_config(file) or {}, "model_cfg", file)
    if "multimodal_cfg" in model:
        raise ModelError(f"{where} describes a CoCa; only CLIP can be loaded")
    of_weights: dict[str, dict[str, Any]] = {
        "vision_cfg": {
            "image_size": sizes.image_size,
            "patch_size": sizes.patch,
            "width": sizes.image.width,
            "layers": sizes.image.layers,
            "head_width": sizes.image.width // sizes.image.heads,
        },
        "text_cfg": {
            "context_length": sizes.context,
            "vocab_size": VOCABULARY,
            "width": sizes.text.width,
            "layers": sizes.text.layers,
            "heads": sizes.text.heads,
        },
    }
    for tower, expected in of_weights.items():
        for key, value in _table(model, tower, file).items():
            if key in expected and value not in (expected[key], [expected[key]] * 2):
                raise ModelError(
                    f"{where}: {tower}.{key} is {value!r}, the weights have {expected[key]}"
                )
            if key not in (*expected, *_HARMLESS) and value not in (*_OFF, _PLAIN[tower].get(key)):
                raise ModelError(
                    f"{where}: {tower}.{key} is {value!r}; that is another architecture than CLIP's, "
                    "which cannot be loaded from a file"
                )


def file_preprocessing(file: Path) -> Preprocessing:
    """What ``open_clip_config.json`` beside the file says of pixels, as CLIP's if absent.

    Whole images are squeezed to a square whatever ``resize_mode`` says, as for every backbone.

    Raises:
        ModelError: the file is damaged, its numbers make no sense, or a name is unknown.
    """
    config = _config(file) or {}
    facts = _table(config, "preprocess_cfg", file)
    where = str(file.parent / CONFIG)
    made = make_preprocessing(facts, "mean", "std", where)
    for key, known in (("interpolation", _FILTERS), ("resize_mode", _RESIZE_MODES)):
        value = facts.get(key, next(iter(known)))
        if value not in list(known):
            raise ModelError(f"{where}: {key} must be {' or '.join(known)}, is {value!r}")
    return replace(made, resample=_FILTERS[facts.get("interpolation", "bicubic")])


def _config(file: Path) -> dict[str, Any] | None:
    path = file.parent / CONFIG
    return read_json(path) if path.is_file() else None


def _table(config: dict[str, Any], key: str, file: Path) -> dict[str, Any]:
    value = config.get(key, {})
    if not isinstance(value, dict):
        raise ModelError(f"{file.parent / CONFIG}: {key} must be a table, is {value!r}")
    return value
