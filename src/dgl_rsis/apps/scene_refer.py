"""`refer` for what is larger than a model reads at once: from a table of the parts of the scene."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.answer_lines import answer_lines
from dgl_rsis.apps.console import FAILED_TILES, NOTHING_MATCHED, Console, load_model
from dgl_rsis.apps.saving import record, save_answers
from dgl_rsis.apps.scene_options import Tiling
from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    from dgl_rsis.results import SceneAnswer
    from dgl_rsis.text.lexicon import Lexicon


@dataclass(frozen=True)
class Request:
    """What is asked, and where the answers go.

    Attributes:
        image: a raster, or a folder, list or STAC document that names some.
        questions: sentences.
        target: of the answers; None prints them only.
        explanation: a .json file that explains the answer; None for none.
        table: folder of the table; None puts it beside the scene.
    """

    image: str
    questions: tuple[str, ...]
    target: Path | None
    explanation: Path | None
    table: str | None


def uses_table(
    image: str,
    reading: options.Reading,
    tiling: Tiling,
    choice: options.ModelChoice,
    table: str | None,
    *,
    others: Sequence[str],
) -> bool:
    """Whether sentences are answered from a table: where one is asked for, or an image is large.

    The whole image is read at `local.max_side` pixels a side at most: a larger one would lose
    detail. A mosaic always has a table.

    Args:
        image: a raster, or a folder, list or STAC document that names some.
        reading: how it is read.
        tiling: how a table is made.
        choice: of the model.
        table: its folder, where one was named.
        others: options that were given and that need the whole image.

    Raises:
        InputError: a table is needed, and an option does not go with it.
    """
    from dgl_rsis.config import make_settings
    from dgl_rsis.geo.mosaic import names_files, scene_files
    from dgl_rsis.scene.survey import pixels_asked

    scene_files(image, tiling.asset)  # says what is wrong before a model is loaded
    is_mosaic = names_files(image)
    asked = [f"--{name.replace('_', '-')}" for name in tiling.given()]
    if table is not None:
        asked.insert(0, "--table")
    if not (is_mosaic or asked):
        settings = make_settings(choice.preset, choice.overrides)
        is_possible = settings.select.enabled and settings.program.enabled and not others
        return is_possible and pixels_asked(image, reading.scene(None)) > settings.local.max_side**2
    if others:
        reason = "a mosaic" if is_mosaic else asked[0]
        raise InputError(f"{others[0]} needs the whole image and does not go with {reason}")
    return True


def refer(
    request: Request,
    reading: options.Reading,
    tiling: Tiling,
    choice: options.ModelChoice,
    console: Console,
    *,
    explained: bool,
    overwrite: bool,
) -> None:
    """Answer sentences about a scene and show the answers.

    Args:
        request: what is asked.
        reading: how the image is read.
        tiling: how a table is made.
        choice: of the model.
        console: where the answers are shown.
        explained: whether they are shown step by step.
        overwrite: whether a table that was made of something else, or was not finished, is
            replaced.

    Raises:
        InputError: something that the user gave cannot be used.
        typer.Exit: tiles failed, or nothing matched.
    """
    from dgl_rsis.scene.asking import check_place, open_scene

    began = time.perf_counter()
    check_place(request.image, request.table, resume=tiling.resume, overwrite=overwrite)
    with console.progress("loading the model", "tiles") as progress, tiling.remarks():
        loaded = load_model(choice, console)
        try:
            scene = open_scene(
                request.image,
                model=loaded,
                reading=reading.scene(tiling.gsd, tiling.asset),
                table=request.table,
                tile_size=tiling.tile_size,
                workers=tiling.workers,
                ray=tiling.ray,
                resume=tiling.resume,
                overwrite=overwrite,
                progress=progress,
            )
        except KeyboardInterrupt:
            console.say("interrupted; finished tiles are kept: --resume goes on with them")
            raise
    answers = [scene.refer(question) for question in request.questions]
    paths = save_answers(answers, request.target, explain=request.explanation)
    seconds = time.perf_counter() - began
    table = scene.table
    if paths:
        paths = record(
            "refer",
            paths,
            options={"table": request.table, **reading.given(), **tiling.given(), **choice.given()},
            raster=None,
            seconds=seconds,
            model=loaded,
            facts={
                "input": {**table.header["facts"]["input"], **table.header["source"]},
                "table": {"folder": table.folder, "parts": len(table), **table.header["tiles"]},
                "answers": [_described(answer) for answer in answers],
            },
        )
    lexicon = loaded.settings.knowledge.words.lexicon
    _show(answers, paths, console, seconds, table.folder, lexicon=lexicon, explained=explained)
    failed = table.header["tiles"]["failed"]
    for tile, reason in failed.items():
        console.say(f"tile {tile}: {reason}")
    if failed:
        raise typer.Exit(FAILED_TILES)
    if not any(answer.chosen for answer in answers):
        raise typer.Exit(NOTHING_MATCHED)


def _described(answer: SceneAnswer) -> dict[str, Any]:
    from dgl_rsis.manifest import describe_query

    return {
        **describe_query(answer.query),
        "chosen": len(answer.chosen),
        "notes": list(answer.notes),
    }


def _show(
    answers: Sequence[SceneAnswer],
    paths: Sequence[Path],
    console: Console,
    seconds: float,
    folder: Path,
    *,
    lexicon: Lexicon,
    explained: bool,
) -> None:
    from dgl_rsis.outputs import describe_answer

    for answer in answers:
        for line in answer_lines(answer, lexicon, explained=explained):
            console.show(line)
    if paths:
        console.show(f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show(f"the table of the scene is {folder}: further sentences do not read the image")
    console.show_json(
        {
            "answers": [describe_answer(answer) for answer in answers],
            "outputs": list(paths),
            "table": folder,
            "seconds": round(seconds, 3),
        }
    )
