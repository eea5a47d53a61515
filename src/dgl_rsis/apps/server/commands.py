"""A request as the command line and Python say it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pprint import pformat
from typing import Any

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.bodies import Body, LabelBody, ReferBody, SegmentBody
from dgl_rsis.apps.server.tasks import AREA, CANDIDATES_IN, POLYGONS_IN

_TOP_K = 5  # of the command line


def commands_of(
    body: Body, name: str, choice: ModelChoice, bands: Sequence[int] | None = None
) -> dict[str, Any]:
    """The same request elsewhere.

    Args:
        body: what was asked for.
        name: of the file of the scene.
        choice: of the model of the server.
        bands: of the scene that were asked for; None goes by the file.

    Returns:
        ``cli`` and ``python``, and ``files``: those with polygons of the request that both read.
    """
    return {
        "cli": shlex.join(["dgl-rsis", *_words(body, name, choice, bands)]),
        "python": _python(body, name, choice, bands),
        "files": _files(body),
    }


def _files(body: Body) -> list[str]:
    if isinstance(body, LabelBody):
        return [POLYGONS_IN]
    files = [] if body.area is None else [AREA]
    return (
        files if isinstance(body, SegmentBody) or not body.candidates else [*files, CANDIDATES_IN]
    )


def _words(body: Body, name: str, choice: ModelChoice, bands: Sequence[int] | None) -> list[str]:
    words: list[str]
    if isinstance(body, ReferBody):
        words = ["refer", name, body.text, "-o", "answer.gpkg"]
        if body.top_k != _TOP_K:
            words += ["--top-k", str(body.top_k)]
        if body.candidates is not None:
            words += ["--candidates", CANDIDATES_IN]
        if body.heatmap:
            words += ["--heatmap", "heat.tif"]
    else:
        is_map = isinstance(body, SegmentBody)
        words = ["segment", name] if is_map else ["label", name, POLYGONS_IN]
        for each in body.classes:
            words += ["-c", each]
        words += ["-o", "map.tif" if is_map else "labelled.gpkg"]
        if isinstance(body, SegmentBody) and body.settings.min_area:
            words += ["--min-area", f"{body.settings.min_area:g}"]
    if not isinstance(body, LabelBody) and body.area is not None:
        words += ["--aoi", AREA]
    if bands is not None:
        words += ["--bands", ",".join(map(str, bands))]
    if body.settings.preset != "default":
        words += ["--preset", body.settings.preset]
    if choice.name != "rs-tiny":
        words += ["--model", choice.name]
    for stage, options in _settings(choice).items():
        for option, value in options.items():
            words += ["--set", f"{stage}.{option}={json.dumps(value)}"]  # JSON is YAML
    return words


def _settings(choice: ModelChoice) -> dict[str, dict[str, Any]]:
    """What differs from the presets, without the device, which is another one elsewhere."""
    settings = {stage: dict(options) for stage, options in choice.overrides.items()}
    settings.get("backbone", {}).pop("device", None)
    return {stage: options for stage, options in settings.items() if options}


def _python(body: Body, name: str, choice: ModelChoice, bands: Sequence[int] | None) -> str:
    imports = ["import dgl_rsis"]
    image = repr(name)
    has_area = not isinstance(body, LabelBody) and body.area is not None
    has_candidates = isinstance(body, ReferBody) and body.candidates is not None
    steps = [f"model = dgl_rsis.load({', '.join(_load_arguments(body, choice))})"]
    if has_area or has_candidates or bands is not None:
        imports.append("from dgl_rsis.geo.raster import read_raster")
        given = [] if bands is None else [f"bands={tuple(bands)}"]
        given += [f"aoi={AREA!r}"] if has_area else []
        steps.append(f"image = read_raster({', '.join([image, *given])})")
        image = "image"
    if isinstance(body, ReferBody):
        own = ""
        if has_candidates:
            imports.append("from dgl_rsis.apps.candidate_file import read_candidates")
            steps.append(f"own = read_candidates({CANDIDATES_IN!r}, image)")
            own = ", candidates=own.masks, names=own.names"
        steps.append(f"answer = model.refer({image}, {body.text!r}{own})")
        steps.append("print(answer.explain())")
        if has_candidates:  # with the outlines and attributes of the file
            imports += ["from pathlib import Path", "from dgl_rsis.apps.saving import save_answers"]
            more = "attributes=own.attributes, outlines=own.outlines"
            steps.append(f'save_answers([answer], Path("answer.gpkg"), {more})')
        else:
            steps.append('answer.save("answer.gpkg")')
    elif isinstance(body, SegmentBody):
        steps.append(f"result = model.segment({image}, {pformat(body.classes)})")
        if body.settings.min_area:
            imports.append("from dgl_rsis.outputs import sieve")
            steps.append(f"result = sieve(result, {body.settings.min_area:g})")
        steps += ["print(result.shares)", 'result.save("map.tif")']
    else:
        steps.append(f"result = model.label({image}, {POLYGONS_IN!r}, {pformat(body.classes)})")
        steps += ["print(result.counts)", 'result.save("labelled.gpkg")']
    return "\n".join([imports[0], *sorted(imports[1:]), "", *steps]) + "\n"


def _load_arguments(body: Body, choice: ModelChoice) -> list[str]:
    arguments = [] if choice.name == "rs-tiny" else [repr(choice.name)]
    if body.settings.preset != "default":
        arguments.append(f"preset={body.settings.preset!r}")
    settings = _settings(choice)
    if isinstance(body, ReferBody) and body.top_k != _TOP_K:
        settings.setdefault("select", {})["top_k"] = body.top_k
    return [*arguments, *([f"settings={settings!r}"] if settings else [])]
