"""What a run keeps to go on from: weights, their moving average, and the optimiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def save(path: Path, step: int, tower: Any, average: Any, optimiser: Any, **facts: str) -> None:
    """Write the state after ``step`` steps, and facts; whoever stops it leaves the file before it."""
    partial = path.with_suffix(".part")
    torch.save(
        {
            "step": step,
            "tower": tower.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            **facts,
        },
        partial,
    )
    partial.rename(path)


def averaged(saved: dict[str, Any]) -> dict[str, Tensor]:
    """Weights of the moving average, named like those of the tower itself."""
    return {
        name.removeprefix("module."): value
        for name, value in saved["average"].items()
        if name.startswith("module.")
    }
