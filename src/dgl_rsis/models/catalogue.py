"""Models that are known to work, with what is known of them (``catalogue.yaml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import yaml

from dgl_rsis.errors import ModelError, did_you_mean

EXTRA = "hf"  # of this package, that checkpoints of others need
Kind = Literal["backbone", "affinity", "activation", "proposer"]
KINDS: tuple[Kind, ...] = get_args(Kind)
USES = {
    "backbone": "image-text models: --model NAME",
    "affinity": "self-supervised models, tell which patches belong together: "
    "--set backbone.dense=proxyclip --set backbone.affinity=NAME",
    "activation": "image-text matching, tells where words look: "
    "--set activation.provider=cross_attention --set activation.checkpoint=NAME",
    "proposer": "where masks come from: --proposer NAME, or of a network --proposer sam, sam2, samhq "
    "or sam3 --set proposals.checkpoint=NAME",
}
"""What a model of each kind is for, and the option that takes its name."""
_ROLES = {
    "backbone": "an image-text model: --model {}",
    "affinity": "a self-supervised model, it knows no words: --set backbone.dense=proxyclip "
    "--set backbone.affinity={}, or --proposer maskcut --set proposals.checkpoint={}",
    "activation": "an image-text matching model: --set activation.provider=cross_attention "
    "--set activation.checkpoint={}",
    "proposer": "a segmenter: --proposer sam, sam2, samhq or sam3 --set proposals.checkpoint={}",
}
LEAST_LETTERS = 3  # of a word that is looked for in names
NAMED = 3  # names that hold a word and are told
_FAMILY = re.compile(r"[^/]+/[A-Za-z]+")  # facebook/dinov of facebook/dinov2-base

_RENAMED = {"size": "size_mb", "input": "input_size"}


@dataclass(frozen=True)
class ModelEntry:
    """A model that is known to work.

    Attributes:
        name: what to load it by.
        kind: what it is for.
        description: one line.
        licence: licence of the weights in a few words; None if not known.
        size_mb: size of the weights in millions of bytes; None if not known.
        input_size: side in pixels of the square input; None if not known.
        dim: dimensions of the joint space, or of the features; None if not known.
        paper: authors, year and title; empty if there is none.
        series: key of the paper, the same for all checkpoints of one make; of segmenters the name
            of the proposer that works with them.
        page: address of its page; None if it travels in this package.
        hub: id of the hub's repository of an OpenCLIP file, else None.
        file: path of the OpenCLIP file in that repository, else None.
        gated: whether the hub wants its terms to be accepted first.
        embedded: whether it travels inside this package.
        extra: the extra of this package that it needs, None if none.
    """

    name: str
    kind: Kind
    description: str
    licence: str | None = None
    size_mb: int | None = None
    input_size: int | None = None
    dim: int | None = None
    paper: str = ""
    series: str = ""
    page: str | None = None
    hub: str | None = None
    file: str | None = None
    gated: bool = False
    embedded: bool = False
    extra: str | None = EXTRA

    @property
    def is_openclip(self) -> bool:
        """Whether it is a checkpoint file of OpenCLIP."""
        return self.name.startswith("openclip:")

    @property
    def tail(self) -> tuple[str, ...]:
        """By which parts at the end of a path its OpenCLIP file is known, the last one its name.

        The file's name alone, unless the folder above tells which model it is.
        """
        path = self.name.partition(":")[2] if self.file is None else self.file.rpartition("/")[2]
        return tuple(path.split("/"))

    @property
    def download(self) -> str | None:
        """What gets the weights, a command unless only a page tells; None if there is no need."""
        if self.embedded:
            return None
        if self.hub is not None and self.file is not None:
            return file_command(self.hub, self.file)
        if self.is_openclip:
            return (
                f"this package knows no direct link to it: take it from the links on {self.page} "
                f"and unpack it so that this folder has {self.name.partition(':')[2]}"
            )
        return folder_command(self.name.partition(":")[2], gated=self.gated)


def folder_command(identifier: str, *, gated: bool = False) -> str:
    """The command that downloads a checkpoint folder of the hub into its cache."""
    return f"{'hf auth login && ' if gated else ''}hf download {identifier}"


def file_command(hub: str, file: str) -> str:
    """The command that downloads one file of the hub into the current folder."""
    return f"hf download {hub} {file} --local-dir ."


@cache
def _content() -> dict[str, Any]:
    text = resources.files("dgl_rsis.models").joinpath("catalogue.yaml").read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


@cache
def known_models() -> tuple[ModelEntry, ...]:
    """All checkpoints of the catalogue, by kind."""
    papers = _content()["papers"]
    return tuple(_entry(kind, facts, papers) for kind in KINDS for facts in _content()[kind])


@cache
def built_in_proposers() -> tuple[ModelEntry, ...]:
    """Proposers that need no checkpoint of their own."""
    own: dict[str, Any] = {"licence": "that of this package", "embedded": True, "extra": None}
    return tuple(ModelEntry(kind="proposer", **facts, **own) for facts in _content()["built_in"])


def similar_names(name: str) -> str:
    """End of a line about a name that nobody knows: known names that hold it, or are spelled so.

    Returns:
        *; names with 'clip': openai/clip-vit-base-patch32, …*, empty where none is similar.
    """
    word = name.removeprefix("hf:").lower()
    proposers = (
        *built_in_proposers(),
        *(entry for entry in known_models() if entry.kind == "proposer"),
    )
    known = [
        "rs-tiny",
        *(entry.name.removeprefix("hf:") for entry in known_models()),
        *dict.fromkeys(entry.series or entry.name for entry in proposers),
    ]
    found = [each for each in known if word in each.lower()]
    if len(word) < LEAST_LETTERS or not found:
        return did_you_mean(word, known)
    more = ", …" if len(found) > NAMED else ""
    return f"; names with {name!r}: {', '.join(found[:NAMED])}{more}"


def find_entry(name: str) -> ModelEntry | None:
    """The entry of a model name as ``str(ModelName)`` writes it.

    OpenCLIP files count by the end of their path (``ModelEntry.tail``): where they lie is up to the
    user.
    """
    scheme, _, path = name.partition(":")
    parts = tuple(path.replace("\\", "/").split("/"))
    for entry in known_models():
        is_file = scheme == "openclip" and entry.is_openclip
        if entry.name == name or (is_file and parts[-len(entry.tail) :] == entry.tail):
            return entry
    return None


def is_known(identifier: str) -> bool:
    """Whether the catalogue has a hub id, of a folder or of the repository of a file."""
    return any(identifier in (entry.name.partition(":")[2], entry.hub) for entry in known_models())


def check_kind(identifier: str, wanted: Kind) -> None:
    """Refuse a model of the hub for what it cannot do, before anybody downloads it.

    What the catalogue does not have is known by others of its family there; else nothing is.

    Args:
        identifier: ``ORG/NAME``.
        wanted: what it shall be.

    Raises:
        ModelError: it is of another kind.
    """
    known = kind_of(identifier)
    if known not in (None, wanted):
        example = next(entry for entry in known_models() if entry.kind == wanted)
        raise ModelError(
            f"{identifier} is no {wanted} but {_ROLES[known].format(*[identifier] * 2)}; for "
            f"{wanted} take e.g. {example.name.partition(':')[2]}"
        )


def kind_of(identifier: str) -> Kind | None:
    """What a model of the hub is for, by the catalogue's entry of it or of its family."""
    own = find_entry(f"hf:{identifier}")
    if own is not None:
        return own.kind
    family = _FAMILY.match(identifier)
    return None if family is None else _kinds_of_families().get(family[0])


@cache
def _kinds_of_families() -> dict[str, Kind]:
    names = ((entry, entry.name.partition(":")[2]) for entry in known_models())
    found = ((entry.kind, _FAMILY.match(name)) for entry, name in names if not entry.is_openclip)
    return {family[0]: kind for kind, family in found if family is not None}


def _entry(kind: Kind, facts: dict[str, Any], papers: dict[str, str]) -> ModelEntry:
    facts = {_RENAMED.get(key, key): value for key, value in facts.items()}
    facts |= {"series": facts["paper"], "paper": papers[facts["paper"]]}
    where = facts.get("hub") or facts["name"].removeprefix("hf:")
    return ModelEntry(kind=kind, **{"page": f"https://huggingface.co/{where}", **facts})
