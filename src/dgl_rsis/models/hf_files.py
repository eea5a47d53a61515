"""Folders of Hugging Face CLIP checkpoints: finding them, what must be in them, what they say.

A hub id is always turned into the folder of a snapshot first, so that loading knows one kind of
place only, and a snapshot that is on disk is used without asking the network.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import yaml

from dgl_rsis.errors import MissingExtraError, ModelError

WHAT = "Hugging Face CLIP checkpoints"
EXTRA = "hf"
_SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_SMALL_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "README.md",
)
_TIMEOUT_S = 15.0
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ModelError: the file is missing or is no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"model folder {path.parent} has no {path.name}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds no JSON object")
    return value


def missing_file(folder: Path, *, tokenizer: bool = True) -> str | None:
    """The first file that a checkpoint folder lacks, in words; None if it is complete.

    Args:
        folder: the checkpoint folder.
        tokenizer: whether the model reads words.
    """
    if not (folder / "config.json").is_file():
        return "config.json"
    if not any((folder / name).is_file() for name in (*_SAFETENSORS, *_PICKLED)):
        return "model.safetensors (nor pytorch_model.bin)"
    words = ("vocab.json", "merges.txt")
    if tokenizer and not (folder / "tokenizer.json").is_file():
        for name in words:
            if not (folder / name).is_file():
                return f"tokenizer.json (nor {' and '.join(words)})"
    return None


def check_folder(folder: Path) -> dict[str, Any]:
    """Check that a folder holds a whole CLIP checkpoint.

    Returns:
        Its ``config.json``.

    Raises:
        ModelError: the folder or one of its files is missing, or it is another kind of model.
    """
    if not folder.is_dir():
        raise ModelError(f"model folder {folder} does not exist")
    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    if kind != "clip":
        raise ModelError(
            f"{folder / 'config.json'} describes model_type {kind!r}; only 'clip' "
            "(a checkpoint of CLIPModel) is supported"
        )
    missing = missing_file(folder)
    if missing is not None:
        raise ModelError(f"model folder {folder} has no {missing}")
    return config


def cached_snapshot(identifier: str, *, tokenizer: bool = True) -> Path | None:
    """The whole snapshot of a hub id on this disk; None if there is none.

    Args:
        identifier: ``ORG/NAME``.
        tokenizer: whether the model reads words.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: the id is malformed.
    """
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise MissingExtraError(WHAT, EXTRA) from error

    try:
        config = try_to_load_from_cache(identifier, "config.json")
    except HFValidationError:
        raise ModelError(f"{identifier!r} is not a hub id of the form ORG/NAME") from None
    folder = Path(config).parent if isinstance(config, str) else None
    if folder is None or missing_file(folder, tokenizer=tokenizer) is not None:
        return None
    return folder


def hub_folder(identifier: str, *, tokenizer: bool = True) -> Path:
    """Folder of a hub id's snapshot, downloaded if it is not on disk.

    Args:
        identifier: ``ORG/NAME``.
        tokenizer: whether the model reads words.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: it is not on disk and cannot be downloaded.
    """
    folder = cached_snapshot(identifier, tokenizer=tokenizer)
    if folder is not None:
        return folder
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    # its HTTP client's own base class: proxy errors of httpx are no OSError
    http_error: type[BaseException] = HfHubHTTPError.__bases__[0]

    try:
        # unlike listing the files, this asks once: without a network the answer comes at once
        info = HfApi().model_info(identifier, timeout=_TIMEOUT_S)
        names = {file.rfilename for file in info.siblings or ()}
        pickled = names.isdisjoint(_SAFETENSORS)  # one kind of weights is enough
        weights = "pytorch_model*.bin*" if pickled else "model*.safetensors*"
        return Path(snapshot_download(identifier, allow_patterns=[*_SMALL_FILES, weights]))
    except GatedRepoError:
        raise ModelError(
            f"the hub gives {identifier} to those who accepted its terms: accept them on "
            f"https://huggingface.co/{identifier}, run `hf auth login` and `hf download "
            f"{identifier}`, or give a checkpoint folder as dir:FOLDER"
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"the hub has no public model {identifier}; `dgl-rsis models list` shows known names"
        ) from None
    except (OSError, http_error) as error:
        place = Path(constants.HF_HUB_CACHE) / f"models--{identifier.replace('/', '--')}"
        raise ModelError(
            f"{identifier} is not in {place} and the hub cannot be reached "
            f"({type(error).__name__}); run `hf download {identifier}` where there is a network "
            "and copy that folder here, or give a checkpoint folder as dir:FOLDER"
        ) from None  # a page of sockets and proxies would hide the line that helps


def licence(folder: Path, page: str | None) -> str:
    """Licence named in the front matter of the model card in a folder.

    Args:
        folder: the checkpoint folder.
        page: address of the model's page, for when the card names none.
    """
    unknown = "unknown: see " + (page or "the model's page")
    card = folder / "README.md"
    if not card.is_file():
        return unknown
    match = _FRONT_MATTER.match(card.read_text(encoding="utf-8", errors="replace"))
    try:
        facts = yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        return unknown  # a sloppy card must not keep a good model from loading
    named = facts.get("license_name") or facts.get("license") if isinstance(facts, dict) else None
    if isinstance(named, list):
        return ", ".join(map(str, named)) or unknown
    return str(named) if named else unknown


def revision(folder: Path) -> str:
    """Commit of a hub snapshot, otherwise a short digest of the weights."""
    if folder.parent.name == "snapshots":
        return folder.name
    files = [
        path
        for pattern in ("model*.safetensors", "pytorch_model*.bin")
        for path in sorted(folder.glob(pattern))
    ]
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return f"sha256:{digest.hexdigest()[:12]}"
