"""Measurements in processes of their own: seconds of a job, and how far memory rises."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
_PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Cost:
    """What a job took.

    Attributes:
        wall: seconds by the clock.
        cpu: seconds of all threads of this process.
        peak: largest resident memory while it ran, in bytes, with all that was there before.
    """

    wall: float
    cpu: float
    peak: int


def measure(job: Callable[[], Result]) -> tuple[Result, Cost]:
    """Run a job in this process; what it returns, and what it took."""
    (_PROCESS / "clear_refs").write_text("5")  # the peak begins anew, see man 5 proc
    wall, cpu = time.perf_counter(), time.process_time()
    result = job()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, Cost(wall, cpu, _memory("VmHWM"))


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return _memory("VmRSS")


def _memory(name: str) -> int:
    lines = (_PROCESS / "status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def run_alone(file: str, arguments: Sequence[str]) -> dict[str, Any]:
    """What a script prints as JSON in its last line, when run in a new process."""
    if not _PROCESS.is_dir():
        sys.exit(f"{file} reads peak memory from {_PROCESS}; run it on Linux")
    line = [sys.executable, file, *arguments]
    done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
