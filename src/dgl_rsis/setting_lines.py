"""Wrong settings in one line for people: which setting, its value, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dgl_rsis.errors import did_you_mean

_WORDS = {bool: "true, false", int: "a whole number", float: "a number", str: "text"}


def setting_line(
    error: ValidationError, stages: Mapping[str, Mapping[str, Any]], model: type[BaseModel]
) -> str:
    """The first thing that is wrong with settings.

    Args:
        error: what validating them said.
        stages: ``{stage: {option: value}}`` as they were given.
        model: of the settings, whose fields are the stages, theirs the options.
    """
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # about several stages
        return f"settings: {message}"
    stage, *rest = map(str, first["loc"])
    if not rest:  # about several options, and the message has their values
        return f"setting {stage}: {message}"
    option, options = rest[0], _model_of(model, stage).model_fields
    if option not in options:
        hint = did_you_mean(option, options) or f"; {stage} has {', '.join(options)}"
        return f"setting {stage}.{option} is unknown{hint}"
    field, given = options[option], stages[stage][option]
    value = "null" if given is None else repr(given)
    if first["type"] == "value_error":
        return f"setting {stage}.{option} is {value}: {message}"
    permitted = allowed(field.annotation, field.metadata)
    return f"setting {stage}.{option} is {value}; allowed: {permitted}"


def allowed(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """The values of a type in words: *a number from 0 to 1 or null*.

    Args:
        annotation: the type of an option.
        limits: constraints of its values, as pydantic keeps them.
    """
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind is Annotated:
        return allowed(inner[0], (*inner[1:], *limits))
    if kind in (Union, UnionType):
        others = [allowed(each, limits) for each in inner if each is not NoneType]
        return " or ".join([*others, *(["null"] if NoneType in inner else [])])
    if kind is Literal:
        return ", ".join(map(str, inner))
    bounds = _bounds(limits)
    if kind is tuple:
        least = f" of at least {bounds['min_length']}" if "min_length" in bounds else ""
        return f"a list{least}, in it {allowed(inner[0])}"
    if kind is dict:
        return "a table of names"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "the path of a file"
    words: str = _WORDS[annotation]
    if "allow_inf_nan" in bounds:
        words = words.replace("a number", "a finite number")
    return words + _range(bounds)


def _bounds(limits: Sequence[Any]) -> dict[str, Any]:
    """Constraints by the name that pydantic gives them."""
    names = ("ge", "gt", "le", "lt", "min_length", "allow_inf_nan")
    return {name: getattr(each, name) for each in limits for name in names if hasattr(each, name)}


def _range(bounds: Mapping[str, Any]) -> str:
    """What numbers are between, with a space before it; empty where nothing bounds them."""
    words = {
        "ge": " from {}" if {"le", "lt"} & bounds.keys() else " from {} on",
        "gt": " above {}",
        "le": " to {}",
        "lt": " to below {}",
    }
    return "".join(words[name].format(bounds[name]) for name in words if name in bounds)


def _model_of(model: type[BaseModel], stage: str) -> type[BaseModel]:
    found = model.model_fields[stage].annotation
    assert isinstance(found, type)
    assert issubclass(found, BaseModel)
    return found
