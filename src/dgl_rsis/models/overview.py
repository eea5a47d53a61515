"""What is known about models without loading them, and what it takes to load them."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from dgl_rsis.errors import ModelError
from dgl_rsis.models import hf_files
from dgl_rsis.models.catalogue import (
    USES,
    Kind,
    ModelEntry,
    built_in_proposers,
    find_entry,
    folder_command,
    known_models,
    similar_names,
)
from dgl_rsis.models.checkpoints import FAMILIES
from dgl_rsis.models.registry import (
    RS_TINY,
    ModelName,
    existing_path,
    family_of,
    folder_of,
    local_file,
    page_of,
    parse_model_name,
)

State = Literal["ready", "on disk", "needs download", "needs extra"]

_EMBEDDED = ModelName("embedded", RS_TINY)
_NO_WORDS = ("affinity", "proposer")  # kinds whose checkpoints have no tokenizer, but for SAM 3


@dataclass(frozen=True)
class _Part:
    """Checkpoints that are no backbone: values of ``model_type``, and what they are for."""

    family: str
    kinds: tuple[str, ...]
    use: Kind
    tokenizer: bool = False


_PARTS = (
    *(
        _Part(
            name, tuple(each.classes), "affinity" if name == "dino" else "proposer", each.tokenizer
        )
        for name, each in FAMILIES.items()
    ),
    _Part("blip", ("blip",), "activation", tokenizer=True),
)


def list_models() -> tuple[ModelEntry, ...]:
    """The embedded model and models that are known to work, embedded first, then by kind."""
    folder = folder_of(_EMBEDDED)
    weights = folder / "model.safetensors"
    size = round(weights.stat().st_size / 1e6) if weights.is_file() else None
    facts: dict[str, Any] = {}
    if (folder / "config.json").is_file():
        facts = hf_files.read_json(folder / "config.json")
    tiny = ModelEntry(
        RS_TINY,
        "backbone",
        "small, for overhead imagery, no download",
        licence=str(facts.get("licence", "not installed")),
        size_mb=size,
        input_size=facts.get("input_size"),
        dim=facts.get("sizes", {}).get("dim"),
        embedded=True,
        extra=None,
    )
    return (tiny, *known_models())


def state_of(entry: ModelEntry) -> State:
    """What it takes to load a model.

    * ``ready``: nothing.
    * ``on disk``: the weights are here, the extra is missing.
    * ``needs download``: the extra is here, the weights are missing.
    * ``needs extra``: both are missing.
    """
    if entry.embedded:
        needs = (folder_of(_EMBEDDED) / "model.safetensors",) if entry.kind == "backbone" else ()
        return "ready" if all(path.is_file() for path in needs) else "needs download"
    if _place(entry) is not None:
        return _state_here()
    return "needs download" if _has_extra() else "needs extra"


def _state_here() -> State:
    """The state of a checkpoint of transformers that is on this disk."""
    return "ready" if _has_extra() else "on disk"


def _has_extra() -> bool:
    return all(map(importlib.util.find_spec, ("transformers", "huggingface_hub")))


def _megabytes(place: Path) -> float:
    """Size of a file, or of all files in a folder, in millions of bytes."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return round(sum(path.stat().st_size for path in files) / 1e6, 1)


def show_model(name: str) -> dict[str, Any]:
    """What is known about a model without loading it, in JSON types.

    Of an OpenCLIP file the tensors are looked at; they are all that it says of itself.

    Args:
        name: of a backbone, of any model of the catalogue, or of a proposer, whose default
            checkpoint is shown.

    Returns:
        Always ``name``, ``on_disk`` and ``folder``; ``kind``, ``state`` and ``use`` of what is
        known or on disk; the facts of ``list_models`` for those names; ``family``, ``licence``,
        ``revision``, ``dim``, ``input_size`` and ``size_on_disk_mb`` when on disk, else
        ``download``: what gets it, and ``download_to``: where that puts it.

    Raises:
        ModelError: no such model, its folder is incomplete, or its file cannot be used.
    """
    proposer = None if existing_path(name) is not None else _proposer_facts(name)
    if proposer is not None:
        return proposer
    parsed = parse_model_name(name)
    entry = _entry(parsed)
    facts: dict[str, Any] = {"name": str(parsed)}
    if entry is not None:
        facts = {**asdict(entry), **facts, "state": state_of(entry), "use": USES[entry.kind]}
    if page_of(parsed) is not None:
        facts["page"] = page_of(parsed)
    place = _named_place(parsed) or (None if entry is None else _place(entry))
    if place is None and entry is None and parsed.scheme == "openclip":
        raise ModelError(f"checkpoint {parsed.identifier} does not exist; check the path")
    if place is None:
        if entry is None:
            facts["state"] = "needs download" if _has_extra() else "needs extra"
            facts["similar"] = similar_names(parsed.identifier).removeprefix("; ")
        return {**facts, "on_disk": False, "folder": None, **_download(parsed, entry)}
    facts["size_on_disk_mb"] = _megabytes(place)
    if place.is_file():
        from dgl_rsis.models.openclip import file_facts

        here = {"on_disk": True, "folder": str(place.parent), "path": str(place)}
        what = {"family": "openclip", "kind": "backbone", "use": USES["backbone"]}
        revision = hf_files.file_revision(place)
        own = {"state": _state_here(), "revision": revision, **file_facts(place)}
        return {**facts, **here, **what, **own}
    if entry is not None and entry.kind != "backbone":
        here = {"revision": hf_files.revision(place), "on_disk": True, "folder": str(place)}
        return {**facts, **here}
    on_disk = _folder_facts(place, page_of(parsed))
    if entry is not None and str(on_disk["licence"]).startswith("unknown"):
        del on_disk["licence"]  # the catalogue knows more than the card
    return {**facts, **on_disk}


def _proposer_facts(name: str) -> dict[str, Any] | None:
    """What is known about a proposer, and about its default checkpoint if it has one."""
    own = {"proposer": name, "use": f"--proposer {name}"}
    for built_in in built_in_proposers():
        if built_in.name == name:
            here = {"state": state_of(built_in), "on_disk": True, "folder": None}
            return {**asdict(built_in), **own, **here}
    if name not in FAMILIES or not FAMILIES[name].default:
        return None
    checkpoints = [each.name for each in known_models() if each.series == name]
    return {**show_model(FAMILIES[name].default), **own, "checkpoints": checkpoints}


def _entry(name: ModelName) -> ModelEntry | None:
    if name.scheme == "embedded":
        return list_models()[0]
    return find_entry(str(name))


def _place(entry: ModelEntry) -> Path | None:
    """Where the weights of a known model are: a folder or a file; None if they are not here."""
    name = parse_model_name(entry.name)
    if not entry.is_openclip:
        tokenizer = entry.kind not in _NO_WORDS or "sam3" in entry.name
        return _named_place(name, tokenizer=tokenizer)
    path = local_file(name)
    if path is not None or entry.hub is None or entry.file is None:
        return path
    return hf_files.cached_file(entry.hub, entry.file) if _has_hub() else None


def _named_place(name: ModelName, *, tokenizer: bool = True) -> Path | None:
    if name.scheme == "openclip":
        return local_file(name)
    if name.scheme == "hf":
        if not _has_hub():
            return None
        return hf_files.cached_snapshot(name.identifier, tokenizer=tokenizer)
    return folder_of(name)


def _has_hub() -> bool:
    return importlib.util.find_spec("huggingface_hub") is not None


def _download(name: ModelName, entry: ModelEntry | None) -> dict[str, str | None]:
    command = folder_command(name.identifier) if entry is None else entry.download
    if name.scheme == "openclip" or not _has_hub():
        return {"download": command, "download_to": str(Path.cwd())}
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.identifier.replace('/', '--')}"
    return {"download": command, "download_to": str(folder)}


def _folder_facts(folder: Path, page: str | None) -> dict[str, Any]:
    config = hf_files.read_json(folder / "config.json")
    part = next((each for each in _PARTS if config.get("model_type") in each.kinds), None)
    if part is not None:
        hf_files.check_folder(folder, part.kinds, tokenizer=part.tokenizer)
        return {
            "on_disk": True,
            "folder": str(folder),
            "family": part.family,
            "kind": part.use,
            "state": _state_here(),
            "use": USES[part.use],
            "revision": hf_files.revision(folder),
            "licence": hf_files.licence(folder, page),
        }
    family = family_of(folder)
    facts: dict[str, Any] = {
        "on_disk": True,
        "folder": str(folder),
        "family": family,
        "kind": "backbone",
        "state": "ready" if family == RS_TINY else _state_here(),
        "use": USES["backbone"],
    }
    if family == RS_TINY:
        named = ("revision", "licence", "notice", "input_size", "logit_scale")
        sizes = config.get("sizes", {})
        return {**facts, **{key: config.get(key) for key in named}, "dim": sizes.get("dim")}
    stated = hf_files.stated(folder)
    return {
        **facts,
        "revision": hf_files.revision(folder),
        "licence": stated.licence or hf_files.licence(folder, page),
        "notice": stated.notice,
        **hf_files.image_facts(config),
    }
