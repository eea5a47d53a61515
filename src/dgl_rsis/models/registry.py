"""Names of backbones, and what is behind them (docs/design.md 1.6).

A name is ``rs-tiny``, ``hf:ORG/NAME`` or bare ``ORG/NAME``, ``dir:FOLDER`` or a bare existing
folder. A new family of backbones is one file, and one case in ``_family`` and ``load_backbone``.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from dgl_rsis.device import check_device_name, choose_device
from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.base import Backbone, BackboneOptions
from dgl_rsis.models.checkpoints import find_checkpoint

Scheme = Literal["embedded", "hf", "dir"]

RS_TINY = "rs-tiny"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_POSSIBLE = (
    f"use {RS_TINY}, hf:ORG/NAME (a CLIP on huggingface.co) or dir:FOLDER; "
    "`dgl-rsis models list` shows known names"
)


@dataclass(frozen=True)
class ModelName:
    """A model name taken apart.

    Attributes:
        scheme: where to look: in this package, on the hub, or in a folder.
        identifier: name of the embedded model, ``ORG/NAME``, or path of the folder.
    """

    scheme: Scheme
    identifier: str

    def __str__(self) -> str:
        return self.identifier if self.scheme == "embedded" else f"{self.scheme}:{self.identifier}"


@dataclass(frozen=True)
class ModelEntry:
    """A model that is known to work.

    Attributes:
        name: what to load it by.
        description: one line.
        licence: licence of the weights in a few words.
        size_mb: size of the weights in millions of bytes; None if not known.
        embedded: whether it travels inside this package.
        extra: the extra of this package that it needs, None if none.
    """

    name: str
    description: str
    licence: str
    size_mb: int | None
    embedded: bool = False
    extra: str | None = hf_files.EXTRA


_UNSTATED = "not stated on its page (OpenAI's code: MIT)"
_HUB_MODELS = (
    ModelEntry(
        "hf:openai/clip-vit-base-patch32", "CLIP ViT-B/32, coarse and quick", _UNSTATED, 605
    ),
    ModelEntry("hf:openai/clip-vit-base-patch16", "CLIP ViT-B/16, a good start", _UNSTATED, 599),
    ModelEntry(
        "hf:openai/clip-vit-large-patch14", "CLIP ViT-L/14, finer, slow on a CPU", _UNSTATED, 1711
    ),
    ModelEntry(
        "hf:laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "CLIP ViT-B/32 trained on LAION-2B", "mit", 605
    ),
    ModelEntry(
        "hf:flax-community/clip-rsicd-v2",
        "CLIP ViT-B/32 tuned on captions of aerial scenes (RSICD)",
        "not stated on its page",
        605,
    ),
)


def parse_model_name(name: str) -> ModelName:
    """Take a model name apart; existing folders win over hub ids of the same spelling.

    Raises:
        ModelError: it is no name of a kind that can be loaded.
    """
    if name == RS_TINY:
        return ModelName("embedded", name)
    scheme, colon, rest = name.partition(":")
    if colon and scheme == "dir" and rest:
        return ModelName("dir", rest)
    if colon and scheme == "hf" and _HUB_ID.fullmatch(rest):
        return ModelName("hf", rest)
    path = _existing(name)
    if path is not None and path.is_dir():
        return ModelName("dir", name)
    if path is not None:
        raise ModelError(f"model {name!r} is a file; give the folder of a checkpoint")
    if _HUB_ID.fullmatch(name):
        return ModelName("hf", name)
    raise ModelError(f"unknown model {name!r}: {_POSSIBLE}")


def load_backbone(
    name: str, device: str = "auto", options: BackboneOptions = BackboneOptions()
) -> Backbone:
    """Load a backbone by name.

    Names and folders are checked before torch is loaded, which takes seconds.

    Args:
        name: see ``parse_model_name``.
        device: see ``choose_device``.
        options: how a ViT reads images.

    Raises:
        InputError: the device is not there, or the options do not fit the backbone.
        MissingExtraError: an optional dependency is not installed.
        ModelError: no such model, or its folder is incomplete.
    """
    parsed = parse_model_name(name)
    check_device_name(device)
    folder = _folder(parsed)
    family = _family(folder)
    if family == RS_TINY:
        _refuse_vit_options(options)
        chosen, _ = choose_device(device)
        from dgl_rsis.models.tiny import RsTiny

        return RsTiny.from_folder(folder, chosen)
    affinity = _affinity_folder(options)
    chosen, _ = choose_device(device)
    from dgl_rsis.models.hf_clip import HfClip

    return HfClip.from_folder(
        folder,
        chosen,
        name=str(parsed),
        page=_page(parsed),
        options=options,
        affinity=affinity,
    )


def list_models() -> tuple[ModelEntry, ...]:
    """The embedded model and hub models that are known to work, embedded first."""
    folder = embedded_folder()
    weights = folder / "model.safetensors"
    size = round(weights.stat().st_size / 1e6) if weights.is_file() else None
    terms = "not installed"
    if (folder / "config.json").is_file():
        terms = str(hf_files.read_json(folder / "config.json").get("licence", "unknown"))
    tiny = ModelEntry(
        RS_TINY, "small, for overhead imagery, no download", terms, size, embedded=True, extra=None
    )
    return (tiny, *_HUB_MODELS)


def show_model(name: str) -> dict[str, Any]:
    """What is known about a model without loading its weights, in JSON types.

    Returns:
        Always ``name``, ``on_disk`` and ``folder``; the facts of ``list_models`` for those
        names; ``family``, ``licence``, ``revision``, ``dim`` and ``input_size`` when on disk.

    Raises:
        ModelError: no such model.
    """
    parsed = parse_model_name(name)
    known = {entry.name: asdict(entry) for entry in list_models()}.get(str(parsed), {})
    page = _page(parsed)
    if page is None:
        return {**known, "name": str(parsed), **_folder_facts(_folder(parsed), None)}
    facts: dict[str, Any] = {**known, "name": str(parsed), "page": page}
    installed = importlib.util.find_spec("huggingface_hub") is not None
    folder = hf_files.cached_snapshot(parsed.identifier) if installed else None
    if folder is None:
        hint = f"hf download {parsed.identifier}"
        return {**facts, "on_disk": False, "folder": None, "download": hint}
    on_disk = _folder_facts(folder, page)
    if known and on_disk["licence"].startswith("unknown"):
        del on_disk["licence"]  # the list knows more than the card
    return {**facts, **on_disk}


def embedded_folder() -> Path:
    """Folder of rs-tiny inside this package."""
    return Path(str(resources.files("dgl_rsis").joinpath("weights", RS_TINY)))


def _page(name: ModelName) -> str | None:
    """Address of a model's page on the hub, None for what is not from there."""
    return f"https://huggingface.co/{name.identifier}" if name.scheme == "hf" else None


def _folder(name: ModelName) -> Path:
    """The folder of a model; one of the hub is downloaded if it is not on disk."""
    if name.scheme == "embedded":
        return embedded_folder()
    if name.scheme == "hf":
        return hf_files.hub_folder(name.identifier)
    folder = _existing(name.identifier)
    if folder is None:
        raise ModelError(f"model folder {name.identifier} does not exist")
    if not folder.is_dir():
        raise ModelError(f"model folder {folder} is a file, no folder")
    return folder


def _refuse_vit_options(options: BackboneOptions) -> None:
    """Refuse what names a part of a ViT for a backbone that is none."""
    for option in ("dense", "affinity"):
        value = getattr(options, option)
        if value is not None:
            raise InputError(
                f"backbone.{option}={value}: {RS_TINY} is no ViT and has dense features of its "
                "own; leave the option out or load a CLIP"
            )


def _affinity_folder(options: BackboneOptions) -> Path | None:
    """The folder of the checkpoint that tells which patches belong together, None if none.

    Raises:
        InputError: it is asked for without the dense attention that uses it, or the reverse.
        ModelError: no such model, or its folder is incomplete.
    """
    if (options.dense == "proxyclip") != (options.affinity is not None):
        raise InputError(
            "backbone.dense=proxyclip and backbone.affinity go together, e.g. "
            "backbone.affinity=facebook/dinov2-base"
        )
    return None if options.affinity is None else find_checkpoint("dino", options.affinity)


def _existing(name: str) -> Path | None:
    """The file or folder of a path that may start with ``~``, None if there is none."""
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None  # no path at all: a null character, an unknown user, far too long


def _family(folder: Path) -> str:
    """The kind of backbone in a folder: ``rs-tiny``, or one of ``hf_files.IMAGE_TEXT``.

    Raises:
        ModelError: it holds none of them, or lacks a file.
    """
    if hf_files.read_json(folder / "config.json").get("family") == RS_TINY:
        return RS_TINY
    return str(hf_files.check_folder(folder)["model_type"])


def _folder_facts(folder: Path, page: str | None) -> dict[str, Any]:
    family = _family(folder)
    config = hf_files.read_json(folder / "config.json")
    facts: dict[str, Any] = {"on_disk": True, "folder": str(folder), "family": family}
    if family == RS_TINY:
        named = ("revision", "licence", "notice", "input_size", "logit_scale")
        sizes = config.get("sizes", {})
        return {**facts, **{key: config.get(key) for key in named}, "dim": sizes.get("dim")}
    return {
        **facts,
        "revision": hf_files.revision(folder),
        "licence": hf_files.licence(folder, page),
        **hf_files.image_facts(config),
    }
