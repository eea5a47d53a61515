"""What the benchmark commands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder(argument: Path | None = None) -> Path:
    """The folder with real images: the option, ``DGL_RSIS_DATA``, or ``../shared/data``."""
    repository = Path(__file__).resolve().parent.parent
    environment = os.environ.get("DGL_RSIS_DATA")
    folder = argument or (Path(environment) if environment else repository / "../shared/data")
    if not folder.is_dir():
        sys.exit(f"{folder} is not there; set DGL_RSIS_DATA to the folder with the real images")
    return folder
