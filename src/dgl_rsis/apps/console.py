"""What a command shows: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.progress import Progress

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model

FAILED_TILES = 3
"""Exit code of a run that finished, with tiles that could not be computed."""
NOTHING_MATCHED = 4
"""Exit code of a run that finished and found nothing."""


@dataclass(frozen=True)
class Console:
    """How much is shown.

    Attributes:
        quiet: only errors, and results as JSON if they were asked for.
        verbose: every step on stderr.
        as_json: results as JSON instead of text.
    """

    quiet: bool = False
    verbose: bool = False
    as_json: bool = False

    def show(self, text: str = "") -> None:
        """A line of results for people."""
        if not (self.quiet or self.as_json):
            typer.echo(text)

    def show_json(self, values: Mapping[str, Any] | Sequence[Any]) -> None:
        """Results for machines."""
        from dgl_rsis.manifest import to_json

        if self.as_json:
            typer.echo(to_json(values))

    def say(self, text: str) -> None:
        """A remark on the way, on stderr."""
        if not self.quiet:
            typer.echo(f"dgl-rsis: {text}", err=True)

    @contextmanager
    def progress(self, start: str, unit: str = "steps") -> Iterator[Progress | None]:
        """A progress bar on a terminal, a line for every step if verbose, else nothing.

        Args:
            start: what happens first.
            unit: what is counted, in the plural.
        """
        if self.verbose:
            self.say(start)

            def say(done: int, total: int, message: str) -> bool:
                self.say(f"{done} of {total} {unit} done: {message}")
                return True

            yield say
            return
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Bar(*columns, console=Terminal(stderr=True), transient=True) as bar:
            task = bar.add_task(start, total=None)

            def tell(done: int, total: int, message: str) -> bool:
                bar.update(task, completed=done, total=total, description=message)
                return True

            yield tell


def load_model(choice: ModelChoice, console: Console) -> Model:
    """Load a model and show its notice.

    Raises:
        ModelError: the model is unknown or cannot be loaded.
        InputError: a setting or the device cannot be used.
    """
    import logging

    from dgl_rsis import pipeline
    from dgl_rsis.device import choose_device, choose_precision

    # what the library logs (the notice) is said below, and not if quiet
    logging.getLogger("dgl_rsis").addHandler(logging.NullHandler())
    model = pipeline.load(choice.name, preset=choice.preset, settings=choice.overrides)
    if (
        console.verbose
    ):  # not before: the device needs torch, and a wrong name shall not wait for it
        device, reason = choose_device(choice.device)
        precision, why = choose_precision(choice.precision, device)
        console.say(f"model {choice.name}, preset {choice.preset}")
        console.say(f"device {device} ({reason}), precision {precision} ({why})")
    notice = model.backbone.card.notice
    if notice:
        console.say(notice)
    return model


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> list[str]:
    """Rows of text in aligned columns; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    return [
        " " * indent
        + "  ".join(
            [*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]
        )
        for row in rows
    ]
