"""How many things fit into a batch."""

from __future__ import annotations

import os

SHARE = 0.25  # of the free memory: other batches, other processes and fragments need room too


def free_bytes(device: str) -> int:
    """Free memory of a device in bytes; 2 GiB where nobody tells."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    names = getattr(os, "sysconf_names", {})
    if device == "cpu" and "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2 << 30


def batch_size(bytes_each: int, device: str, most: int) -> int:
    """How many things to compute at once, from 1 to ``most``.

    Args:
        bytes_each: what one of them needs while it is computed.
        device: where.
        most: what is never exceeded.
    """
    return int(min(most, max(1, SHARE * free_bytes(device) // max(1, bytes_each))))
