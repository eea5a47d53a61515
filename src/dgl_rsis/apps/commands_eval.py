"""The command ``eval``: data sets, peers and our own method in one table, and runs compared."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.console import Console, table
from dgl_rsis.errors import InputError
from dgl_rsis.progress import Progress

if TYPE_CHECKING:
    from dgl_rsis.benchmark.evaluation.answering import Plan


def evaluate(
    dataset: Annotated[
        str | None,
        typer.Argument(help="Name of a data set; --list shows all.", metavar="DATASET"),
    ] = None,
    folder: Annotated[
        str | None, typer.Argument(help="Where its files are.", metavar="FOLDER")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for results, tables and the journal that a stopped run goes on from.",
            metavar="FOLDER",
        ),
    ] = None,
    ways: Annotated[
        list[str] | None,
        typer.Option(
            "--way",
            "-w",
            help="What is compared: a preset, a switch, a baseline, each with settings as in "
            "default,paint.painter=leaf; or presets, ablations, baselines, oracles. Repeatable.",
            metavar="WAY",
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Every way runs on each. Repeatable.", metavar="NAME"),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Part of the set; its usual one if not said.", metavar="NAME")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="So many images, drawn by --seed.", min=1, metavar="NUMBER")
    ] = None,
    sentences: Annotated[
        int | None,
        typer.Option(
            help="At most so many of each image, drawn by --seed.", min=1, metavar="NUMBER"
        ),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            help="Ask for the classes of a map by the words of a paper, segearth-ov or "
            "segearth-ov3; by one plain word each if not said.",
            metavar="NAME",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of what is drawn, and of intervals.", metavar="NUMBER")
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes; one for each core if not said.", min=1, metavar="NUMBER"),
    ] = None,
    device: options.Device = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Compare two results.json instead, given in place of DATASET and FOLDER; name "
            "their ways by --way, first and second.",
        ),
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="List data sets and ways instead.")
    ] = False,
    no_report: Annotated[
        bool,
        typer.Option("--no-report", help="Leave out report.html, the page with pictures."),
    ] = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Evaluate ways of making maps or answering sentences on a data set, in one table.

    A run that was stopped goes on where it was: repeat the same command.
    """
    from dgl_rsis.geo.output_file import check_folder

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    if list_all:
        _show_all(console)
        return
    if dataset is None:
        raise InputError("name a data set, or --list to see them")
    if compare:
        if output is not None:
            raise InputError("--compare writes no files; leave out -o, and keep what --json prints")
        _compare(console, dataset, folder, ways or [], seed)
        return
    if output is None:
        raise InputError("name a folder for the results with -o")
    check_folder(Path(output), "the results")
    plan = _plan(
        dataset, folder, split, ways or ["default"], models or ["rs-tiny"], device, limit, seed,
        sentences, words,
    )  # fmt: skip
    _run(
        console, plan, Path(output), workers or os.cpu_count() or 1, overwrite=overwrite,
        report=not no_report,
    )  # fmt: skip


def _plan(
    dataset: str, folder: str | None, split: str | None, ways: list[str], models: list[str],
    device: str | None, limit: int | None, seed: int, sentences: int | None, words: str | None,
) -> Plan:  # fmt: skip
    from dgl_rsis.benchmark.baselines.registry import MAP_BASELINES, REFER_BASELINES
    from dgl_rsis.benchmark.datasets.registry import find_entry
    from dgl_rsis.benchmark.evaluation.answering import Plan
    from dgl_rsis.benchmark.evaluation.maps import ORACLE
    from dgl_rsis.benchmark.evaluation.sentences import ORACLES
    from dgl_rsis.benchmark.evaluation.ways import parse_ways

    maps = find_entry(dataset).kind == "map"
    baselines = (*MAP_BASELINES, ORACLE) if maps else (*REFER_BASELINES, *ORACLES)
    return Plan(
        dataset,
        folder,
        split,
        parse_ways(ways, models, baselines=baselines, maps=maps),
        device or "auto",
        limit,
        seed,
        sentences,
        words,
    )


def _run(
    console: Console, plan: Plan, folder: Path, workers: int, *, overwrite: bool, report: bool
) -> None:
    from dgl_rsis.benchmark.evaluation.files import write_report, write_results
    from dgl_rsis.benchmark.evaluation.runner import JOURNAL, run

    if overwrite:
        (folder / JOURNAL).unlink(missing_ok=True)
    with console.progress("images", "images") as tell:
        heading, entries, total = run(plan, folder, workers=workers, tell=_timed(tell))
    results, files = write_results(folder, heading, entries, total, plan.seed)
    console.show_json(results)
    console.show((folder / "results.md").read_text(encoding="utf-8"))
    for file in files:
        console.say(f"wrote {file}")
    if report:
        with console.progress("pictures of the page", "images") as tell:
            page = write_report(folder, plan, results, entries, workers=workers, tell=tell)
        console.say(f"wrote {page}")
    failed = sum(len(way["failures"]) for way in results["results"].values())
    if failed:
        console.say(
            f"{failed} answers failed and count as wrong; {folder / 'results.md'} lists them"
        )


def _timed(tell: Progress | None) -> Progress | None:
    """Progress with images per minute and the time left, from what this run has done itself."""
    if tell is None:
        return None
    began, first = time.monotonic(), None

    def told(done: int, total: int, message: str) -> bool:
        nonlocal first
        first = done - 1 if first is None else first
        pace = (done - first) / max(time.monotonic() - began, 1e-9)
        left = (total - done) / pace
        text = f"{message}, {60 * pace:.1f} images/min, {left / 60:.0f} min left"
        return tell(done, total, text)

    return told


def _compare(console: Console, first: str, second: str | None, ways: list[str], seed: int) -> None:
    from dataclasses import asdict

    from dgl_rsis.benchmark.evaluation.compare import differences, pick_way, read_results
    from dgl_rsis.benchmark.evaluation.tables import columns_of

    if second is None:
        raise InputError("--compare takes two results: eval --compare FIRST.json SECOND.json")
    if len(ways) > 2:
        raise InputError("--compare takes two ways at most, one of each run")
    paths = Path(first), Path(second)
    runs = read_results(paths[0]), read_results(paths[1])
    asked = [*ways, *([ways[-1] if ways else None] * (2 - len(ways)))]
    chosen = (
        pick_way(runs[0], asked[0], paths[0]),
        pick_way(runs[1], asked[1], paths[1]),
    )
    found = differences(runs[0], runs[1], chosen, seed=seed)
    console.show_json(
        {"ways": list(chosen), **{name: asdict(each) for name, each in found.items()}}
    )
    console.show(f"{chosen[0]} less {chosen[1]}, 95 % of paired resamples of the images:")
    columns = columns_of(runs[0])
    rows = [
        (
            columns[name],
            f"{each.value:+.4f}",
            f"{each.low:+.4f} to {each.high:+.4f}",
            "" if each.low <= 0 <= each.high else "differs",
        )
        for name, each in found.items()
        if not math.isnan(each.value)  # a figure that is not defined has no row
    ]
    for line in table(rows):
        console.show(line)


def _show_all(console: Console) -> None:
    from dataclasses import asdict

    from dgl_rsis.benchmark.baselines.registry import MAP_BASELINES, REFER_BASELINES
    from dgl_rsis.benchmark.datasets.registry import DATASETS
    from dgl_rsis.benchmark.evaluation.ways import ON_MAPS, ON_SENTENCES
    from dgl_rsis.config import preset_names

    console.show_json(
        {
            "datasets": {name: asdict(entry) for name, entry in DATASETS.items()},
            "presets": preset_names(),
            "switches": {"map": ON_MAPS, "refer": ON_SENTENCES},
            "baselines": {
                "map": {name: each.source for name, each in MAP_BASELINES.items()},
                "refer": {name: each.source for name, each in REFER_BASELINES.items()},
            },
        }
    )
    for kind, title, baselines, switches in (
        ("map", "maps", MAP_BASELINES, ON_MAPS),
        ("refer", "sentences", REFER_BASELINES, ON_SENTENCES),
    ):
        console.show(f"Data sets for {title}:")
        rows = [
            (name, each.title, each.tree) for name, each in DATASETS.items() if each.kind == kind
        ]
        for line in table(rows):
            console.show(line)
        console.show(f"Switches for {title}: {', '.join(switches)}")
        console.show(f"Baselines for {title}:")
        for line in table([(name, each.source) for name, each in baselines.items()]):
            console.show(line)
        console.show()
