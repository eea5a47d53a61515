"""Commands whose result is a map: segment, polygonize."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dgl_rsis.apps import options, scene_map, scene_options, word_files
from dgl_rsis.apps.console import NOTHING_MATCHED, Console, load_model, table
from dgl_rsis.apps.saving import record, record_map, save_map

if TYPE_CHECKING:
    from dgl_rsis.results import SegmentResult

MapOutput = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        help="Map as .tif (COG), .gpkg, .geojson, .parquet, .fgb, or .png (overlay with legend).",
        metavar="FILE",
    ),
]
VectorOutput = Annotated[
    str,
    typer.Option("--output", "-o", help=".gpkg, .geojson, .parquet or .fgb.", metavar="FILE"),
]
MinArea = Annotated[
    float,
    typer.Option(help="Least area of a region in m2; in pixels without a CRS.", min=0),
]
Simplify = Annotated[
    float,
    typer.Option(help="Tolerance of polygons in CRS units; in pixels without a CRS.", min=0),
]


def segment(
    image: options.ImageArgument,
    output: MapOutput,
    classes: options.Classes = None,
    classes_file: options.ClassesFile = None,
    other: options.Other = None,
    no_other: Annotated[
        bool, typer.Option("--no-other", help="Force every pixel into one of the classes.")
    ] = False,
    scores: Annotated[
        str | None,
        typer.Option(help="Also write the probability of the class, as .tif.", metavar="FILE"),
    ] = None,
    min_area: MinArea = 0.0,
    simplify: Simplify = 0.0,
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
    """Class names in, a map out.

    Regions below --min-area take the class of the neighbour that they share most border with.

    IMAGE may be a folder, a text file with a path or URL a line, or a STAC ItemCollection (file or
    URL): one mosaic. What is larger than a model reads at once is computed in tiles, in memory that
    does not grow with the scene; such a run goes on with --resume after a kill.
    """
    from dgl_rsis import outputs
    from dgl_rsis.geo.writer import RASTER_SUFFIXES
    from dgl_rsis.text.classes import read_classes

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    choice = options.ModelChoice.from_options(model, proposer, preset, overrides, device, precision)
    tiling = scene_options.Tiling(tile_size, workers, resume, gsd, ray, asset)
    target, scores_target = options.check_outputs(
        image,
        [(output, outputs.MAP_SUFFIXES), (scores, RASTER_SUFFIXES)],
        overwrite=overwrite or resume,  # `segment_scene` knows whether there is a run to go on with
    )
    assert target is not None  # the option is required
    rest = options.rest_of(other, no_other)
    names = word_files.gather_classes(classes, classes_file)
    # says what is wrong before anything is computed
    read_classes(names, other=rest, known=choice.words)
    reading = options.Reading(bands, stretch, nodata, keep_collar, bbox, aoi)
    if scene_map.streams(image, target, reading, tiling, choice):
        scene_map.segment(
            scene_map.Request(image, target, scores_target, tuple(names), rest, min_area, simplify),
            reading,
            tiling,
            choice,
            console,
            overwrite=overwrite,
        )
        return
    raster = reading.read(image)
    with console.progress("loading the model", "stages") as progress:
        loaded = load_model(choice, console)
        result = loaded.segment(raster, names, other=rest, progress=progress)
    result = outputs.sieve(result, min_area)
    paths = save_map(result, target, scores_target, min_area=min_area, simplify=simplify)
    given = {
        "classes": names,
        "other": rest,
        "min_area": min_area,
        "simplify": simplify,
        **reading.given(),
        **choice.given(),
    }
    seconds = time.perf_counter() - began
    paths = record_map(result, paths, loaded, options=given, seconds=seconds)
    _show_map(result, paths, console, seconds)
    if not (result.labels >= 0).any():
        raise typer.Exit(NOTHING_MATCHED)


def _show_map(result: SegmentResult, paths: list[Path], console: Console, seconds: float) -> None:
    for note in result.notes:
        console.say(f"note: {note}")
    rows = [[name, f"{share:6.1%}"] for name, share in result.shares.items()]
    rest = float((result.raster.valid & (result.labels < 0)).sum() / result.raster.valid.sum())
    rows.append(["(no class)", f"{rest:6.1%}"])
    for line in table(rows):
        console.show(line)
    console.show(f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show_json(
        {
            "outputs": paths,
            "shares": result.shares,
            "no_class": rest,
            "notes": result.notes,
            "seconds": round(seconds, 3),
        }
    )


def polygonize(
    map_file: Annotated[
        str, typer.Argument(help="A class map of ours, or any raster of integers.", metavar="MAP")
    ],
    output: VectorOutput,
    scores: Annotated[
        str | None,
        typer.Option(
            help="Scores of the same map as .tif (`segment --scores`): their mean becomes the "
            "column `score`.",
            metavar="FILE",
        ),
    ] = None,
    dissolve: Annotated[
        float,
        typer.Option(
            help="Minimum mapping unit: regions below this area, in m2 (pixels without a CRS), "
            "become part of the neighbour that they share most border with.",
            min=0,
        ),
    ] = 0.0,
    min_area: MinArea = 0.0,
    simplify: Simplify = 0.0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Turn a class map of any size into polygons.

    Maps of `segment` bring their class names; other rasters of integers have their values as
    names. Regions below --dissolve become part of a neighbour first; what is below --min-area
    then is left out. Lines that neighbours share are simplified once for both.
    """
    from contextlib import ExitStack

    from dgl_rsis.geo.class_windows import open_class_map
    from dgl_rsis.geo.dataset import open_raster
    from dgl_rsis.geo.polygonizing import measure_file
    from dgl_rsis.geo.table_writer import write_tables
    from dgl_rsis.geo.writer import VECTOR_SUFFIXES

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    (target,) = options.check_outputs(map_file, [(output, VECTOR_SUFFIXES)], overwrite=overwrite)
    assert target is not None  # the option is required
    with ExitStack() as stack:
        file = stack.enter_context(open_class_map(map_file))
        means = None if scores is None else stack.enter_context(open_raster(scores))
        stack.enter_context(console.progress("polygonizing"))
        measured = measure_file(file, means)
        if dissolve > 0:
            measured = measured.dissolved(dissolve)
        found = write_tables(target, measured.tables(min_area=min_area, simplify=simplify))
        frame, (height, width) = file.frame, file.shape
        names = measured.names if file.names is None else list(file.names)
    counts = dict(sorted(found.items(), key=lambda each: -each[1]))
    for line in table(
        [[name, f"{count} polygons"] for name, count in counts.items()] or [["", ""]]
    ):
        console.show(line)
    paths = record(
        "polygonize",
        [target],
        options={
            "scores": scores,
            "dissolve": dissolve,
            "min_area": min_area,
            "simplify": simplify,
        },
        raster=None,
        seconds=time.perf_counter() - began,
        facts={
            "input": {
                "path": str(Path(map_file).resolve()),
                "width": width,
                "height": height,
                "crs": None if frame is None else frame.crs,
                "transform": None if frame is None else list(frame.transform),
            },
            "classes": names,
            "polygons": counts,
        },
    )
    console.show(f"wrote {', '.join(map(str, paths))}")
    console.show_json({"outputs": paths, "polygons": counts})
    if not counts:
        raise typer.Exit(NOTHING_MATCHED)
