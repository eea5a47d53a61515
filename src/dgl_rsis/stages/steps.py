"""The executed program as a tree of steps with their scores and notes, for the explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dgl_rsis.stages.scored import Scored
from dgl_rsis.text.program.nodes import Node
from dgl_rsis.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Step:
    """One executed node.

    Attributes:
        node: what was executed.
        indices: ``(K,)`` candidates that it looked at.
        values: ``(K,)`` in [0, 1], product of all factors up to here.
        holds: ``(K,)`` whether all constraints up to here hold.
        notes: what this node dropped or left to the model, and why.
        children: the nodes that it was executed over, in their order: the target first, then
            anchors; for a set its members.
    """

    node: Node
    indices: IntArray
    values: FloatArray
    holds: BoolArray
    notes: tuple[str, ...] = ()
    children: tuple[Step, ...] = ()

    def all_notes(self) -> Iterator[str]:
        """Notes of this step and of all steps below it, in the order of execution."""
        for child in self.children:
            yield from child.all_notes()
        yield from self.notes


@dataclass(frozen=True)
class _Level:
    """What gathers while one node is executed: its notes, and the steps of the nodes below it."""

    notes: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Recorder:
    """Steps and notes while a program is executed; every ``open`` has its ``close``."""

    _levels: list[_Level] = field(default_factory=lambda: [_Level()])

    def open(self) -> None:
        """A node begins: notes are its own from here on."""
        self._levels.append(_Level())

    def close(self, node: Node, result: Scored) -> None:
        """The node that began last yields a result."""
        level = self._levels.pop()
        values, notes = result.total.astype(np.float32), tuple(dict.fromkeys(level.notes))
        self._levels[-1].steps.append(
            Step(node, result.indices, values, result.holds, notes, tuple(level.steps))
        )

    def note(self, text: str) -> None:
        """Something was dropped or left to the model by the node that is being executed."""
        self._levels[-1].notes.append(text)

    def revise(self, result: Scored) -> None:
        """The node that was closed last yields another result after all."""
        steps = self._levels[-1].steps
        values = result.total.astype(np.float32)
        steps[-1] = replace(steps[-1], values=values, holds=result.holds)

    @property
    def last(self) -> Step:
        """The step that was closed last."""
        return self._levels[-1].steps[-1]
