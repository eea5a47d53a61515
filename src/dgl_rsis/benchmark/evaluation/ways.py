"""What an evaluation compares: our presets with settings, and the ways of other papers.

A way is written ``METHOD`` or ``METHOD,stage.option=value,...``: a preset of ours, a switch of the
method (``without program``), or a baseline by its name. Names of sets stand for all their members.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dgl_rsis.config import parse_overrides, preset_names
from dgl_rsis.errors import InputError

SWITCHES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "without text decoupling": ("default", ("text.decouple=false",)),
    "without knowledge": ("default", ("knowledge.enabled=false",)),
    "without mask guidance": ("default", ("local.mask_guidance=false",)),
    "with mask guidance": ("default", ("local.mask_guidance=true",)),
    "with context crops": ("default", ("local.context_crop=true",)),
    "without own scale": ("default", ("instances.own_scale=false",)),
    "without learned merging": ("default", ("proposals.learned_weight=0",)),
    "without cross-scale": ("default", ("activation.cross_scale=false",)),
    "without global enhancement": ("default", ("activation.global_enhancement=false",)),
    "without activation": ("default", ("activation.enabled=false",)),
    "without mask selection": ("default", ("select.enabled=false",)),
    "without program": ("default", ("program.enabled=false",)),
    "painter dense": ("default", ("paint.painter=dense",)),
    "painter leaf": ("default", ("paint.painter=leaf",)),
    "painter mask": ("default", ("paint.painter=mask",)),
}
"""Switches of our method: the preset they start from, and what they set (docs/design.md 1.7)."""

ON_MAPS = (
    "without knowledge",
    "painter dense",
    "painter leaf",
    "painter mask",
)
"""The switches that act on a map; ``mask_guidance`` and crops do only under the painter ``mask``."""

ON_SENTENCES = tuple(name for name in SWITCHES if not name.startswith("painter"))


@dataclass(frozen=True)
class Way:
    """One line of a table.

    Attributes:
        model: as ``load`` takes it.
        method: a preset, a switch of ``SWITCHES``, or the name of a baseline.
        options: ``stage.option=value`` over that.
    """

    model: str
    method: str
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the way in tables: model, method and options."""
        return " ".join([model_label(self.model), ", ".join([self.method, *self.options])])

    @property
    def baseline(self) -> str | None:
        """The baseline that it is; None for our own method."""
        ours = self.method in SWITCHES or self.method in preset_names()
        return None if ours else self.method

    @property
    def preset(self) -> str:
        """The preset that its settings start from."""
        if self.method in SWITCHES:
            return SWITCHES[self.method][0]
        return self.method if self.method in preset_names() else "default"

    @property
    def overrides(self) -> dict[str, dict[str, object]]:
        """``{stage: {option: value}}`` over the preset; baselines choose among flat masks."""
        if self.baseline is not None and not self.baseline.startswith("oracle"):
            return parse_overrides(("proposals.proposer=flat", *self.options))
        return parse_overrides((*SWITCHES.get(self.method, ("", ()))[1], *self.options))


def model_label(model: str) -> str:
    """A short name of a model: of a path its last folder that says something."""
    kind, _, rest = model.partition(":")
    if kind == "dir" or ("/" in model and Path(model).exists()):
        parts = [part for part in Path(rest or kind).parts if part not in ("model", "/")]
        return parts[-1] if parts else model
    return rest or kind


def parse_ways(
    texts: Sequence[str], models: Sequence[str], *, baselines: Sequence[str], maps: bool
) -> tuple[Way, ...]:
    """Ways over models, in the order in which they are named, each once.

    Args:
        texts: methods with options, or ``presets``, ``ablations``, ``baselines``, ``oracles``.
        models: every way is run on each.
        baselines: names of those for the task.
        maps: whether the task is to make maps, else to answer sentences.

    Raises:
        InputError: a name is unknown, or an option is.
    """
    oracles = tuple(name for name in baselines if name.startswith("oracle"))
    sets: dict[str, tuple[str, ...]] = {
        "presets": preset_names(),
        "ablations": ON_MAPS if maps else ON_SENTENCES,
        "baselines": tuple(name for name in baselines if name not in oracles),
        "oracles": oracles,
    }
    known = (*preset_names(), *sets["ablations"], *baselines)
    ways: dict[Way, None] = {}
    for model in models:
        for text in texts:
            method, *options = re.split(r",(?=[a-z_]+\.[a-z_]+=)", text)
            for name in sets.get(method, (method,)):
                if name not in known:
                    raise InputError(
                        f"no way is called {name!r}; choose of {', '.join((*known, *sets))}"
                    )
                way = Way(model, name, tuple(options))
                parse_overrides(way.options)  # a wrong option is told before anything runs
                ways[way] = None
    return tuple(ways)
