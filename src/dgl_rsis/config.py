"""Settings: one YAML of defaults, presets over it, and the user's own keys over both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from dgl_rsis.errors import InputError, TextError, did_you_mean
from dgl_rsis.setting_lines import setting_line

if TYPE_CHECKING:
    from dgl_rsis.text.knowledge import Knowledge

PROPOSERS = ("tree", "flat", "maskcut", "hierarchy", "sam", "sam2", "samhq", "sam3")
CHECKPOINT_USERS = ("maskcut", "hierarchy", "sam", "sam2", "samhq", "sam3")
TREE_PAINTERS = ("leaf", "cut")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextSettings(_Section):
    """Global-local decoupling of the words (docs/design.md 1.1)."""

    decouple: bool


class WordFile(_Section):
    """A user's file of words.

    What it says is a part of the settings: a run is resumed only if it says the same, and workers
    on other machines need no file.

    Attributes:
        path: where it was read.
        content: what it said then, YAML.
    """

    path: str
    content: str


class KnowledgeSettings(_Section):
    """Knowledge-guided prompts (docs/design.md 1.2)."""

    enabled: bool
    background: bool
    file: WordFile | None

    @field_validator("file", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, str | Path) and given is not None:
            if isinstance(given, WordFile | dict):  # of settings that were made before
                return given
            raise ValueError("name one YAML file")
        return None if given is None else _word_file(Path(given))

    @property
    def words(self) -> Knowledge:
        """The words that are known: ours, and those of the file."""
        from dgl_rsis.text.knowledge import default_knowledge, own_knowledge

        if self.file is None:
            return default_knowledge()
        return own_knowledge(self.file.content, self.file.path)


class ProposalSettings(_Section):
    """Class-agnostic proposals (docs/design.md 1.1)."""

    proposer: str
    checkpoint: str | dict[str, str] | None
    learned_weight: float = Field(ge=0, allow_inf_nan=False)
    points: int | None = Field(ge=1)
    crop_layers: int | None = Field(ge=0, le=3)
    predicted_iou: float | None = Field(ge=0, le=1)
    stability: float = Field(ge=0, le=1)
    box_iou: float = Field(ge=0, le=1)
    least_score: float = Field(ge=0, le=1)
    most_flat: int = Field(ge=1)
    smallest_area: int = Field(ge=1)
    least_objectness: float = Field(ge=0, le=1)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the proposers that are combined."""
        return tuple(self.proposer.split("+"))

    @field_validator("proposer")
    @classmethod
    def _known(cls, proposer: str) -> str:
        parts = proposer.split("+")
        for part in parts:
            if part not in PROPOSERS:
                hint = did_you_mean(part, PROPOSERS)
                known = ", ".join(PROPOSERS)
                raise ValueError(f"choose of {known}, or several joined by +{hint}")
            if parts.count(part) > 1:
                raise ValueError(f"{part} is named {parts.count(part)} times; name it once")
        return proposer

    @model_validator(mode="after")
    def _checkpoint_has_an_owner(self) -> ProposalSettings:
        users = [part for part in self.parts if part in CHECKPOINT_USERS]
        if isinstance(self.checkpoint, str) and len(users) > 1:
            raise ValueError(
                f"say which proposer the checkpoint is for, e.g. {{{users[0]}: {self.checkpoint}}}"
            )
        strange = isinstance(self.checkpoint, dict) and set(self.checkpoint) - set(users)
        if strange or (isinstance(self.checkpoint, str) and not users):
            raise ValueError(
                f"the proposer {self.proposer} has no use for the checkpoint {self.checkpoint}; "
                f"checkpoints are for {', '.join(CHECKPOINT_USERS)}"
            )
        return self

    def checkpoint_of(self, part: str) -> str | None:
        """Name of the checkpoint of one of ``parts``; None is its default."""
        if isinstance(self.checkpoint, dict):
            return self.checkpoint.get(part)
        return self.checkpoint if part in CHECKPOINT_USERS else None


class BackboneSettings(_Section):
    """Where a backbone computes, and how a ViT reads images (docs/design.md 1.6)."""

    device: str
    precision: Literal["auto", "float32", "bfloat16", "float16"]
    compile: bool
    gelu: Literal["auto", "quick", "exact"]
    dense: (
        Literal["vanilla", "maskclip", "sclip", "clearclip", "segearth", "gem", "proxyclip"] | None
    )
    affinity: str | None
    region_side: int = Field(ge=32)


class LocalSettings(_Section):
    """Local visual-textual alignment (docs/design.md 1.2)."""

    ground_sampling: tuple[PositiveFloat, ...]
    scales: tuple[PositiveFloat, ...] = Field(min_length=1)
    certainty: float = Field(ge=0)
    coarse_scale: PositiveFloat
    max_side: int = Field(ge=32)
    dense_weight: float = Field(ge=0)
    mask_guidance: bool | Literal["auto"]
    region_weight: float = Field(ge=0)
    context_crop: bool
    crop_weight: float = Field(ge=0)
    crop_count: int = Field(ge=1)
    crop_context: float = Field(ge=1)
    crop_context_small: float = Field(ge=1)
    crop_minimum: int = Field(ge=1)
    crop_attenuation: float = Field(ge=0, le=1)
    global_bias: float | None = Field(ge=0)


class PaintSettings(_Section):
    """Painters of the class map (docs/design.md 1.2)."""

    painter: Literal["auto", "dense", "leaf", "mask", "cut"]
    region_price: float = Field(ge=0)


class ActivationSettings(_Section):
    """Cross-scale activations with global enhancement (docs/design.md 1.3)."""

    enabled: bool
    provider: Literal["grad_cam", "cross_attention", "dense_contrast"]
    checkpoint: str
    cross_scale: bool
    tiles: int = Field(ge=2)
    overlap: float = Field(ge=0, lt=1)
    global_enhancement: bool
    enhancement: float = Field(ge=0)
    modifiers: Literal["unexecuted", "all"]


class InstanceSettings(_Section):
    """Instances of a noun in a region tree or among flat masks (docs/design.md, choice 7)."""

    evidence_limit: PositiveFloat
    price: float = Field(ge=0)
    least_strength: float = Field(ge=0, le=1)
    least_margin: float = Field(ge=0)
    part: float = Field(ge=0, le=1)
    parts_worth: float = Field(ge=1)
    whole_objectness: float = Field(ge=0, le=1)
    split: float = Field(ge=0, le=1)
    solid: float = Field(ge=0)
    speck: float = Field(ge=0, le=1)
    own_scale: bool
    thing_cells: PositiveFloat
    thing_spread: PositiveFloat
    objectness_power: float = Field(ge=0)
    least_share: float = Field(ge=0, le=1)
    sure: float = Field(ge=0, le=1)
    thing_speck: float = Field(ge=0, le=1)
    most_things: int = Field(ge=1)
    largest_overlap: float = Field(ge=0, le=1)


class RegionSettings(_Section):
    """Regions with a given outline (docs/design.md 1.2)."""

    own_scale: bool
    thing_cells: PositiveFloat
    thing_spread: PositiveFloat
    cover_cells: PositiveFloat
    cover_spread: PositiveFloat
    enlarge: PositiveFloat


class ProgramSettings(_Section):
    """Execution of the typed program (docs/design.md, typed program)."""

    enabled: bool
    relative_probability: float = Field(ge=0, le=1)
    relative_known: float = Field(ge=0, le=1)
    lowest_probability: float = Field(ge=0, le=1)
    relative_score: float = Field(ge=0, le=1)
    largest_overlap: float = Field(ge=0, le=1)
    most_instances: int = Field(ge=1)
    most_candidates: int = Field(ge=1)
    smallest_attribute: float = Field(ge=0, le=1)
    rank_decay: float = Field(ge=0)
    least_anchor: float = Field(ge=0, le=1)


class SelectSettings(_Section):
    """Mask selection (docs/design.md, mask selection)."""

    enabled: bool
    inside: float
    outside: float
    peak: float
    probability_weight: float = Field(ge=0)
    program_weight: float = Field(ge=0)
    attribute_weight: float = Field(ge=0)
    activation_weight: float = Field(ge=0)
    objectness_weight: float = Field(ge=0)
    least_probability: float = Field(ge=0, le=1)
    near_best: float = Field(ge=0, le=1)
    name_mismatch: float = Field(ge=0, le=1)
    heatmap_threshold: float = Field(ge=0, le=1)
    top_k: int = Field(ge=1)


class Settings(_Section):
    """Options of all stages."""

    text: TextSettings
    knowledge: KnowledgeSettings
    proposals: ProposalSettings
    backbone: BackboneSettings
    local: LocalSettings
    paint: PaintSettings
    activation: ActivationSettings
    instances: InstanceSettings
    regions: RegionSettings
    program: ProgramSettings
    select: SelectSettings

    @property
    def painter(self) -> str:
        """The painter; ``auto`` is ``cut`` for the region tree alone, ``mask`` for other proposers."""
        if self.paint.painter != "auto":
            return self.paint.painter
        return "cut" if self.proposals.parts == ("tree",) else "mask"

    @model_validator(mode="after")
    def _trees_for_tree_painters(self) -> Settings:
        if self.paint.painter in TREE_PAINTERS and "tree" not in self.proposals.parts:
            raise ValueError(
                f"the painter {self.paint.painter} needs the region tree, and the proposer is "
                f"{self.proposals.proposer}; choose the painter mask, or the proposer tree"
            )
        return self

    @model_validator(mode="after")
    def _something_answers(self) -> Settings:
        if not (self.select.enabled or self.activation.enabled):
            raise ValueError(
                "select.enabled and activation.enabled are both off, nothing is left to answer "
                "with; switch one of them on"
            )
        return self


def _word_file(path: Path) -> WordFile:
    """A file of words that can be used.

    Raises:
        ValueError: it cannot; without its name.
    """
    from dgl_rsis.text.knowledge import own_knowledge
    from dgl_rsis.text.yaml_file import read_text

    try:
        file = WordFile(path=str(path), content=read_text(path))
        own_knowledge(file.content, file.path)
    except TextError as error:
        raise ValueError(str(error).removeprefix(f"{path}: ")) from error
    return file


@cache
def _defaults() -> dict[str, Any]:
    text = resources.files("dgl_rsis").joinpath("defaults.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def preset_names() -> tuple[str, ...]:
    """Names of the presets."""
    return tuple(_defaults()["presets"])


def make_settings(
    preset: str = "default", overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Settings:
    """Settings of a preset with the user's own values over it.

    Args:
        preset: ``default``, ``fast`` or ``paper``.
        overrides: ``{stage: {option: value}}``.

    Raises:
        InputError: an unknown preset, stage or option, or a value outside its range.
    """
    defaults = _defaults()
    if preset not in defaults["presets"]:
        raise InputError(f"unknown preset {preset!r}; choose one of {', '.join(preset_names())}")
    stages = {name: dict(options) for name, options in defaults.items() if name != "presets"}
    for layer in (defaults["presets"][preset], overrides or {}):
        for stage, options in layer.items():
            if stage not in stages:
                hint = did_you_mean(stage, stages)
                raise InputError(
                    f"unknown stage {stage!r}; choose one of {', '.join(stages)}{hint}"
                )
            if not isinstance(options, Mapping):
                raise InputError(
                    f"setting {stage}: {options!r} is not a table of options; write "
                    f"{{{stage!r}: {{option: value}}}}"
                )
            stages[stage].update(options)
    try:
        return Settings.model_validate(stages)
    except ValidationError as error:
        raise InputError(setting_line(error, stages, Settings)) from error


def parse_overrides(pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Turn ``stage.option=value`` strings into overrides; values are read as YAML.

    Raises:
        InputError: a string of another form.
    """
    overrides: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        stage, dot, option = key.strip().partition(".")
        if not (equals and dot and stage and option):
            raise InputError(
                f"cannot read {pair!r}; write stage.option=value, e.g. paint.painter=cut"
            )
        try:
            overrides.setdefault(stage, {})[option] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(
                f"cannot read the value of {pair!r}; write it as YAML, e.g. local.scales=[1, 0.5]"
            ) from error
    return overrides
