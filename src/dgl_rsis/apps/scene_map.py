"""`segment` for what is larger than a model reads at once: in tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.console import FAILED_TILES, NOTHING_MATCHED, Console, load_model, table
from dgl_rsis.apps.scene_options import Tiling
from dgl_rsis.errors import InputError

if TYPE_CHECKING:
    from dgl_rsis.scene.scene_map import SceneMap


@dataclass(frozen=True)
class Request:
    """What is mapped, and where to.

    Attributes:
        image: a raster, or a folder, list or STAC document that names some.
        target: of the classes.
        scores: of their probabilities; None for none.
        classes: names.
        other: see ``Model.segment``.
        min_area: smaller regions become part of a neighbour.
        simplify: tolerance of polygons.
    """

    image: str
    target: Path
    scores: Path | None
    classes: tuple[str, ...]
    other: str | bool | None
    min_area: float
    simplify: float


def streams(
    image: str,
    target: Path,
    reading: options.Reading,
    tiling: Tiling,
    choice: options.ModelChoice,
) -> bool:
    """Whether a map is made in tiles: where that is asked for, or an image is too large for one.

    The whole image is read at `local.max_side` pixels a side at most: a larger one would lose
    detail. A mosaic is always read in tiles.

    Raises:
        InputError: tiles are needed, and an option does not go with them.
    """
    from dgl_rsis.config import make_settings
    from dgl_rsis.geo.mosaic import names_files, scene_files
    from dgl_rsis.outputs import PICTURE_SUFFIXES
    from dgl_rsis.scene.survey import pixels_asked

    is_picture = target.suffix.lower() in PICTURE_SUFFIXES
    scene_files(image, tiling.asset)  # says what is wrong before a model is loaded
    is_mosaic = names_files(image)
    asked = [f"--{name.replace('_', '-')}" for name in tiling.given()]
    if not (is_mosaic or asked):
        most = make_settings(choice.preset, choice.overrides).local.max_side ** 2
        return not is_picture and pixels_asked(image, reading.scene(None)) > most
    if is_picture:
        reason = "a mosaic is mapped" if is_mosaic else f"with {asked[0]} an image is mapped"
        raise InputError(
            f"{reason} in tiles, into a raster or polygons, not {target.name}; write a .tif or a .gpkg"
        )
    return True


def segment(
    request: Request,
    reading: options.Reading,
    tiling: Tiling,
    choice: options.ModelChoice,
    console: Console,
    *,
    overwrite: bool,
) -> None:
    """Map a scene in tiles and show what was made.

    Raises:
        InputError: something that the user gave cannot be used.
        typer.Exit: tiles failed, or no class was found.
    """
    from dgl_rsis.apps.finished_run import finished_run, inputs_of
    from dgl_rsis.manifest import write_manifest
    from dgl_rsis.scene.segmenting import segment_scene
    from dgl_rsis.scene.targets import check_targets

    how = reading.scene(tiling.gsd, tiling.asset)
    given = {
        "classes": request.classes,
        "other": request.other,
        "min_area": request.min_area,
        "simplify": request.simplify,
        **reading.given(),
        **tiling.given(),
        **choice.given(),
    }
    if tiling.resume and not overwrite:
        known = finished_run(_outputs(request), given, lambda: inputs_of(request.image, how))
        if known is not None:
            console.show(f"{request.target} is complete: nothing is left to do")
            _show(known, request, console)
            return
    check_targets(
        request.image,
        request.target,
        request.scores,
        asset=tiling.asset,
        resume=tiling.resume,
        overwrite=overwrite,
    )
    made: dict[str, Any] = {}

    def finish(result: SceneMap) -> None:
        made.update(_manifest(result, request, given, loaded.settings.painter))
        write_manifest(request.target, made)

    with console.progress("loading the model", "tiles") as progress, tiling.remarks():
        loaded = load_model(choice, console)
        try:
            segment_scene(
                request.image,
                request.classes,
                request.target,
                scores=request.scores,
                other=request.other,
                min_area=request.min_area,
                simplify=request.simplify,
                model=loaded,
                reading=how,
                tile_size=tiling.tile_size,
                workers=tiling.workers,
                ray=tiling.ray,
                resume=tiling.resume,
                overwrite=overwrite,
                progress=progress,
                finish=finish,
            )
        except KeyboardInterrupt:
            console.say("interrupted; finished tiles are kept: --resume goes on with them")
            raise
    _show(made, request, console)


def _outputs(request: Request) -> list[Path]:
    """What a run writes beside its manifest, the map first."""
    from dgl_rsis.geo.side_file import side_file
    from dgl_rsis.geo.writer import RASTER_SUFFIXES

    is_raster = request.target.suffix.lower() in RASTER_SUFFIXES
    side = side_file(request.target) if is_raster else None
    return [path for path in (request.target, side, request.scores) if path is not None]


def _manifest(
    result: SceneMap, request: Request, given: Mapping[str, Any], painter: str
) -> dict[str, Any]:
    from dgl_rsis.geo.palette import class_colours
    from dgl_rsis.manifest import make_manifest
    from dgl_rsis.scene.scene_map import describe_tiles

    notes = list(result.source.notes)
    if result.failed:
        notes.append(
            f"{len(result.failed)} of {len(result.grid)} tiles could not be computed and are no "
            "data; --resume tries them again"
        )
    if result.merged:
        notes.append(
            f"{result.merged:.1%} of the pixels lay in regions below the least area and were merged"
        )
    classes = [
        {"name": name, "value": index + 1, "colour": colour, "share": result.shares[name]}
        for index, (name, colour) in enumerate(
            zip(result.classes, class_colours(result.classes), strict=True)
        )
    ]
    return make_manifest(
        command="segment",
        options=given,
        raster=None,
        outputs=_outputs(request),
        seconds=result.seconds,
        facts={
            "input": {
                **result.facts["input"],
                "valid_pixels": result.valid,
                "pixels": result.source.extent.shape,
                "transform": None if result.frame is None else result.frame.transform,
                "metres_per_pixel": (
                    None if result.frame is None else result.frame.metres_per_pixel
                ),
            },
            "model": {**asdict(result.card), "weights": result.facts["model"]["weights"]},
            "settings": result.facts["settings"],
            "classes": classes,
            "painter": painter,
            "tiles": describe_tiles(result),
        },
        notes=notes,
    )


def _show(manifest: Mapping[str, Any], request: Request, console: Console) -> None:
    """Show what was made, as its manifest has it.

    Raises:
        typer.Exit: tiles failed, or no class was found.
    """
    from dgl_rsis.manifest import manifest_path

    tiles, seconds = manifest["tiles"], manifest["seconds"]
    paths = [*_outputs(request), manifest_path(request.target)]
    shares = {each["name"]: each["share"] for each in manifest["classes"]}
    for note in manifest["notes"]:
        console.say(f"note: {note}")
    for tile, reason in tiles["failed"].items():
        console.say(f"tile {tile}: {reason}")
    rest = 1 - sum(shares.values())
    rows = [[name, f"{share:6.1%}"] for name, share in shares.items()]
    for line in table([*rows, ["(no class)", f"{rest:6.1%}"]]):
        console.show(line)
    height, width = manifest["input"]["pixels"]
    console.show(
        f"{width} x {height} pixels in {tiles['count']} tiles ({tiles['empty']} empty); "
        f"wrote {', '.join(map(str, paths))} in {seconds:.1f} s"
    )
    console.show_json(
        {
            "outputs": paths,
            "shares": shares,
            "no_class": rest,
            "notes": manifest["notes"],
            "tiles": tiles["count"],
            "empty_tiles": tiles["empty"],
            "failed_tiles": tiles["failed"],
            "seconds": seconds,
        }
    )
    if tiles["failed"]:
        raise typer.Exit(FAILED_TILES)
    if not any(shares.values()):
        raise typer.Exit(NOTHING_MATCHED)
