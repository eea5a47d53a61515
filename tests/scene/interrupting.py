"""Ctrl-C for a command that runs."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


def interrupt(words: Sequence[str], folder: Path, pattern: str) -> None:
    """Interrupt a command as soon as a folder has a file; it must end clearly.

    Args:
        words: the command.
        folder: that the command makes.
        pattern: of the file.
    """
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    before = time.time()
    while not (folder.exists() and list(folder.glob(pattern))) and time.time() - before < 120:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in errors
    assert "Traceback" not in errors
