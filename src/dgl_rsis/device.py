"""Where a backbone computes, in which precision, and why (docs/design.md 1.6).

Nothing here changes the state of torch: no threads, no default device, no switches of its back ends.
"""

from __future__ import annotations

import platform
import re

from dgl_rsis.errors import InputError

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
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


def devices() -> dict[str, str]:
    """Devices that are there, by their names in torch, and what each is in a few words."""
    import torch

    there = {"cpu": platform.processor() or platform.machine()}
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        gigabytes = torch.cuda.get_device_properties(number).total_memory / 1e9
        there[f"cuda:{number}"] = f"{torch.cuda.get_device_name(number)}, {gigabytes:.0f} GB"
    if torch.backends.mps.is_available():
        there["mps"] = "Metal"
    return there


def check_precision_name(name: str) -> None:
    """Refuse unknown precisions, without loading torch.

    Raises:
        InputError: the name is unknown.
    """
    if name not in PRECISIONS:
        raise InputError(f"unknown precision {name!r}: use {', '.join(PRECISIONS)}")


def choose_precision(name: str, device: str) -> tuple[str, str]:
    """Check a precision, or choose the one that gives the same answers everywhere.

    Half precision moves a cosine by about 1e-3, which times an inverse temperature of 100 is enough
    to turn a close decision: a result should not depend on the machine unless that is asked for.

    Args:
        name: one of ``PRECISIONS``.
        device: as ``choose_device`` returns it.

    Returns:
        ``"float32"``, ``"bfloat16"`` or ``"float16"``, and the reason in a few words.

    Raises:
        InputError: the name is unknown, or the device cannot compute in it natively.
    """
    check_precision_name(name)
    if name == "auto":
        return "float32", "auto: the same answers on every device"
    if computes_in(name, device):
        return name, "asked for"
    raise InputError(
        f"precision {name} is not for this device: {device} has no instructions for it; "
        "use float32 or auto"
    )


def computes_in(precision: str, device: str) -> bool:
    """Whether a device has instructions for a precision, not only an emulation."""
    if precision == "float32":
        return True
    import torch

    if device.startswith("cuda"):
        # 8.0 (Ampere) brought bfloat16; all cards that torch still supports have float16
        return precision == "float16" or torch.cuda.get_device_capability(device) >= (8, 0)
    if device == "mps":
        return precision == "float16" or torch.backends.mps.is_macos_or_newer(14, 0)
    letters = {"bfloat16": "bf16", "float16": "fp16"}[precision]
    # avx512_bf16, amx_fp16, Arm's bf16 and others; an old torch does not tell
    facts: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(letters in name for name, there in facts.items() if there is True)
