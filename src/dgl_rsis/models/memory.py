"""How many things fit into a batch.

A batch never exceeds what its caller says is worth while, and what is worth while fits into the
memory of nearly every machine. So batches, and with them the last bits of a result, do not change
from run to run; only where memory is really short do they shrink.
"""

from __future__ import annotations

import os
from pathlib import Path

SHARE = 0.25  # of the free memory: other batches, other processes and fragments need room too
_UNKNOWN = 2 << 30
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")  # version 2: the limit of a container


def free_bytes(device: str) -> int:
    """Free memory of a device in bytes; 2 GiB where nobody tells."""
    if device.startswith("cuda"):
        import torch

        # what torch holds of the card without using it is free for the next batch
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    if device != "cpu":
        return _UNKNOWN
    known = [value for value in (_available(), _left_in_container()) if value is not None]
    return min(known, default=_UNKNOWN)


def batch_size(bytes_each: int, device: str, most: int) -> int:
    """How many things to compute at once, from 1 to ``most``.

    Args:
        bytes_each: what one of them needs while it is computed.
        device: where.
        most: what is never exceeded.
    """
    return int(min(most, max(1, SHARE * free_bytes(device) // max(1, bytes_each))))


def transformer_bytes(tokens: int, width: int, hidden: int, heads: int) -> int:
    """Memory that one sequence takes in a transformer block, at inference in float32.

    The block's input, its norm, queries, keys, values and their mixture; the hidden layer before and
    after its nonlinearity; and the attention of every head, twice, as some kernels need it.

    Args:
        tokens: of the sequence.
        width: of the tokens.
        hidden: width of the hidden layer.
        heads: of the attention.
    """
    return 4 * (tokens * (6 * width + 2 * hidden) + 2 * heads * tokens**2)


def _available() -> int | None:
    """What Linux could give without swapping, caches of files included; else free pages."""
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _left_in_container() -> int | None:
    """What is left of the limit of a container, not counting caches of files that can go."""
    try:
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        lines = (_CGROUP / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    if limit == "max":
        return None
    caches = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return max(0, int(limit) - used + caches)
