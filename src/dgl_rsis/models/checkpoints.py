"""Checkpoints that proposers work with: which one by default, where it lies, how it is loaded.

A checkpoint is named like a backbone: ``hf:ORG/NAME`` or bare ``ORG/NAME``, ``dir:FOLDER`` or a
bare existing folder. Folders are as transformers saves them and the hub lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgl_rsis.errors import MissingExtraError, ModelError
from dgl_rsis.models import hf_files

WHAT = "SAM and DINO checkpoints"


@dataclass(frozen=True)
class Family:
    """A family of checkpoints.

    Attributes:
        classes: name of transformers' class by the ``model_type`` of ``config.json``.
        default: hub id that is taken where the user names none; empty if there is none.
        tokenizer: whether it reads words.
    """

    classes: dict[str, str]
    default: str = ""
    tokenizer: bool = False


# The hub's SAM 2 and SAM 3 are those for video, whose image part is the same model.
FAMILIES = {
    "sam": Family({"sam": "SamModel"}, "facebook/sam-vit-base"),
    "sam2": Family({"sam2": "Sam2Model", "sam2_video": "Sam2Model"}, "facebook/sam2.1-hiera-small"),
    "samhq": Family({"sam_hq": "SamHQModel"}, "syscv-community/sam-hq-vit-base"),
    "sam3": Family(
        {"sam3": "Sam3Model", "sam3_video": "Sam3Model"}, "facebook/sam3", tokenizer=True
    ),
    "dino": Family(
        {
            "dinov2": "Dinov2Model",
            "dinov2_with_registers": "Dinov2WithRegistersModel",
            "dinov3_vit": "DINOv3ViTModel",
            "vit": "ViTModel",
        }
    ),
}


def find_checkpoint(family: str, name: str | None = None) -> Path:
    """Folder of a checkpoint, checked; one of the hub is downloaded if it is not on disk.

    Args:
        family: a key of ``FAMILIES``.
        name: of the checkpoint; None takes the family's default.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: there is no such checkpoint, a file is missing, or it is of another family.
    """
    from dgl_rsis.models.registry import parse_model_name

    facts = FAMILIES[family]
    parsed = parse_model_name(name or facts.default)
    if parsed.scheme == "hf":
        folder = hf_files.hub_folder(parsed.identifier, tokenizer=facts.tokenizer)
    elif parsed.scheme == "dir":
        folder = Path(parsed.identifier).expanduser()
    else:
        raise ModelError(
            f"{name} is no checkpoint of {family}; give hf:ORG/NAME or dir:FOLDER"
            + (f", e.g. {facts.default}" if facts.default else "")
        )
    if not folder.is_dir():
        raise ModelError(f"model folder {folder} does not exist")
    _kind(folder, family)
    missing = hf_files.missing_file(folder, tokenizer=facts.tokenizer)
    if missing is not None:
        raise ModelError(f"model folder {folder} has no {missing}")
    return folder


def load_checkpoint(folder: Path, family: str) -> Any:
    """The network of a checked folder in single precision, without touching the network.

    Raises:
        MissingExtraError: transformers is not installed.
        ModelError: the weights cannot be read, or do not fit the configuration.
    """
    try:
        import transformers
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtraError(WHAT, hf_files.EXTRA) from error
    import torch
    from safetensors import SafetensorError

    kind = getattr(transformers, FAMILIES[family].classes[_kind(folder, family)])
    logging: Any = transformers_logging  # its functions have no types
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # one line a tensor: noise in a command's output
    logging.set_verbosity_error()  # that a video model becomes its image part is on purpose
    try:
        model, report = kind.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"cannot load model folder {folder}: {lines[0]}") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"the weights in {folder} lack {len(missing)} tensors of its config.json, "
            f"first {missing[0]}; the checkpoint is incomplete or of another kind"
        )
    return model.eval().requires_grad_(False)


def _kind(folder: Path, family: str) -> str:
    """``model_type`` of a folder, which must be of the family."""
    kind = str(hf_files.read_json(folder / "config.json").get("model_type"))
    expected = FAMILIES[family].classes
    if kind not in expected:
        others = [name for name, facts in FAMILIES.items() if kind in facts.classes]
        hint = f"; that is one of {others[0]}" if others else ""
        raise ModelError(
            f"{folder / 'config.json'} describes model_type {kind!r}, {family} needs "
            f"{' or '.join(expected)}{hint}"
        )
    return kind
