"""Which arithmetic is fast on this machine."""

from __future__ import annotations

import torch


def halves_are_fast(device: str) -> bool:
    """Whether bfloat16 pays: without matrix units a processor is faster in single precision."""
    return device != "cpu" or torch.cpu._is_amx_tile_supported()
