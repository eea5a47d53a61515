"""Programs from JSON, and the JSON schema of programs.

Both follow from the fields of the nodes; writing JSON is ``Step.to_json``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any

from dgl_rsis.errors import TextError
from dgl_rsis.text.program.nodes import NODES, Node
from dgl_rsis.text.program.vocabulary import (
    Comparison,
    Direction,
    Key,
    Line,
    Position,
    Quantity,
    Relation,
    Unit,
)

DEEPEST = 40
"""Nesting allowed in JSON; sentences stay far below."""

# How the annotation of a field reads in JSON: a kind of value, or one of the vocabularies.
_JSON_KINDS: Mapping[str, str | type[StrEnum]] = {
    "Node": "node",
    "Node | None": "node",
    "tuple[Node, ...]": "nodes",
    "str": "text",
    "tuple[str, ...]": "words",
    "int": "integer",
    "float": "number",
    **{
        each.__name__: each
        for each in (Position, Relation, Key, Line, Direction, Quantity, Comparison, Unit)
    },
}


def from_json(values: Any) -> Node:
    """Read a program from the nested objects of ``to_json``.

    Args:
        values: what ``json.loads`` gives.

    Raises:
        TextError: an object is not a node, or a field is missing, unknown or of a wrong type;
            the message names its place in the tree.
    """
    return _node_from_json(values, "program", 0)


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a program: the whole vocabulary."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "DGL-RSIS program",
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {"oneOf": [{"$ref": f"#/$defs/{op}"} for op in NODES]},
            **{op: _schema_of(kind) for op, kind in NODES.items()},
        },
    }


def _schema_of(kind: type[Node]) -> dict[str, Any]:
    known = {each.name: each for each in fields(kind)}
    properties = {
        name: _schema_of_field(_JSON_KINDS[str(each.type)]) for name, each in known.items()
    }
    required = [name for name, each in known.items() if each.default is MISSING]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip().splitlines()[0],
        "properties": {"op": {"const": kind.op}, **properties},
        "required": ["op", *required],
        "additionalProperties": False,
    }


def _schema_of_field(kind: str | type[StrEnum]) -> dict[str, Any]:
    node = {"$ref": "#/$defs/node"}
    schemas: dict[str, dict[str, Any]] = {
        "node": node,
        "nodes": {"type": "array", "items": node, "minItems": 1},
        "text": {"type": "string", "minLength": 1},
        "words": {"type": "array", "items": {"type": "string"}},
        "integer": {"type": "integer", "minimum": 1},
        "number": {"type": "number"},
    }
    return schemas[kind] if isinstance(kind, str) else {"enum": [each.value for each in kind]}


def _node_from_json(values: Any, where: str, depth: int) -> Node:
    if depth > DEEPEST:
        raise TextError(f"{where}: nested deeper than {DEEPEST} nodes; simplify the program")
    if not isinstance(values, Mapping):
        raise TextError(f"{where}: expected an object with 'op', got {values!r}")
    kind = NODES.get(str(values.get("op")))
    if kind is None:
        raise TextError(f"{where}: unknown op {values.get('op')!r}; use one of {', '.join(NODES)}")
    known = {each.name: each for each in fields(kind)}
    strange = sorted(str(name) for name in values if name != "op" and name not in known)
    if strange:
        raise TextError(f"{where}: '{kind.op}' has no field {', '.join(strange)}")
    read: dict[str, Any] = {}
    for name, each in known.items():
        if name in values:
            read[name] = _field_from_json(
                values[name], _JSON_KINDS[str(each.type)], f"{where}.{name}", depth + 1
            )
        elif each.default is MISSING:
            raise TextError(f"{where}: '{kind.op}' lacks the field '{name}'")
    return kind(**read)


def _field_from_json(value: Any, kind: str | type[StrEnum], where: str, depth: int) -> Any:
    if kind == "node":
        return _node_from_json(value, where, depth)
    if kind == "nodes" and isinstance(value, list) and value:
        return tuple(_node_from_json(each, f"{where}[{i}]", depth) for i, each in enumerate(value))
    if kind == "words" and isinstance(value, list) and all(isinstance(w, str) for w in value):
        return tuple(value)
    if kind == "text" and isinstance(value, str) and value.strip():
        return value
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer" and numeric and int(value) == value:
        return int(value)
    if kind == "number" and numeric and math.isfinite(value):
        return float(value)
    if isinstance(kind, str):
        raise TextError(f"{where}: {value!r} is not of kind '{kind}'")
    if value not in list(kind):
        raise TextError(f"{where}: {value!r} is none of {', '.join(kind)}")
    return kind(value)
