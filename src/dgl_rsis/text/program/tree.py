"""What is in a program: all of its nodes, the nouns that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from dgl_rsis.text.program.nodes import Node, Select
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import Query


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it, parents first."""
    yield node
    for child in node.children():
        yield from walk(cast("Node", child))


def program_of(query: Query) -> Node:
    """The program of a query as a node.

    Raises:
        TypeError: it is something else; ``types`` knows programs by their protocol only.
    """
    if not isinstance(query.program, Node):
        raise TypeError(f"no program: {query.program!r}")
    return query.program


def nouns_in(program: Node) -> list[str]:
    """Nouns that the execution needs scores for, each once, the target's first.

    A phrase without a kind of thing (``ANYTHING``) needs none.
    """
    found = [node.noun for node in walk(program) if isinstance(node, Select)]
    return list(dict.fromkeys(noun for noun in found if noun != ANYTHING))
