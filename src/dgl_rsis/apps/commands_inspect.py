"""Commands that look at models, images and the installation: models, info, doctor."""

from __future__ import annotations

import importlib.util
import os
import platform
from typing import Annotated, Any

import typer

from dgl_rsis import __version__
from dgl_rsis.apps import options, scene_options
from dgl_rsis.apps.console import table
from dgl_rsis.errors import InputError, did_you_mean

HF = "hf"
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    HF: (("transformers", "huggingface_hub"), "CLIP, SigLIP, SAM and other checkpoints"),
    "parquet": (("pyarrow",), "GeoParquet output"),
    "ray": (("ray",), "workers on a cluster"),
    "notebook": (("lonboard",), "results on an interactive map in notebooks"),
    "xarray": (("xarray",), "results as labelled grids"),
    "serve": (("fastapi", "uvicorn", "rio_tiler", "python_multipart"), "the map and the service"),
}
"""Extras that users may want: the modules they bring, and for what."""

models = typer.Typer(
    name="models", help="Which models there are, and their terms.", no_args_is_help=True
)


@models.command("list")
def list_all(
    kind: Annotated[
        str | None,
        typer.Option(help="backbone, affinity, activation or proposer only.", metavar="KIND"),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List models that are known to work, by kind, and what it takes to load each.

    Any other checkpoint of the same architectures works too: hf:ORG/NAME, openclip:FILE, dir:FOLDER.
    """
    from dataclasses import asdict

    from dgl_rsis.manifest import to_json
    from dgl_rsis.models.catalogue import KINDS, USES, built_in_proposers
    from dgl_rsis.models.overview import list_models, state_of

    if kind is not None and kind not in KINDS:
        raise InputError(
            f"unknown kind {kind!r}: use {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"
        )
    entries = [
        entry for entry in (*list_models(), *built_in_proposers()) if kind in (None, entry.kind)
    ]
    entries.sort(key=lambda entry: (KINDS.index(entry.kind), not entry.embedded))
    if as_json:
        facts = [
            {**asdict(entry), "download": entry.download, "state": state_of(entry)}
            for entry in entries
        ]
        typer.echo(to_json(facts))
        return
    for each in KINDS if kind is None else (kind,):
        rows = [["name", "state", "size", "input", "licence", "what it is"]]
        for entry in entries:
            if entry.kind == each:
                unknown = "-" if entry.embedded else "?"
                size = unknown if entry.size_mb is None else f"{entry.size_mb} MB"
                side = unknown if entry.input_size is None else f"{entry.input_size} px"
                terms = entry.licence or "see its page"
                rows.append([entry.name, state_of(entry), size, side, terms, entry.description])
        typer.echo(f"{each}: {USES[each]}")
        for line in table(rows):
            typer.echo(line)
        if each == "proposer":
            typer.echo("  your own masks need no proposer: refer --candidates FILE, of polygons")
        typer.echo("")
    typer.echo("`dgl-rsis models show NAME` tells the paper and the command that downloads it")
    missing = missing_extras()
    if HF in missing:
        typer.echo(f"what needs the extra {HF}: {missing[HF]}")


@models.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="rs-tiny, hf:ORG/NAME, openclip:FILE, dir:FOLDER, or a proposer, e.g. sam2."
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Show paper, licence, size and place of a model without loading it, or how to get it."""
    from dgl_rsis.manifest import to_json
    from dgl_rsis.models.overview import show_model

    facts = show_model(name)
    if as_json:
        typer.echo(to_json(facts))
        return
    known = [
        [key.replace("_", " "), _shown(value)]
        for key, value in facts.items()
        if value is not None and value != ""
    ]
    for line in table(known, indent=0):
        typer.echo(line)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def info(
    image: options.ImageArgument,
    bbox: options.Bbox = None,
    aoi: options.Aoi = None,
    gsd: scene_options.GroundSampling = None,
    tile_size: scene_options.TileSize = None,
    workers: scene_options.Workers = None,
    asset: scene_options.Asset = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what an image holds, what would be read, and what a run would take.

    With --bbox, --aoi, --gsd, --tile-size and --workers it predicts a run in tiles with these options.
    """
    from dgl_rsis.apps.run_estimates import estimate_lines, estimates, estimates_in_tiles
    from dgl_rsis.config import make_settings
    from dgl_rsis.geo.mosaic import mosaic_text, scene_files
    from dgl_rsis.geo.raster import describe
    from dgl_rsis.manifest import to_json

    files = scene_files(image, asset)
    facts = describe(files[0] if len(files) == 1 else mosaic_text(files))
    facts |= {"path": image, "files": len(files)}
    facts["estimates"] = estimates(facts["width"] * facts["height"], facts["memory_bytes"])
    reading = options.Reading(None, "auto", None, False, bbox, aoi)
    facts["estimates_in_tiles"] = estimates_in_tiles(
        image, reading.scene(gsd, asset), tile_size=tile_size, workers=workers or 1
    )
    most = make_settings("default").local.max_side ** 2
    if len(files) > 1 or facts["width"] * facts["height"] > most:
        facts["notes"] = [
            *facts["notes"],
            "it is computed in tiles, except where pictures, heat maps or candidates need the whole",
        ]
    if as_json:
        typer.echo(to_json(facts))
        return
    metres, north = facts["metres_per_pixel"], facts["north_degrees"]
    pixel = "unknown" if metres is None else f"{metres[0]:.4g} x {metres[1]:.4g} m a pixel"
    read = facts["bands_to_read"]
    rows = [
        [
            "file",
            f"{facts['path']} ({facts['driver']}, {facts['compression'] or 'not compressed'})",
        ],
        [
            "size",
            f"{facts['width']} x {facts['height']} pixels, {facts['bands']} x {facts['dtype']}",
        ],
        ["colours", _shown(facts["colour_interpretation"])],
        ["bands to read", "unclear" if read is None else _shown(read)],
        ["alpha band", "none" if facts["alpha"] is None else str(facts["alpha"])],
        ["no data", ", ".join("none" if v is None else str(v) for v in facts["nodata"])],
        ["CRS", (facts["crs"] or "none")[:100]],
        ["resolution", pixel],
        ["north", "unknown" if north is None else f"{north:.1f} degrees clockwise from up"],
        ["bounds", "none" if facts["bounds"] is None else _shown(facts["bounds"])],
        ["blocks", " x ".join(map(str, facts["block_shape"]))],
        ["overviews", _shown(facts["overviews"])],
    ]
    rows += estimate_lines(facts["estimates"], facts["estimates_in_tiles"])
    for line in table(rows, indent=0):
        typer.echo(line)
    for note in facts["notes"]:
        typer.echo(f"note: {note}")


def doctor(as_json: options.AsJson = False) -> None:
    """Show versions, devices, which models are ready, and what installs what is missing."""
    from dgl_rsis.device import PRECISIONS, choose_device, choose_precision, computes_in, devices
    from dgl_rsis.manifest import library_versions, to_json
    from dgl_rsis.models.overview import list_models, state_of

    device, reason = choose_device("auto")
    precision, why = choose_precision("auto", device)
    missing = missing_extras()
    states: dict[str, list[str]] = {}
    for entry in list_models():
        states.setdefault(state_of(entry), []).append(entry.name)
    facts: dict[str, Any] = {
        "dgl_rsis": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "libraries": library_versions(),
        "devices": devices(),
        "device": device,
        "device_reason": reason,
        "precision": precision,
        "precision_reason": why,
        "precisions": [name for name in PRECISIONS[1:] if computes_in(name, device)],
        "embedded_model": list_models()[0].size_mb is not None,
        "models": states,
        "missing_extras": missing,
    }
    if as_json:
        typer.echo(to_json(facts))
        return
    rows = [
        ["dgl-rsis", __version__],
        ["python", f"{facts['python']} on {facts['system']}, {facts['cores']} cores"],
        *[[name, version or "not installed"] for name, version in facts["libraries"].items()],
        *[["device there", f"{name} ({what})"] for name, what in facts["devices"].items()],
        ["device chosen", f"{device} ({reason})"],
        ["precision", f"{precision} ({why}); can do {', '.join(facts['precisions'])}"],
        ["rs-tiny", "embedded" if facts["embedded_model"] else "its weights are not installed"],
        ["models ready", ", ".join(states.pop("ready", [])) or "none"],
        *[[f"models: {state}", f"{len(names)}"] for state, names in states.items()],
    ]
    for line in table(rows, indent=0):
        typer.echo(line)
    typer.echo("`dgl-rsis models list` names them all, `dgl-rsis models show NAME` how to get one")
    for name, line in missing.items():
        typer.echo(f"missing: {EXTRAS[name][1]}: {line}")
    if not missing:
        typer.echo("all extras are installed")


def missing_extras() -> dict[str, str]:
    """Extras that are not installed, with the line that installs each."""
    return {
        extra: f'pip install "dgl-rsis[{extra}]"'
        for extra, (modules, _) in EXTRAS.items()
        if any(importlib.util.find_spec(module) is None for module in modules)
    }
