"""What the benchmark commands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# pretraining is not part of the installed package
sys.path.append(str(Path(__file__).resolve().parent.parent))

from pretrain.split import is_held_out as is_held_out

REPOSITORY = Path(__file__).resolve().parent.parent


def data_folder(argument: Path | None = None) -> Path:
    """The folder with real images: the option, ``DGL_RSIS_DATA``, or ``../shared/data``."""
    environment = os.environ.get("DGL_RSIS_DATA")
    folder = argument or (Path(environment) if environment else REPOSITORY / "../shared/data")
    if not folder.is_dir():
        sys.exit(f"{folder} is not there; set DGL_RSIS_DATA to the folder with the real images")
    return folder


def command() -> str:
    """What was typed to run this benchmark, as code in Markdown."""
    return f"`{' '.join(['python', f'benchmarks/{Path(sys.argv[0]).name}', *sys.argv[1:]])}`"


def print_row(*cells: str) -> None:
    """Print one row of a Markdown table."""
    print(f"| {' | '.join(cells)} |", flush=True)


def print_header(*cells: str) -> None:
    """Print the head of a Markdown table, below what was printed before."""
    print()
    print_row(*cells)
    print("|" + "---|" * len(cells))
