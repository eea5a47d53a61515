"""Commands that tell how good a map is: assess sample, assess estimate, assess compare."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.assessment_options import (
    EXPECTED,
    STANDARD_ERROR,
    check_size,
    expected_accuracies,
    renames,
)
from dgl_rsis.apps.assessment_report import (
    REPORT_SUFFIXES,
    class_rows,
    matrix_rows,
    overall_line,
    write_report,
)
from dgl_rsis.apps.console import Console, table
from dgl_rsis.apps.saving import record
from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    from dgl_rsis.geo.class_windows import ClassMapFile

VECTOR_REFERENCES = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".parquet", ".kml")

assess = typer.Typer(
    name="assess",
    help="How accurate a class map is, and how large its classes really are.",
    no_args_is_help=True,
)

MapArgument = Annotated[
    str, typer.Argument(help="A class map of ours, or any raster of integers.", metavar="MAP")
]
ReportOutput = Annotated[
    str | None,
    typer.Option("--output", "-o", help="Report as .md or .json.", metavar="FILE"),
]


def _examples(*lines: str) -> str:
    return "\n".join(["\b", "Examples:", *(f"  dgl-rsis assess {line}" for line in lines)])


@assess.command(
    epilog=_examples(
        "sample map.tif -o sample.gpkg --total 400",
        "sample map.tif -o sample.gpkg --standard-error 0.02 --expected-accuracy 0.9 "
        "--expected-accuracy road=0.7",
    )
)
def sample(
    map_file: MapArgument,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            "--out",
            help="Points as .gpkg, .geojson, .parquet or .fgb.",
            metavar="FILE",
        ),
    ],
    total: Annotated[
        int | None, typer.Option(help="How many points; without: by --standard-error.", min=1)
    ] = None,
    standard_error: Annotated[
        float | None,
        typer.Option(
            help="Standard error of the overall accuracy that decides how many points.",
            show_default=str(STANDARD_ERROR),
        ),
    ] = None,
    expected_accuracy: Annotated[
        list[str] | None,
        typer.Option(
            help="User's accuracy to expect, for all classes or as CLASS=SHARE; repeatable.",
            show_default=str(EXPECTED),
            metavar="SHARE",
        ),
    ] = None,
    least_per_class: Annotated[
        int, typer.Option(help="Least points of a class, however rare.", min=2)
    ] = 50,
    seed: Annotated[int, typer.Option(help="Of the random numbers.", min=0)] = 0,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Draw random points of every class of a map, for somebody to say what is really there.

    Fill in the column `reference` (in QGIS, against better images), without looking at
    `map_class`, and give the file to `assess estimate`.
    """
    import numpy as np

    from dgl_rsis.benchmark.assessment import allocate, sample_size
    from dgl_rsis.benchmark.sampling import draw_sample
    from dgl_rsis.geo.class_windows import area_note, count_classes, open_class_map
    from dgl_rsis.geo.vector import write_vectors
    from dgl_rsis.geo.writer import VECTOR_SUFFIXES

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    (target,) = options.check_outputs(map_file, [(output, VECTOR_SUFFIXES)], overwrite=overwrite)
    check_size(total, standard_error, expected_accuracy)
    with open_class_map(map_file) as file, console.progress("counting the classes"):
        classes = count_classes(file)
        pixels = np.array([each.pixels for each in classes])
        floor = int(np.minimum(least_per_class, pixels).sum())
        if total is None:
            accuracies = expected_accuracies(
                expected_accuracy or [], [each.name for each in classes]
            )
            wanted = standard_error or STANDARD_ERROR
            size = sample_size(pixels / pixels.sum(), accuracies, wanted, int(pixels.sum()))
        elif total < floor:
            raise InputError(
                f"--total {total} is too few for {len(classes)} classes of at least "
                f"{least_per_class} points; take {floor} or more, or a lower --least-per-class"
            )
        else:
            size = min(total, int(pixels.sum()))
        points = allocate(size, pixels, least_per_class)
        drawn = draw_sample(file, classes, points, seed=seed)
        notes = [note for note in (area_note(file),) if note]
        described = _described(file)
    if int(points.sum()) > size:
        notes.append(
            f"{size} points would do for all classes together, {int(points.sum())} give each "
            f"class {least_per_class}"
        )
    assert target is not None  # the option is required
    write_vectors(target, drawn)
    rows = [["class", "pixels", "share", "points"]]
    shares = pixels / pixels.sum()
    for each, share, count in zip(classes, shares, points.tolist(), strict=True):
        rows.append([each.name, f"{each.pixels:,}", f"{share:.2%}", str(count)])
    facts = {
        "classes": [
            {"class": each.name, "pixels": each.pixels, "points": count}
            for each, count in zip(classes, points.tolist(), strict=True)
        ],
        "points": int(points.sum()),
    }
    paths = record(
        "assess sample",
        [target],
        options={
            "total": total,
            "standard_error": standard_error,
            "expected_accuracy": expected_accuracy,
            "least_per_class": least_per_class,
            "seed": seed,
        },
        raster=None,
        seconds=time.perf_counter() - began,
        facts={"input": described, **facts},
        notes=notes,
    )
    _say_notes(notes, console)
    for line in table(rows):
        console.show(line)
    console.show(f"{facts['points']} points; wrote {', '.join(map(str, paths))}")
    console.show_json({"outputs": paths, **facts, "notes": notes})


@assess.command(
    epilog=_examples(
        "estimate map.tif --sample labelled.gpkg",
        "estimate map.tif --sample labelled.csv -o report.md",
    )
)
def estimate(
    map_file: MapArgument,
    labelled: Annotated[
        str,
        typer.Option(
            "--sample",
            help="Points of `assess sample` with the column `reference` filled in, or a .csv "
            "with the columns `map_class` and `reference`.",
            metavar="FILE",
        ),
    ],
    output: ReportOutput = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Estimate accuracy and true areas from labelled points, with intervals of 95 %.

    Stratified estimators of Olofsson et al. (2014): unlike pixel counts, the areas are not biased
    by the errors of the map.
    """
    import numpy as np

    from dgl_rsis.benchmark.assessment import from_sample, to_records
    from dgl_rsis.benchmark.sampling import read_sample
    from dgl_rsis.geo.class_windows import (
        area_note,
        area_unit,
        count_classes,
        open_class_map,
    )

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    (target,) = options.check_outputs(map_file, [(output, REPORT_SUFFIXES)], overwrite=overwrite)
    with open_class_map(map_file) as file, console.progress("counting the classes"):
        classes = count_classes(file)
        found = read_sample(labelled, file, classes)
        notes = [*found.notes, *(note for note in (area_note(file),) if note)]
        described, unit = _described(file), area_unit(file.frame)
    areas = np.zeros(len(found.names))
    areas[: len(classes)] = [each.area for each in classes]
    assessment = from_sample(found.counts, areas, found.names)
    facts = {
        "map": map_file,
        "reference": labelled,
        "points": int(found.counts.sum()),
        "area_unit": unit,
        **to_records(assessment, found.names, float(areas.sum())),
        "notes": notes,
    }
    given = {"sample": labelled}
    _finish("assess estimate", facts, target, console, described, given, began)


@assess.command(
    epilog=_examples(
        "compare map.tif --reference truth.tif --rename 1=water --rename 2=road",
        "compare map.tif --reference parcels.gpkg --column land_use -o report.json",
    )
)
def compare(
    map_file: MapArgument,
    reference: Annotated[
        str,
        typer.Option(
            help="True classes: a raster on any grid, or a vector file of polygons.",
            metavar="FILE",
        ),
    ],
    column: Annotated[
        str, typer.Option(help="Column of the polygons with their class.", metavar="NAME")
    ] = "class",
    rename: Annotated[
        list[str] | None,
        typer.Option(
            help="What the map calls a class of the reference; repeatable.", metavar="FROM=TO"
        ),
    ] = None,
    output: ReportOutput = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare a map with a reference that covers it: a full count, without sampling intervals.

    The reference is read at the centres of the pixels of the map. Pixels without a class in
    either are not counted.
    """
    from dgl_rsis.benchmark.assessment import from_full_count, to_records
    from dgl_rsis.benchmark.full_count import count_pixels, polygon_reference, raster_reference
    from dgl_rsis.geo.class_windows import (
        area_note,
        area_unit,
        count_classes,
        open_class_map,
    )

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    (target,) = options.check_outputs(map_file, [(output, REPORT_SUFFIXES)], overwrite=overwrite)
    renamed = renames(rename or ())
    with open_class_map(map_file) as file, console.progress("comparing"):
        if Path(reference).suffix.lower() in VECTOR_REFERENCES:
            polygons, name_of = polygon_reference(file, reference, column)
            found = count_pixels(file, polygons, name_of, renamed)
        else:
            with open_class_map(reference) as other:
                found = count_pixels(file, raster_reference(file, other), other.name_of, renamed)
        classes = count_classes(file)
        notes = [*found.notes, *(note for note in (area_note(file),) if note)]
        described, unit = _described(file), area_unit(file.frame)
    if found.left_out:
        notes.append(f"{found.left_out} pixels of the map have no reference and are left out")
    pixels = int(found.counts.sum())
    area = pixels * sum(each.area for each in classes) / sum(each.pixels for each in classes)
    facts = {
        "map": map_file,
        "reference": reference,
        "pixels": pixels,
        "pixels_left_out": found.left_out,
        "area_unit": unit,
        **to_records(from_full_count(found.counts), found.names, area),
        "notes": notes,
    }
    given = {"reference": reference, "column": column, "rename": renamed}
    _finish("assess compare", facts, target, console, described, given, began)


def _described(file: ClassMapFile) -> dict[str, Any]:
    """The map, for the manifest."""
    return {
        "path": str(file.path.resolve()),
        "width": file.shape[1],
        "height": file.shape[0],
        "crs": None if file.frame is None else file.frame.crs,
        "transform": None if file.frame is None else list(file.frame.transform),
    }


def _say_notes(notes: Sequence[str], console: Console) -> None:
    for note in notes:
        console.say(f"note: {note}")


def _finish(
    command: str,
    facts: Mapping[str, Any],
    target: Path | None,
    console: Console,
    described: Mapping[str, Any],
    given: Mapping[str, Any],
    began: float,
) -> None:
    """Write the report, if there is one, and show the figures."""
    paths: list[Path] = []
    if target is not None:
        write_report(target, facts)
        paths = record(
            command,
            [target],
            options=given,
            raster=None,
            seconds=time.perf_counter() - began,
            facts={"input": described},
            notes=facts["notes"],
        )
    _say_notes(facts["notes"], console)
    for line in (*table(matrix_rows(facts)), "", *table(class_rows(facts))):
        console.show(line)
    console.show(overall_line(facts))
    if paths:
        console.show(f"wrote {', '.join(map(str, paths))}")
    console.show_json({"outputs": paths, **facts})
