"""Checkpoints that proposers work with: which one by default, where it lies, how it is loaded.

A checkpoint is named like a backbone: ``hf:ORG/NAME`` or bare ``ORG/NAME``, ``dir:FOLDER`` or a
bare existing folder. Folders are as transformers saves them and the hub lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dgl_rsis.errors import ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.catalogue import check_kind
from dgl_rsis.models.hf_loading import load_network

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
        check_kind(parsed.identifier, "affinity" if family == "dino" else "proposer")
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
    name = FAMILIES[family].classes[_kind(folder, family)]
    # DINO's files come with and without the pooling layer, which nobody needs here
    options = {"add_pooling_layer": False} if name == "ViTModel" else {}
    return load_network(folder, name, WHAT, **options)


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
