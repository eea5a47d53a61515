"""Gather the pages of the site: python -m docs.tools [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

from .staging import stage

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    stage(ROOT, folder)
