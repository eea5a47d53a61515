"""The command propose: what could be an object, without any words."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.commands_map import VectorOutput
from dgl_rsis.apps.console import NOTHING_MATCHED, Console, load_model
from dgl_rsis.apps.saving import record

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model
    from dgl_rsis.types import Proposals, Raster


def propose(
    image: options.ImageArgument,
    output: VectorOutput,
    min_area: Annotated[
        float, typer.Option(help="Least area of a proposal in m2; in pixels without a CRS.", min=0)
    ] = 0.0,
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
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Class-agnostic proposals as polygons: what could be an object, without any words.

    The proposer flat gives regions without nesting, tree all nested regions of both trees, sam2
    masks of a promptable network, tree+sam2 both. The file can be edited and given to
    `refer --candidates`.
    """
    from dgl_rsis import outputs
    from dgl_rsis.geo.vector import matches_frame, write_vectors
    from dgl_rsis.geo.writer import VECTOR_SUFFIXES

    began = time.perf_counter()
    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    choice = options.ModelChoice.from_options(model, proposer, preset, overrides, device, precision)
    (target,) = options.check_outputs(image, [(output, VECTOR_SUFFIXES)], overwrite=overwrite)
    reading = options.Reading(bands, stretch, nodata, keep_collar, bbox, aoi)
    raster = reading.read(image)
    with console.progress("proposing"):
        proposals, loaded = _proposals(raster, choice, console)
    least = min_area / outputs.pixel_area(raster.frame)
    kept = [index for index in range(len(proposals)) if proposals.areas[index] >= least]
    corners = proposals.boxes[:, :2].tolist()
    crops = [(proposals.crop(index), *corners[index]) for index in kept]
    assert target is not None  # the option is required
    write_vectors(target, matches_frame(crops, {"proposal": kept}, frame=raster.frame))
    seconds = time.perf_counter() - began
    notes = raster.facts.get("notes", ())
    paths = record(
        "propose",
        [target],
        options={"min_area": min_area, **reading.given(), **choice.given()},
        raster=raster,
        seconds=seconds,
        model=loaded,
        notes=notes,
    )
    for note in notes:
        console.say(f"note: {note}")
    console.show(f"{len(kept)} proposals; wrote {', '.join(map(str, paths))} in {seconds:.1f} s")
    console.show_json({"outputs": paths, "proposals": len(kept), "seconds": round(seconds, 3)})
    if not kept:
        raise typer.Exit(NOTHING_MATCHED)


def _proposals(
    raster: Raster, choice: options.ModelChoice, console: Console
) -> tuple[Proposals, Model | None]:
    """Proposals, and the model if one was needed: for features of the backbone.

    Nested regions only where they are asked for: a tree that nobody named is flattened.
    """
    from dgl_rsis.config import make_settings
    from dgl_rsis.inputs import filled
    from dgl_rsis.proposing import (
        Networks,
        check_wordless,
        find_proposals,
        needs_features,
        pixel_size,
    )

    named = choice.overrides.get("proposals", {})
    if make_settings(choice.preset, choice.overrides).proposals.proposer == "tree":
        named = {"proposer": "flat", **named}
    choice = replace(choice, overrides={**choice.overrides, "proposals": named})
    chosen = make_settings(choice.preset, choice.overrides)
    settings = chosen.proposals
    check_wordless(settings.parts)  # before a checkpoint that would not help is asked for
    if needs_features(settings):
        model = load_model(choice, console)
        return model.propose(raster), model
    found = find_proposals(
        raster,
        filled(raster),
        settings,
        Networks.load(settings, chosen.backbone),
        metres_per_pixel=pixel_size(raster),
    )
    return found.proposals, None
