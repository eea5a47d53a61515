"""Why a sentence got its answer: its program as a tree of scores, and what the others failed.

docs/design.md 1.4: every node of the executed program tells how many candidates fulfil it and how
the best of them stand, so that a wrong answer can be traced to the step that went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.select import EPSILON
from dgl_rsis.stages.steps import Step
from dgl_rsis.text.program.nodes import And, Count, Extremum, Node, Not, Or, Ordinal, Select
from dgl_rsis.text.program.vocabulary import Key
from dgl_rsis.types import FloatArray, IntArray

LISTED = 3  # candidates that a step shows
SCORE_DIGITS = 3  # behind the point of scores and probabilities in JSON


@dataclass(frozen=True)
class Standing:
    """How a candidate stands at a step.

    Attributes:
        candidate: its number.
        center: ``x, y`` of its centroid in the pixel frame.
        score: in [0, 1], product of the factors of the step and all below it.
    """

    candidate: int
    center: tuple[float, float]
    score: float

    def __str__(self) -> str:
        x, y = self.center
        return f"#{self.candidate} {self.score:.2f} at {x:.0f},{y:.0f}"


@dataclass(frozen=True)
class StepReport:
    """One node of an executed program.

    Attributes:
        text: the node in words.
        op: kind of the node.
        role: ``target``, ``anchor``, ``member`` of a set or what is ``excluded``.
        considered: instances that it looked at.
        fulfilling: how many of them fulfil it and all steps below.
        best: the best of those, at most ``LISTED``.
        notes: what it dropped or left to the model, and why.
        steps: the nodes that it was executed over.
    """

    text: str
    op: str
    role: str
    considered: int
    fulfilling: int
    best: tuple[Standing, ...]
    notes: tuple[str, ...]
    steps: tuple[StepReport, ...]

    @classmethod
    def of(cls, step: Step, table: CandidateTable, role: str = "target") -> StepReport:
        """Report an executed node and everything below it.

        Args:
            step: from ``execute``.
            table: what it was executed over.
            role: of the node in the one above.
        """
        held = np.flatnonzero(step.holds & (step.values > 0))
        best = held[np.argsort(-step.values[held], kind="stable")][:LISTED]
        standings = []
        for place in best.tolist():
            index = int(step.indices[place])
            x, y = table.centroids[index].tolist()
            standings.append(Standing(index, (x, y), float(step.values[place])))
        steps = tuple(
            cls.of(child, table, _role(step, number)) for number, child in enumerate(step.children)
        )
        return cls(
            str(step.node),
            step.node.op,
            role,
            len(step.indices),
            len(held),
            tuple(standings),
            step.notes,
            steps,
        )

    def __str__(self) -> str:
        of_role = "" if self.role in ("target", "member") else f"{self.role}: "
        best = f"; best step scores {', '.join(map(str, self.best))}" if self.best else ""
        does = f"{self.fulfilling} of {self.considered}"
        if self.op in (Extremum.op, Ordinal.op):  # a rank is no test that could be failed
            does = f"ranks {self.fulfilling}"
        return f"{of_role}{self.text}: {does}{best}"

    def walk(self, depth: int = 0) -> Iterator[tuple[int, StepReport]]:
        """This step and all below it with their depth, parents first."""
        yield depth, self
        for step in self.steps:
            yield from step.walk(depth + 1)

    def lines(self) -> list[str]:
        """The tree for people, notes below the step that made them."""
        lines = []
        for depth, step in self.walk():
            lines.append("  " * depth + str(step))
            lines += ["  " * depth + f"  note: {note}" for note in step.notes]
        return lines

    def to_json(self) -> dict[str, Any]:
        """The tree in JSON types."""
        return {
            "step": self.text,
            "op": self.op,
            "role": self.role,
            "considered": self.considered,
            "fulfilling": self.fulfilling,
            "best": [
                {
                    "candidate": each.candidate,
                    "center": list(each.center),
                    "score": round(each.score, SCORE_DIGITS),
                }
                for each in self.best
            ],
            "notes": list(self.notes),
            "steps": [step.to_json() for step in self.steps],
        }


def _role(step: Step, number: int) -> str:
    """What a child is to its node."""
    if isinstance(step.node, Not):
        return "excluded"
    if isinstance(step.node, And | Or):
        return "member" if step.children[number].node in step.node.nodes else "excluded"
    return "target" if number == 0 else "anchor"


def failed_test(trace: Step, index: int) -> str:
    """The first test that a candidate failed, in words; empty if it failed none.

    Args:
        trace: root of an executed program.
        index: of the candidate.
    """
    for step in reversed(_tests(trace)):
        place = np.flatnonzero(step.indices == index)
        if not len(place):
            return f"it is not among the most probable for '{step.node}'"
        if not step.holds[place[0]]:
            if isinstance(step.node, Count):
                return f"others come first for '{step.node}'"
            return f"it is not '{_own_words(step)}'"
    return ""


def lost_by(
    trace: Step | None,
    index: int,
    winner: int,
    terms: Mapping[str, FloatArray],
    weights: Mapping[str, float],
    table: CandidateTable | None = None,
) -> str:
    """The term that cost a candidate most against the one that won, in words.

    Args:
        trace: root of the executed program; None where there is none.
        index: of the candidate.
        winner: what it is compared with.
        terms: name -> ``(N,)`` in [0, 1].
        weights: name -> weight in the score.
        table: what the program was executed over, to name the sizes that a superlative compared.

    Returns:
        Empty where no term speaks against it.
    """
    gaps = {
        name: weights[name] * float(np.log((EPSILON + own[winner]) / (EPSILON + own[index])))
        for name, own in terms.items()
        if weights.get(name, 0) > 0
    }
    name = max(gaps, key=gaps.__getitem__, default="")
    if not name or gaps[name] <= 0:
        return ""
    own, its = float(terms[name][index]), float(terms[name][winner])
    step = _decisive(trace, index, winner) if name == "program" and trace is not None else None
    lost = f"{name} {own:.2f} against {its:.2f}"
    if step is None:
        return lost
    sizes = [] if table is None else _sizes(step.node, np.array([index, winner]), table)
    compared = f" ({' against '.join(sizes)})" if sizes else ""
    return f"{lost} for '{_own_words(step)}'{compared}"


def _sizes(node: Node, indices: IntArray, table: CandidateTable) -> list[str]:
    """What a node ranks candidates by, with its unit; empty where that is no size."""
    if not isinstance(node, Extremum | Ordinal):
        return []
    ground = table.ground
    if node.key is Key.AREA:
        areas = table.areas[indices].astype(np.float64)
        if ground is None:
            return [f"{area:.4g} px" for area in areas]
        return [f"{area:.4g} m2" for area in areas * ground.pixel_areas(table.centroids[indices])]
    if node.key not in (Key.LENGTH, Key.WIDTH):
        return []
    length, width = table.sides_of(indices, ground)
    unit = "px" if ground is None else "m"
    return [f"{size:.4g} {unit}" for size in (length if node.key is Key.LENGTH else width)]


def _decisive(trace: Step, index: int, winner: int) -> Step | None:
    """The step that lowered a candidate most in comparison with another one."""
    shares = []
    steps = _tests(trace)
    for step in steps:
        own, its = (float(step.values[step.indices == each].sum()) for each in (index, winner))
        shares.append(np.log((EPSILON + own) / (EPSILON + its)))
    falls = -np.diff([0.0, *reversed(shares)])[::-1]
    place = int(np.argmax(falls))
    return steps[place] if falls[place] > 0 else None


def _tests(trace: Step) -> list[Step]:
    """The steps that test the target, the last one first; members of a set are tests of the set."""
    steps = [trace]
    while steps[-1].children and not isinstance(steps[-1].node, Not | Or):
        steps.append(steps[-1].children[0])
    return steps


def _own_words(step: Step) -> str:
    """What a step adds to the one below it: *left of road* of *white hall, left of road*."""
    if isinstance(step.node, Select | And | Or | Not) or not step.children:
        return str(step.node)
    head, tail = step.node.parts()
    inner_head, inner_tail = step.children[0].node.parts()
    if head == f"({inner_head}{inner_tail})":  # a set that is taken as a whole
        return tail.removeprefix(", ") or head
    return tail.removeprefix(inner_tail).removeprefix(", ") if head == inner_head else head
