"""What a file was made from: the parts of the configuration that decide what is in it.

Whoever writes a file puts them into it, and whoever finds one compares. The teacher's features need
no stamp: they are kept by the texts that they are of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

KEY = "made_from"


def parts(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some parts of the configuration, and the seed."""
    return {name: config[name] for name in (*names, "seed")}


def stamp(made_from: Mapping[str, Any]) -> dict[str, Any]:
    """What is put into a file, beside its content."""
    return {KEY: json.dumps(made_from)}


def differing(path: Path, made_from: Mapping[str, Any]) -> str | None:
    """The first of some parts that a file was not made from; None where it was made from them all.

    Args:
        path: an ``.npz`` or a ``.pt`` file; without a stamp it was made from nothing.
        made_from: parts by name.
    """
    if path.suffix == ".npz":
        with np.load(path) as saved:
            found = str(saved[KEY]) if KEY in saved else "{}"
    else:
        found = torch.load(path, weights_only=True, map_location="cpu").get(KEY, "{}")
    own, wanted = json.loads(found), json.loads(json.dumps(made_from))
    return next((name for name in wanted if name not in own or own[name] != wanted[name]), None)


def require(path: Path, made_from: Mapping[str, Any]) -> None:
    """Let a run go on only with what its own configuration made.

    Raises:
        SystemExit: the file exists and was made from something else.
    """
    part = differing(path, made_from) if path.exists() else None
    if part is not None:
        raise SystemExit(
            f"{path} was not made from this configuration ({part!r} differs or is not stated): "
            "move it away, or name another --output"
        )
