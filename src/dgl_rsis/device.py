"""Where a backbone computes, and why (docs/design.md 1.6)."""

from __future__ import annotations

import re

from dgl_rsis.errors import InputError

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def check_device_name(name: str) -> None:
    """Refuse names that no device can have, without loading torch.

    Raises:
        InputError: the name is unknown.
    """
    if _NAME.fullmatch(name) is None:
        raise InputError(f"unknown device {name!r}: use auto, cpu, cuda, cuda:N or mps")


def choose_device(name: str = "auto") -> tuple[str, str]:
    """Check a device, or choose the fastest one that is there.

    Args:
        name: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.

    Returns:
        The device as torch knows it, and the reason in a few words.

    Raises:
        InputError: the name is unknown or no such device is there.
    """
    check_device_name(name)
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    metal = torch.backends.mps.is_available()
    if name == "auto":
        if cards:
            return "cuda", f"auto: found {torch.cuda.get_device_name(0)}"
        return ("mps", "auto: found Metal") if metal else ("cpu", "auto: found no accelerator")
    if name.startswith("cuda"):
        number = int(name.partition(":")[2] or 0)
        if number >= cards:
            raise InputError(
                f"device {name} is not there: torch {torch.__version__} sees {cards} CUDA devices; "
                "use cpu or auto"
            )
        return name, f"asked for: {torch.cuda.get_device_name(number)}"
    if name == "mps" and not metal:
        raise InputError(f"device mps is not there: torch {torch.__version__} sees no Metal device")
    return name, "asked for"
