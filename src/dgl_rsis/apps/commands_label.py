"""The command label: the user's polygons get classes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dgl_rsis.apps import options, scene_options, word_files
from dgl_rsis.apps.commands_map import VectorOutput
from dgl_rsis.apps.console import FAILED_TILES, NOTHING_MATCHED, Console, load_model, table
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
    """Your polygons in, the same polygons with classes out.

    Every feature keeps its attributes, its id and its CRS, and gets the columns class, score,
    runner_up, runner_up_score, area_m2 and note; all with the prefix label_ where the file has one
    of these already. The note tells of polygons that are invalid, outside the image or on no data.
    Scenes of any size are read in tiles; IMAGE may be a folder, a text file with a path or URL a
    line, or a STAC ItemCollection (file or URL): one mosaic. Where there are several tiles, a run
    goes on with --resume after a kill.
    """
    from dgl_rsis.apps.finished_run import finished_run, inputs_of
    from dgl_rsis.geo.output_file import check_output
    from dgl_rsis.geo.parcels import read_parcels
    from dgl_rsis.geo.writer import VECTOR_SUFFIXES
    from dgl_rsis.manifest import make_manifest, write_manifest
    from dgl_rsis.scene.crew import Crew
    from dgl_rsis.scene.journal import check_journal, is_unfinished, remove_journal
    from dgl_rsis.scene.labelling import label as label_polygons
    from dgl_rsis.scene.run_facts import weights_digest
    from dgl_rsis.scene.voting import Recording, polygons_digest
    from dgl_rsis.text.classes import read_classes

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    choice = options.ModelChoice.from_options(model, None, preset, overrides, device, precision)
    tiling = scene_options.Tiling(tile_size, workers, resume, gsd, ray, asset)
    (target,) = options.check_outputs(
        image, [(output, VECTOR_SUFFIXES)], overwrite=overwrite or resume
    )
    assert target is not None  # the option is required
    if target.resolve() == Path(polygons).resolve():
        raise OutputError(f"{target} is the input too; choose another name")
    rest = options.rest_of(other, no_other)
    names = word_files.gather_classes(classes, classes_file)
    # says what is wrong before anything is computed
    read_classes(names, other=rest, known=choice.words)
    reading = options.Reading(bands, stretch, nodata, keep_collar, bbox, aoi)
    parcels = read_parcels(polygons, layer)
    how = reading.scene(gsd, asset)
    given = {
        "classes": names,
        "other": rest,
        "layer": layer,
        **reading.given(),
        **tiling.given(),
        **choice.given(),
    }

    def inputs() -> dict[str, Any]:
        digest = polygons_digest(parcels.table.geometry.to_numpy())
        return {**inputs_of(image, how), "polygons_digest": digest}

    if resume and not overwrite:
        known = finished_run([target], given, inputs)
        if known is not None:
            console.show(f"{target} is complete: nothing is left to do")
            _show(known, target, console)
            return
        check_output(target, overwrite=is_unfinished(target), suffixes=VECTOR_SUFFIXES)
    check_journal(target, resume=resume, overwrite=overwrite)
    crew = Crew(workers, ray)
    crew.check(choice.name)
    with console.progress("loading the model", "tiles") as progress, tiling.remarks():
        loaded = load_model(choice, console)
        try:
            result = label_polygons(
                loaded,
                image,
                parcels,
                names,
                other=rest,
                reading=how,
                progress=progress,
                tile_size=tile_size,
                crew=crew,
                recording=Recording(target, resume, overwrite),
            )
        except KeyboardInterrupt:
            if is_unfinished(target):
                console.say("interrupted; finished tiles are kept: --resume goes on with them")
            raise
    result.save(target)
    seconds = time.perf_counter() - began
    crs, frame = result.table.crs, result.scene.frame
    made = make_manifest(
        command="label",
        options=given,
        raster=None,
        outputs=[target],
        seconds=seconds,
        model=loaded,
        facts={
            "model": {
                **asdict(loaded.backbone.card),
                "weights": weights_digest(Path(loaded.backbone.card.source)),
            },
            "input": {
                "path": str(Path(image).resolve()),
                **inputs(),
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
    write_manifest(target, made)
    if is_unfinished(target) and not result.failed:
        remove_journal(target)
    _show(made, target, console)


def _show(manifest: Mapping[str, Any], target: Path, console: Console) -> None:
    """Show what was made, as its manifest has it.

    Raises:
        typer.Exit: tiles failed, or no polygon has a class.
    """
    from dgl_rsis.manifest import manifest_path

    counts, failed, notes = (manifest[name] for name in ("classes", "failed_tiles", "notes"))
    labelled = sum(counts.values())
    without = manifest["polygons"]["features"] - labelled
    for note in notes:
        console.say(f"note: {note}")
    for part, reason in failed.items():
        console.say(f"pixels {part}: {reason}")
    rows = [*counts.items(), *([("(no class)", without)] if without else [])]
    for line in table([[name, f"{count} polygons"] for name, count in rows]):
        console.show(line)
    paths, seconds = [target, manifest_path(target)], manifest["seconds"]
    console.show(f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show_json(
        {
            "outputs": paths,
            "polygons": counts,
            "no_class": without,
            "failed_tiles": failed,
            "columns": manifest["columns"],
            "notes": notes,
            "seconds": seconds,
        }
    )
    if failed:
        raise typer.Exit(FAILED_TILES)
    if not labelled:
        raise typer.Exit(NOTHING_MATCHED)
