"""An encoder of run-length masks, written from the description of the format."""

from __future__ import annotations

import numpy as np

from dgl_rsis.types import BoolArray


def runs_of(mask: BoolArray) -> list[int]:
    """Run lengths down the columns, zeros first."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs: list[int] = np.diff([0, *edges, flat.size]).tolist()
    return [0, *runs] if flat[0] else runs


def compressed(runs: list[int]) -> str:
    """The inverse of ``coco.run_lengths``."""
    text = ""
    for number, run in enumerate(runs):
        value = run - runs[number - 2] if number > 2 else run
        while True:
            bits, value = value & 31, value >> 5
            is_last = value == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if is_last else 32))
            if is_last:
                break
    return text


def encoded(mask: BoolArray, *, as_text: bool = True) -> dict[str, object]:
    """A mask as COCO writes it."""
    runs = runs_of(mask)
    return {"size": list(mask.shape), "counts": compressed(runs) if as_text else runs}
