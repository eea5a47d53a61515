"""Read the configuration and its variants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).with_name("config.yaml")
VARIANTS = Path(__file__).with_name("variants.yaml")


def read(path: Path = CONFIG, variant: str | None = None) -> dict[str, Any]:
    """The configuration, changed as a variant of ``variants.yaml`` says.

    Raises:
        SystemExit: no such variant, or it changes what the configuration does not have.
    """
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return config if variant is None else changed(config, changes(variant), variant)


def changes(variant: str) -> dict[str, Any]:
    """What a variant changes, with that of the variant that it is ``of``."""
    variants: dict[str, dict[str, Any]] = yaml.safe_load(VARIANTS.read_text(encoding="utf-8"))
    if variant not in variants:
        raise SystemExit(f"no variant {variant!r}; there are {', '.join(variants)}")
    own = dict(variants[variant])
    base = own.pop("of", None)
    return own if base is None else _merged(changes(base), own)


def changed(config: dict[str, Any], own: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """The configuration with some of its values replaced."""
    unknown = [
        f"{part}.{name}"
        for part, values in own.items()
        for name in values
        if name not in config.get(part, {})
    ]
    if unknown:
        raise SystemExit(f"variant {variant!r} changes {unknown[0]}, which no configuration has")
    return _merged(config, own)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the second in place of those of the first, part by part."""
    result = dict(first)
    for part, values in second.items():
        result[part] = {**first.get(part, {}), **values}
    return result
