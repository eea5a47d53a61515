"""Folders of Hugging Face checkpoints: finding them, what must be in them, what they say.

A hub id is always turned into the folder of a snapshot first, so that loading knows one kind of
place only, and a snapshot that is on disk is used without asking the network.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dgl_rsis.errors import MissingExtraError, ModelError
from dgl_rsis.models import catalogue

WHAT = "Hugging Face CLIP checkpoints"
EXTRA = catalogue.EXTRA
IMAGE_TEXT = ("clip", "metaclip_2", "siglip", "siglip2")
"""``model_type`` of the image-text models with a ViT that can be loaded."""
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
    "vocab.txt",
    "merges.txt",
    "spiece.model",
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
    weights = _missing_weights(folder)
    if weights is not None:
        return weights
    alternatives = ("vocab.json", "merges.txt")
    alone = ("tokenizer.json", "spiece.model", "vocab.txt")
    if tokenizer and not any((folder / name).is_file() for name in alone):
        for name in alternatives:
            if not (folder / name).is_file():
                return f"tokenizer.json (nor {' and '.join(alternatives)}, nor spiece.model)"
    return None


def _missing_weights(folder: Path) -> str | None:
    """The first file of the weights that a folder lacks, which may lie in parts with an index."""
    for whole, index in (_SAFETENSORS, _PICKLED):
        if (folder / whole).is_file():
            return None
        if (folder / index).is_file():
            try:
                parts = sorted(set(read_json(folder / index)["weight_map"].values()))
                return next((part for part in parts if not (folder / part).is_file()), None)
            except (ModelError, KeyError, AttributeError, TypeError):
                return f"{index} that names the parts of the weights"
    return "model.safetensors (nor pytorch_model.bin)"


def check_folder(
    folder: Path, kinds: Sequence[str] = IMAGE_TEXT, *, tokenizer: bool = True, remedy: str = ""
) -> dict[str, Any]:
    """Check that a folder holds a whole checkpoint.

    Args:
        folder: the checkpoint folder.
        kinds: values of ``model_type`` that will do.
        tokenizer: whether the model reads words.
        remedy: end of the line of an error.

    Returns:
        Its ``config.json``.

    Raises:
        ModelError: the folder or one of its files is missing, or it is another kind of model.
    """
    if not folder.is_dir():
        raise ModelError(f"model folder {folder} does not exist{remedy}")
    missing = missing_file(folder, tokenizer=tokenizer)
    if missing == "config.json":
        raise ModelError(f"model folder {folder} has no config.json{remedy}")
    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in kinds:
        named = " or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
        raise ModelError(
            f"{folder / 'config.json'} describes model_type {kind!r}; give a checkpoint of {named}"
        )
    if missing is not None:
        raise ModelError(f"model folder {folder} has no {missing}{remedy}")
    return config


@dataclass(frozen=True)
class Stated:
    """What a checkpoint says about itself in the object ``dgl_rsis`` of its ``config.json``.

    Attributes:
        dense_logit_scale: inverse temperature for cosines of dense features; None if not stated.
        region_logit_scale: the same for mask-guided features.
        notice: one line that users should see once, empty if there is none.
        licence: licence of the weights in a few words; None if not stated.
    """

    dense_logit_scale: float | None = None
    region_logit_scale: float | None = None
    notice: str = ""
    licence: str | None = None


def stated(folder: Path) -> Stated:
    """What the checkpoint in a folder says about itself.

    Raises:
        ModelError: ``config.json`` cannot be read, or what it says has another form.
    """
    path = folder / "config.json"
    facts = read_json(path).get("dgl_rsis", {})
    if not isinstance(facts, dict):
        raise ModelError(f"{path}: dgl_rsis must be an object, is {facts!r}")
    scales, words = ("dense_logit_scale", "region_logit_scale"), ("notice", "licence")
    for key, value in facts.items():
        if key not in (*scales, *words):
            raise ModelError(
                f"{path}: dgl_rsis has no key {key!r}; use {', '.join((*scales, *words))}"
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key in scales and not (number and 0 < value < math.inf):
            raise ModelError(f"{path}: dgl_rsis.{key} must be a positive number, is {value!r}")
        if key in words and not isinstance(value, str):
            raise ModelError(f"{path}: dgl_rsis.{key} must be text, is {value!r}")
    return Stated(**facts)


def image_facts(config: dict[str, Any]) -> dict[str, int]:
    """``input_size``, ``patch`` and ``dim`` by a config of ``IMAGE_TEXT``.

    ``config.json`` leaves out what has transformers' default, so the defaults are repeated here.
    """
    vision = config.get("vision_config") or {}
    if config["model_type"] in ("clip", "metaclip_2"):
        return {
            "input_size": vision.get("image_size", 224),
            "patch": vision.get("patch_size", 32),
            "dim": config.get("projection_dim", 512),
        }
    patch = vision.get("patch_size", 16)
    side = patch * math.isqrt(vision.get("num_patches", 256))  # siglip2: a number of patches
    return {
        "input_size": side if config["model_type"] == "siglip2" else vision.get("image_size", 224),
        "patch": patch,
        "dim": vision.get("hidden_size", 768),
    }


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
    from huggingface_hub import HfApi, snapshot_download

    entry = catalogue.find_entry(f"hf:{identifier}")
    gated = entry is not None and entry.gated
    command = catalogue.folder_command(identifier, gated=gated)
    otherwise = "give a checkpoint folder as dir:FOLDER"
    with _hub(identifier, command, otherwise, gated=gated):
        # unlike listing the files, this asks once: without a network the answer comes at once
        info = HfApi().model_info(identifier, timeout=_TIMEOUT_S)
        names = {file.rfilename for file in info.siblings or ()}
        pickled = names.isdisjoint(_SAFETENSORS)  # one kind of weights is enough
        weights = "pytorch_model*.bin*" if pickled else "model*.safetensors*"
        return Path(snapshot_download(identifier, allow_patterns=[*_SMALL_FILES, weights]))


def cached_file(identifier: str, name: str) -> Path | None:
    """One file of a hub id on this disk; None if there is none.

    Raises:
        MissingExtraError: the hub's library is not installed.
    """
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError as error:
        raise MissingExtraError(WHAT, EXTRA) from error

    found = try_to_load_from_cache(identifier, name)
    return Path(found) if isinstance(found, str) else None


def hub_file(identifier: str, name: str, command: str) -> Path:
    """One file of a hub id, downloaded if it is not on disk.

    Args:
        identifier: ``ORG/NAME``.
        name: path of the file in it.
        command: what downloads it elsewhere, for errors.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: it is not on disk and cannot be downloaded.
    """
    found = cached_file(identifier, name)
    if found is not None:
        return found
    from huggingface_hub import HfApi, hf_hub_download

    with _hub(identifier, command, "give the path of the file as openclip:FILE"):
        HfApi().model_info(identifier, timeout=_TIMEOUT_S)  # fails at once without a network
        return Path(hf_hub_download(identifier, name))


@contextmanager
def _hub(identifier: str, command: str, otherwise: str, *, gated: bool = False) -> Iterator[None]:
    """Errors of a download as one line that says what to run where, and what to do otherwise."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    # its HTTP client's own base class: proxy errors of httpx are no OSError
    page, login = f"https://huggingface.co/{identifier}", "hf auth login && "
    place = Path(constants.HF_HUB_CACHE) / f"models--{identifier.replace('/', '--')}"
    known = catalogue.is_known(identifier)
    similar = "" if known else catalogue.similar_names(identifier)
    terms = f"accept its terms on {page}, " if gated else ""
    http_error: type[BaseException] = HfHubHTTPError.__bases__[0]
    try:
        yield
    except GatedRepoError:
        raise ModelError(
            f"{identifier} is not in {place} and the hub gives it to those who accepted its terms: "
            f"accept them on {page}, run `{login}{command.removeprefix(login)}`, or {otherwise}"
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"{identifier} is not in {place} and the hub has no public model of that name{similar}; "
            "`dgl-rsis models list` shows known names"
        ) from None
    except (OSError, http_error) as error:
        raise ModelError(
            f"{identifier} is not in {place} and the hub cannot be reached "
            f"({type(error).__name__}); {terms}run `{command}` where there is a network "
            f"and copy what it brings here, or {otherwise}{similar}"
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
    return _digest(files)


def file_revision(file: Path) -> str:
    """Commit of a hub snapshot that a single checkpoint file lies in, otherwise its short digest."""
    if file.parent.parent.name == "snapshots":
        return file.parent.name
    return _digest([file])


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return f"sha256:{digest.hexdigest()[:12]}"
