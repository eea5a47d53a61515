"""Execute the tutorials in a temporary folder; with ``--write`` their outputs are kept in them.

    python docs/tutorials/execute.py [NOTEBOOK ...] [--write]

Needs the extras notebook, xarray and tutorials. What is written has no times and no states of
widgets, and neither PNG nor text where a page or a JPEG shows the same.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
SECONDS = 600  # for a cell, on a busy machine


def execute(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Run all cells of a notebook.

    Args:
        path: of the notebook, which stays as it is.
        folder: where its cells run and write files.

    Raises:
        CellExecutionError: a cell raised; it shows the cell and the traceback.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    tidy(notebook)
    return notebook


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Leave out what says the same twice, and what tells of the machine."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.keys() & {"text/html", "image/jpeg"}:
                data.pop("image/png", None)
                data.pop("text/plain", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def main() -> None:
    """Execute what the arguments name, else all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(HERE.glob("*.ipynb")))
    parser.add_argument("--write", action="store_true", help="keep the outputs in the notebooks")
    options = parser.parse_args()
    for path in options.notebooks:
        with tempfile.TemporaryDirectory() as folder:
            executed = execute(path, Path(folder))
        if options.write:
            nbformat.write(executed, path)
        print(path.name)


if __name__ == "__main__":
    main()
