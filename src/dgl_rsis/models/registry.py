"""Names of backbones, and loading what is behind them (docs/design.md 1.6).

A name is ``rs-tiny``, ``hf:ORG/NAME`` or bare ``ORG/NAME``, ``openclip:FILE`` or a bare existing
checkpoint file, ``dir:FOLDER`` or a bare existing folder. A new family of backbones is one file, and
one case in ``family_of`` and ``_loader``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Literal

from dgl_rsis.device import (
    check_device_name,
    check_precision_name,
    choose_device,
    choose_precision,
)
from dgl_rsis.errors import InputError, ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.base import Backbone, BackboneOptions
from dgl_rsis.models.catalogue import check_kind, file_command, find_entry, similar_names
from dgl_rsis.models.checkpoints import find_checkpoint

Scheme = Literal["embedded", "hf", "openclip", "dir"]

RS_TINY = "rs-tiny"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_CHECKPOINTS = (".pt", ".pth", ".bin", ".safetensors")
_POSSIBLE = (
    f"use {RS_TINY}, hf:ORG/NAME (a CLIP or SigLIP on huggingface.co), openclip:FILE or dir:FOLDER; "
    "`dgl-rsis models list` shows known names"
)


@dataclass(frozen=True)
class ModelName:
    """A model name taken apart.

    Attributes:
        scheme: where to look: in this package, on the hub, in a file, or in a folder.
        identifier: name of the embedded model, ``ORG/NAME``, or path of the file or folder.
    """

    scheme: Scheme
    identifier: str

    def __str__(self) -> str:
        return self.identifier if self.scheme == "embedded" else f"{self.scheme}:{self.identifier}"


def parse_model_name(name: str) -> ModelName:
    """Take a model name apart; existing files and folders win over hub ids of the same spelling.

    Raises:
        ModelError: it is no name of a kind that can be loaded.
    """
    if name == RS_TINY:
        return ModelName("embedded", name)
    scheme, colon, rest = name.partition(":")
    if colon and scheme == "dir" and rest:
        return ModelName("dir", rest)
    if colon and scheme == "openclip" and rest:
        return ModelName("openclip", rest)
    if colon and scheme == "hf" and _HUB_ID.fullmatch(rest):
        return ModelName("hf", rest)
    path = existing_path(name)
    if path is not None and path.is_dir():
        return ModelName("dir", name)
    if path is not None:
        part_of_folder = path.stem in ("model", "pytorch_model")
        if path.suffix not in _CHECKPOINTS or part_of_folder:
            raise ModelError(
                f"model {name!r} is a file; give the folder of a checkpoint, or a file of OpenCLIP "
                f"({', '.join(_CHECKPOINTS)})"
            )
        return ModelName("openclip", name)
    if Path(name).suffix in _CHECKPOINTS:  # not there: what loads it says where it is to be had
        return ModelName("openclip", name)
    if _HUB_ID.fullmatch(name):
        return ModelName("hf", name)
    raise ModelError(f"unknown model {name!r}{similar_names(name)}; {_POSSIBLE}")


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
    check_precision_name(options.precision)
    load = _loader(parsed, options)
    chosen, _ = choose_device(device)
    precision, _ = choose_precision(options.precision, chosen)
    backbone = load(chosen)
    if options.compile or precision != "float32":
        from dgl_rsis.models.precision import HalfPrecision, compile_blocks

        if options.compile:
            compile_blocks(backbone, chosen)
        if precision != "float32":
            return HalfPrecision(backbone, chosen, precision)
    return backbone


def embedded_folder() -> Path:
    """Folder of rs-tiny inside this package."""
    return Path(str(resources.files("dgl_rsis").joinpath("weights", RS_TINY)))


def page_of(name: ModelName) -> str | None:
    """Address of a model's page on the hub, None for what is not from there."""
    return f"https://huggingface.co/{name.identifier}" if name.scheme == "hf" else None


def folder_of(name: ModelName) -> Path:
    """The folder of a model; one of the hub is downloaded if it is not on disk.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: there is none, or it cannot be downloaded.
    """
    if name.scheme == "embedded":
        return embedded_folder()
    if name.scheme == "hf":
        return hf_files.hub_folder(name.identifier)
    folder = existing_path(name.identifier)
    if folder is None:
        raise ModelError(f"model folder {name.identifier} does not exist")
    if not folder.is_dir():
        raise ModelError(f"model folder {folder} is a file, no folder")
    return folder


def file_of(name: ModelName) -> Path:
    """The checkpoint file of an ``openclip`` name.

    A file of the catalogue that is not there is taken from the hub's cache, or downloaded.

    Raises:
        MissingExtraError: the hub's library is not installed.
        ModelError: there is none, or it cannot be downloaded.
    """
    path = local_file(name)
    if path is not None and path.is_dir():
        raise ModelError(f"openclip:{name.identifier} is a folder; give dir:{name.identifier}")
    if path is not None:
        return path
    known = find_entry(str(name))
    if known is None:
        raise ModelError(f"checkpoint {name.identifier} does not exist; check the path")
    if known.hub is None or known.file is None:
        raise ModelError(f"checkpoint {name.identifier} does not exist; {known.download}")
    return hf_files.hub_file(known.hub, known.file, file_command(known.hub, known.file))


def local_file(name: ModelName) -> Path | None:
    """The checkpoint file of an ``openclip`` name outside the hub's cache, None if there is none.

    It is at the path, or where the catalogue's command puts it when it is run in that folder.
    """
    path, known = existing_path(name.identifier), find_entry(str(name))
    if path is not None or known is None or known.file is None:
        return path
    return existing_path(str(Path(name.identifier).parent / known.file))


def existing_path(name: str) -> Path | None:
    """The file or folder of a path that may start with ``~``, None if there is none."""
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None  # no path at all: a null character, an unknown user, far too long


def family_of(folder: Path) -> str:
    """The kind of backbone in a folder: ``rs-tiny``, or one of ``hf_files.IMAGE_TEXT``.

    Raises:
        ModelError: it holds none of them, or lacks a file.
    """
    if hf_files.read_json(folder / "config.json").get("family") == RS_TINY:
        return RS_TINY
    return str(hf_files.check_folder(folder)["model_type"])


def _loader(name: ModelName, options: BackboneOptions) -> Callable[[str], Backbone]:
    """Find the files of a model; what comes back loads them on a device.

    Raises:
        InputError: the options do not fit the backbone.
        MissingExtraError: an optional dependency is not installed.
        ModelError: no such model, or its folder is incomplete.
    """
    if options.gelu != "auto" and name.scheme != "openclip":
        raise InputError(
            f"backbone.gelu={options.gelu} is for OpenCLIP files; {name} says itself what it has"
        )
    if name.scheme == "hf":
        check_kind(name.identifier, "backbone")
    if name.scheme == "openclip":
        return partial(_load_openclip, file_of(name), name, options, _affinity_folder(options))
    folder = folder_of(name)
    if family_of(folder) == RS_TINY:
        _refuse_vit_options(options)
        return partial(_load_tiny, folder)
    return partial(_load_folder, folder, name, options, _affinity_folder(options))


def _load_tiny(folder: Path, device: str) -> Backbone:
    from dgl_rsis.models.tiny import RsTiny

    return RsTiny.from_folder(folder, device)


def _load_folder(
    folder: Path, name: ModelName, options: BackboneOptions, affinity: Path | None, device: str
) -> Backbone:
    from dgl_rsis.models.hf_clip import HfClip

    return HfClip.from_folder(
        folder, device, name=str(name), page=page_of(name), options=options, affinity=affinity
    )


def _load_openclip(
    file: Path, name: ModelName, options: BackboneOptions, affinity: Path | None, device: str
) -> Backbone:
    from dgl_rsis.models.openclip import OpenClip

    known = find_entry(str(name))
    return OpenClip.from_file(
        file,
        device,
        name=str(name),
        page=None if known is None else known.page,
        licence=None if known is None else known.licence,
        options=options,
        affinity=affinity,
    )


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
