"""What a node of a program is about: its targets, its noun, what it ranks."""

from __future__ import annotations

from dataclasses import dataclass

from dgl_rsis.text.program.nodes import And, Count, Extremum, Node, Or, Ordinal, Relate, Select
from dgl_rsis.text.program.tree import walk
from dgl_rsis.text.program.vocabulary import Relation


@dataclass(frozen=True)
class Scope:
    """What lies above a node and changes how it is executed.

    Attributes:
        divides: a size rules out the other instances, as what lies above ranks them or takes
            several.
        keeps_all: all that holds is taken or ranked anew: the nearest to a place that nothing
            lies at would make no difference.
        is_denied: what the node yields is excluded, so that a constraint that nothing fulfils
            excludes nothing instead of being dropped.
    """

    divides: bool = False
    keeps_all: bool = False
    is_denied: bool = False


def spine(node: Node) -> list[Node]:
    """The node and its targets, without anchors."""
    found = [node]
    while (child := getattr(found[-1], "child", None)) is not None:
        found.append(child)
    if isinstance(found[-1], And | Or):
        found += spine(found[-1].nodes[0])
    return found


def target_of(node: Node) -> Select | None:
    """The first ``Select``: what the phrase is about."""
    return next((each for each in walk(node) if isinstance(each, Select)), None)


def ranks(node: Node) -> bool:
    """Whether the targets are ranked: *the largest*, *the second from the left*."""
    return any(isinstance(each, Extremum | Ordinal) for each in spine(node))


def counts(node: Node) -> bool:
    """Whether a number of targets is taken: *the two largest*."""
    return any(isinstance(each, Count) for each in spine(node))


def is_pair(node: Relate) -> bool:
    """Whether something is between two of the same: *between the roads*."""
    return node.relation is Relation.BETWEEN and node.anchor == node.anchor2
