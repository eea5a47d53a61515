"""A request as the command line and Python say it."""

from __future__ import annotations

import shlex
from pprint import pformat

from dgl_rsis.apps.server.bodies import Body, LabelBody, ReferBody, SegmentBody
from dgl_rsis.apps.server.tasks import AREA

_CANDIDATES = "candidates.geojson"
_POLYGONS = "polygons.geojson"


def commands_of(body: Body, name: str, model: str) -> dict[str, str]:
    """The same request elsewhere.

    Args:
        body: what was asked for; polygons in it are meant to be saved to files.
        name: of the file of the scene.
        model: name of the model.

    Returns:
        ``cli`` and ``python``.
    """
    return {
        "cli": shlex.join(["dgl-rsis", *_words(body, name, model)]),
        "python": _python(body, name, model),
    }


def _words(body: Body, name: str, model: str) -> list[str]:
    words: list[str]
    if isinstance(body, ReferBody):
        words = ["refer", name, body.text, "-o", "answer.gpkg"]
        if body.top_k != 5:
            words += ["--top-k", str(body.top_k)]
        if body.candidates is not None:
            words += ["--candidates", _CANDIDATES]
        if body.heatmap:
            words += ["--heatmap", "heat.tif"]
    else:
        is_map = isinstance(body, SegmentBody)
        words = ["segment", name] if is_map else ["label", name, _POLYGONS]
        for each in body.classes:
            words += ["-c", each]
        words += ["-o", "map.tif" if is_map else "labelled.gpkg"]
        if isinstance(body, SegmentBody) and body.settings.min_area:
            words += ["--min-area", f"{body.settings.min_area:g}"]
    if not isinstance(body, LabelBody) and body.area is not None:
        words += ["--aoi", AREA]
    if body.settings.preset != "default":
        words += ["--preset", body.settings.preset]
    if model != "rs-tiny":
        words += ["--model", model]
    return words


def _python(body: Body, name: str, model: str) -> str:
    arguments = [] if model == "rs-tiny" else [repr(model)]
    if body.settings.preset != "default":
        arguments.append(f"preset={body.settings.preset!r}")
    lines = ["import dgl_rsis", "", f"model = dgl_rsis.load({', '.join(arguments)})"]
    image = repr(name)
    if not isinstance(body, LabelBody) and body.area is not None:
        lines.insert(1, "from dgl_rsis.geo.raster import read_raster")
        lines.append(f"image = read_raster({image}, aoi={AREA!r})")
        image = "image"
    if isinstance(body, ReferBody):
        if body.candidates is None:
            lines.append(f"answer = model.refer({image}, {body.text!r})")
        else:
            lines.insert(1, "from dgl_rsis.apps.candidate_file import read_candidates")
            lines.insert(2, "from dgl_rsis.geo.raster import read_raster")
            lines = list(dict.fromkeys(lines[:3])) + lines[3:]
            if image != "image":
                lines.append(f"image = read_raster({image})")
            lines.append(f"own = read_candidates({_CANDIDATES!r}, image)")
            lines.append(
                f"answer = model.refer(image, {body.text!r}, candidates=own.masks, names=own.names)"
            )
        lines += ["print(answer.explain())", 'answer.save("answer.gpkg")']
    elif isinstance(body, SegmentBody):
        lines.append(f"result = model.segment({image}, {pformat(body.classes)})")
        lines += ["print(result.shares)", 'result.save("map.tif")']
    else:
        lines.append(f"result = model.label({image}, {_POLYGONS!r}, {pformat(body.classes)})")
        lines += ["print(result.counts)", 'result.save("labelled.gpkg")']
    return "\n".join(lines) + "\n"
