"""What every node of a program can do: name its children, write its JSON, say itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar


@dataclass(frozen=True)
class Step:
    """A node of a program.

    Attributes:
        op: name of the node in JSON.
        is_joined: its text consists of those of several nodes.
    """

    op: ClassVar[str]
    is_joined: ClassVar[bool] = False

    def to_json(self) -> dict[str, Any]:
        """Nested objects with an ``op`` each; optional fields that are not set are left out."""
        values: dict[str, Any] = {"op": self.op}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None:
                values[each.name] = _value_to_json(value)
        return values

    def children(self) -> Iterator[Step]:
        """The nodes directly below, targets before anchors."""
        for each in fields(self):
            value = getattr(self, each.name)
            for node in value if isinstance(value, tuple) else (value,):
                if isinstance(node, Step):
                    yield node

    def parts(self) -> tuple[str, str]:
        """The head (*largest building*) and what follows it (*, left of road*), for reading."""
        raise NotImplementedError

    @property
    def ranks(self) -> bool:
        """Whether it ranks or counts in front of its child: *largest*, *3 x*, *every*."""
        return False

    def __str__(self) -> str:
        return "".join(self.parts())


def nested(node: Step) -> str:
    """A node inside the text of another one: in brackets where it is long."""
    head, tail = node.parts()
    return f"({head}{tail})" if node.is_joined or tail else head


def followed(node: Step) -> tuple[str, str]:
    """Parts of a node that something is said behind; what ranks first comes into brackets."""
    return (f"({node})", "") if node.ranks or node.is_joined else node.parts()


def preceded(node: Step) -> tuple[str, str]:
    """Parts of a node that something is said in front of."""
    return (f"({node})", "") if node.is_joined else node.parts()


def _value_to_json(value: Any) -> Any:
    if isinstance(value, Step):
        return value.to_json()
    if isinstance(value, tuple):
        return [_value_to_json(each) for each in value]
    return value.value if isinstance(value, StrEnum) else value
