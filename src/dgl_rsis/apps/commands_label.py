"""The command label: the user's polygons get classes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from dgl_rsis.apps import options, scene_options, word_files
from dgl_rsis.apps.commands_map import VectorOutput
from dgl_rsis.apps.console import FAILED_TILES, NOTHING_MATCHED, Console, load_model, table
from dgl_rsis.apps.saving import record
from dgl_rsis.errors import OutputError


def label(
    image: options.ImageArgument,
    polygons: Annotated[
        str,
        typer.Argument(
            help="Vector file in any CRS: GeoPackage, GeoJSON, Shapefile, GeoParquet.",
            metavar="POLYGONS",
        ),
    ],
    output: VectorOutput,
    classes: options.Classes = None,
    classes_file: options.ClassesFile = None,
    other: options.Other = None,
    no_other: Annotated[
        bool, typer.Option("--no-other", help="Force every polygon into one of the classes.")
    ] = False,
    layer: Annotated[
        str | None,
        typer.Option(help="Layer of the vector file; without: the first.", metavar="NAME"),
    ] = None,
    bbox: options.Bbox = None,
    aoi: options.Aoi = None,
    bands: options.Bands = None,
    stretch: options.Stretch = "auto",
    nodata: options.NoData = None,
    keep_collar: options.KeepCollar = False,
    model: options.ModelName = "rs-tiny",
    preset: options.Preset = "default",
    overrides: options.Overrides = None,
    device: options.Device = None,
    precision: options.Precision = None,
    gsd: scene_options.GroundSampling = None,
    asset: scene_options.Asset = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Your polygons in, the same polygons with classes out.

    Every feature keeps its attributes, its id and its CRS, and gets the columns class, score,
    runner_up, runner_up_score, area_m2 and note; all with the prefix label_ where the file has one
    of these already. The note tells of polygons that are invalid, outside the image or on no data.
    Scenes of any size are read in tiles; IMAGE may be a folder, a text file with a path or URL a
    line, or a STAC ItemCollection (file or URL): one mosaic.
    """
    from dgl_rsis.geo.parcels import read_parcels
    from dgl_rsis.geo.writer import VECTOR_SUFFIXES
    from dgl_rsis.scene.labelling import label as label_polygons
    from dgl_rsis.text.classes import read_classes

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    choice = options.ModelChoice.from_options(model, None, preset, overrides, device, precision)
    (target,) = options.check_outputs(image, [(output, VECTOR_SUFFIXES)], overwrite=overwrite)
    assert target is not None  # the option is required
    if target.resolve() == Path(polygons).resolve():
        raise OutputError(f"{target} is the input too; choose another name")
    rest = options.rest_of(other, no_other)
    names = word_files.gather_classes(classes, classes_file)
    read_classes(
        names, other=rest, known=choice.words
    )  # says what is wrong before anything is computed
    reading = options.Reading(bands, stretch, nodata, keep_collar, bbox, aoi)
    parcels = read_parcels(polygons, layer)
    how = reading.scene(gsd, asset)
    with console.progress("loading the model") as progress:
        loaded = load_model(choice, console)
        result = label_polygons(
            loaded, image, parcels, names, other=rest, reading=how, progress=progress
        )
    result.save(target)
    seconds = time.perf_counter() - began
    given = {
        "classes": names,
        "other": rest,
        "layer": layer,
        "gsd": gsd,
        "asset": asset,
        **reading.given(),
        **choice.given(),
    }
    crs, frame = result.table.crs, result.scene.frame
    paths = record(
        "label",
        [target],
        options=given,
        raster=None,
        seconds=seconds,
        model=loaded,
        facts={
            "input": {
                "path": str(Path(image).resolve()),
                **result.scene.facts,
                "transform": None if frame is None else list(frame.transform),
            },
            "polygons": {
                "path": str(Path(polygons).resolve()),
                "layer": parcels.layer,
                "features": len(parcels.table),
                "crs": None if crs is None else crs.to_string(),
            },
            "columns": result.names,
            "classes": result.counts,
            "failed_tiles": dict(result.failed),
        },
        notes=result.notes,
    )
    labelled = sum(result.counts.values())
    without = len(parcels.table) - labelled
    for note in result.notes:
        console.say(f"note: {note}")
    for part, reason in result.failed.items():
        console.say(f"pixels {part}: {reason}")
    rows = [*result.counts.items(), *([("(no class)", without)] if without else [])]
    for line in table([[name, f"{count} polygons"] for name, count in rows]):
        console.show(line)
    console.show(f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show_json(
        {
            "outputs": paths,
            "polygons": result.counts,
            "no_class": without,
            "failed_tiles": dict(result.failed),
            "columns": result.names,
            "notes": result.notes,
            "seconds": round(seconds, 3),
        }
    )
    if result.failed:
        raise typer.Exit(FAILED_TILES)
    if not labelled:
        raise typer.Exit(NOTHING_MATCHED)
