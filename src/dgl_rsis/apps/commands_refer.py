"""Commands about sentences: refer, parse."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dgl_rsis.apps import options, scene_options, scene_refer, word_files
from dgl_rsis.apps.answer_lines import answer_lines, unknown_words
from dgl_rsis.apps.candidate_file import read_candidates
from dgl_rsis.apps.console import NOTHING_MATCHED, Console, load_model, table
from dgl_rsis.apps.saving import record_answers, save_answers
from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    from dgl_rsis.results import ReferResult
    from dgl_rsis.text.lexicon import Lexicon

Sentence = Annotated[
    str | None, typer.Argument(help="What to find, in English.", metavar="SENTENCE")
]


def refer(
    image: options.ImageArgument,
    sentence: Sentence = None,
    sentences: Annotated[
        str | None,
        typer.Option(help="CSV with a column `sentence`, instead of one.", metavar="FILE"),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Ranked matches as .gpkg, .geojson, .parquet or .fgb; an explanation as .png or "
            ".json.",
            metavar="FILE",
        ),
    ] = None,
    heatmap: Annotated[
        str | None, typer.Option(help="Where the model looked, as .tif.", metavar="FILE")
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Print why this answer, step by step, and write it as .png or .json.",
            metavar="FILE",
        ),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Length of the ranking.", min=1, metavar="NUMBER")
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            help="Vector file with the polygons to choose from, in any CRS; a column `name` or "
            "`class` is matched with the words.",
            metavar="FILE",
        ),
    ] = None,
    names_from: Annotated[
        str | None,
        typer.Option(help="Column with the names of the candidates.", metavar="COLUMN"),
    ] = None,
    scores_from: Annotated[
        str | None,
        typer.Option(
            help="Column that says how sure the names are, from 0 to 1.", metavar="COLUMN"
        ),
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Fit a region of the image to candidate boxes.")
    ] = False,
    bbox: options.Bbox = None,
    aoi: options.Aoi = None,
    bands: options.Bands = None,
    stretch: options.Stretch = "auto",
    nodata: options.NoData = None,
    keep_collar: options.KeepCollar = False,
    model: options.ModelName = "rs-tiny",
    proposer: options.ProposerName = None,
    preset: options.Preset = "default",
    overrides: options.Overrides = None,
    device: options.Device = None,
    precision: options.Precision = None,
    scene_table: Annotated[
        str | None,
        typer.Option("--table", help="Folder of the table of a large scene.", metavar="FOLDER"),
    ] = None,
    tile_size: scene_options.TileSize = None,
    workers: scene_options.Workers = None,
    ray: scene_options.Ray = None,
    resume: scene_options.Resume = False,
    gsd: scene_options.GroundSampling = None,
    asset: scene_options.Asset = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """A sentence in, the object it refers to out.

    Without -o the answer is printed and nothing is written. Exit code 4: nothing matched.

    Of an image that is larger than a model reads at once, or of a folder, list or STAC
    ItemCollection of images, a table of everything in it is made first, beside it or in --table;
    --resume goes on with that after a kill. Further sentences are answered from the table, without
    the image. With --overwrite a table of other files, settings or weights is made anew.
    """
    from dgl_rsis import outputs
    from dgl_rsis.geo.writer import RASTER_SUFFIXES

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    questions = _questions(sentence, sentences)
    if candidates is None and (names_from or scores_from):
        raise InputError("--names-from and --scores-from are columns of --candidates; pass it too")
    if len(questions) > 1 and (heatmap or explain or Path(output or "").suffix.lower() == ".png"):
        raise InputError("a heat map or explanation is of one sentence; ask the others separately")
    if refine and candidates is None:
        raise InputError("--refine fits regions to the boxes of --candidates; pass it too")
    more = {} if top_k is None else {"select": {"top_k": top_k}}
    choice = options.ModelChoice.from_options(
        model, proposer, preset, overrides, device, precision, **more
    )
    targets = options.check_outputs(
        image,
        [
            (output, outputs.ANSWER_SUFFIXES),
            (heatmap, RASTER_SUFFIXES),
            (explain, outputs.EXPLANATION_SUFFIXES),
        ],
        overwrite=overwrite,
    )
    reading = options.Reading(bands, stretch, nodata, keep_collar, bbox, aoi)
    tiling = scene_options.Tiling(tile_size, workers, resume, gsd, ray, asset)
    pictures = [path for path in (output, explain) if Path(path or "").suffix.lower() == ".png"]
    others = [
        name
        for name, is_given in {
            "--candidates": candidates is not None,
            "--heatmap": heatmap is not None,
            "--proposer": proposer is not None,
            "a .png": bool(pictures),
        }.items()
        if is_given
    ]
    if scene_refer.uses_table(image, reading, tiling, choice, scene_table, others=others):
        scene_refer.refer(
            scene_refer.Request(image, tuple(questions), targets[0], targets[2], scene_table),
            reading,
            tiling,
            choice,
            console,
            explained=explain is not None,
            overwrite=overwrite,
        )
        return
    raster = reading.read(image)
    given = None
    if candidates is not None:
        given = read_candidates(candidates, raster, names_from=names_from, scores_from=scores_from)
    with console.progress("loading the model", "sentences") as progress:
        loaded = load_model(choice, console)
        results = loaded.refer_many(
            raster,
            questions,
            candidates=None if given is None else given.masks,
            names=None if given is None else given.names,
            scores=None if given is None else given.scores,
            refine=refine,
            progress=progress,
        )
    attributes = None if given is None else given.attributes
    remarks = [] if given is None else given.remarks
    # a fitted region, or a heat map that decides, has another outline than the file
    outlines = None
    if given is not None and not refine and loaded.settings.select.enabled:
        outlines = given.outlines
    paths = save_answers(results, *targets, attributes=attributes, outlines=outlines)
    columns = {"candidates": candidates, "names_from": names_from, "scores_from": scores_from}
    asked = {**columns, "refine": refine, **reading.given(), **choice.given()}
    seconds = time.perf_counter() - began
    if paths:
        paths = record_answers(
            results, paths, loaded, options=asked, seconds=seconds, notes=remarks
        )
    for remark in remarks:
        console.say(f"note: {remark}")
    lexicon = loaded.settings.knowledge.words.lexicon
    _show_answers(results, paths, console, seconds, lexicon=lexicon, explained=explain is not None)
    if not any(result.chosen for result in results):
        raise typer.Exit(NOTHING_MATCHED)


def _questions(sentence: str | None, file: str | None) -> list[str]:
    """The sentences, each with words in it."""
    from dgl_rsis.text.parse import parse

    if (sentence is None) == (file is None):
        raise InputError("pass one sentence, or a file of them with --sentences")
    if file is not None:
        return word_files.read_sentences(file)
    assert sentence is not None  # exactly one of both is there
    parse(sentence)
    return [sentence]


def _show_answers(
    results: Sequence[ReferResult],
    paths: Sequence[Path],
    console: Console,
    seconds: float,
    *,
    lexicon: Lexicon,
    explained: bool,
) -> None:
    from dgl_rsis.outputs import describe_answer

    for result in results:
        for line in answer_lines(result, lexicon, explained=explained):
            console.show(line)
    if paths:
        console.show(f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show_json(
        {
            "answers": [describe_answer(result) for result in results],
            "outputs": list(paths),
            "seconds": round(seconds, 3),
        }
    )


def parse(
    sentence: Sentence = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Show the JSON schema of programs: all words of it.")
    ] = False,
    overrides: options.Overrides = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what is understood of a sentence."""
    from dgl_rsis.config import make_settings, parse_overrides
    from dgl_rsis.manifest import describe_query, to_json
    from dgl_rsis.stages.decouple import understand
    from dgl_rsis.text.program.json_form import schema as program_schema

    if schema:
        typer.echo(to_json(program_schema()))
        return
    if sentence is None:
        raise InputError("pass a sentence, or --schema")
    settings = make_settings(overrides=parse_overrides(overrides or ()))
    query = understand(sentence, settings)
    if as_json:
        typer.echo(to_json(describe_query(query)))
        return
    rows = [
        ["target", query.target.noun],
        ["attributes", ", ".join(query.target.attributes) or "none"],
        ["words for the model", query.target.text],
        ["asked for", "all" if query.count is None else str(query.count)],
        ["program", str(query.program)],
        ["modifiers left to the model", ", ".join(query.unexecuted) or "none"],
        ["unknown words", unknown_words(sentence, settings.knowledge.words.lexicon) or "none"],
    ]
    for line in table(rows, indent=0):
        typer.echo(line)
