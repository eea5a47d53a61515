"""Requests as the command line and Python say them: what is shown can be run."""

from __future__ import annotations

import ast
import shlex
from typing import Any

import pytest
import typer

from dgl_rsis.apps.cli import app
from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.bodies import Body, LabelBody, ReferBody, SegmentBody
from dgl_rsis.apps.server.commands import commands_of
from dgl_rsis.config import parse_overrides

RING = [[0, 0], [1, 0], [1, 1], [0, 0]]
AREA: dict[str, Any] = {"type": "Polygon", "coordinates": [RING]}
FEATURES = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": AREA}]}
BODIES: list[tuple[type[Body], dict[str, Any]]] = [
    (ReferBody, {"text": 'the "largest" roof\'s $(shadow)'}),
    (ReferBody, {"text": "a road", "area": AREA, "top_k": 7, "settings": {"preset": "fast"}}),
    (ReferBody, {"text": "a road", "area": AREA, "candidates": FEATURES, "heatmap": False}),
    (ReferBody, {"text": "a road", "candidates": FEATURES}),
    (SegmentBody, {"classes": ["a 'b'", "c"], "area": AREA, "settings": {"min_area": 25}}),
    (LabelBody, {"classes": ["tree"], "polygons": FEATURES}),
]


@pytest.mark.parametrize(("kind", "values"), BODIES)
@pytest.mark.parametrize("model", ["rs-tiny", "hf:a/b"])
@pytest.mark.parametrize("pairs", [[], ["local.scales=[1.0, 0.5]", "paint.painter=leaf"]])
@pytest.mark.parametrize("bands", [None, (3, 2, 1)])
def test_commands_are_understood(
    kind: type[Body],
    values: dict[str, Any],
    model: str,
    pairs: list[str],
    bands: tuple[int, ...] | None,
) -> None:
    body = kind.model_validate({"scene": "x", **values})
    choice = ModelChoice.from_options(model, None, "default", pairs, "cpu", None)
    said = commands_of(body, "my scene.tif", choice, bands)
    ast.parse(said["python"])
    name, command, *words = shlex.split(said["cli"])
    assert name == "dgl-rsis"
    commands: Any = typer.main.get_command(app)
    context = commands.commands[command].make_context(command, words)
    assert context.params["image"] == "my scene.tif"
    assert context.params["model"] == model
    assert context.params["bands"] == (None if bands is None else "3,2,1")
    assert ("bands=(3, 2, 1)" in said["python"]) == (bands is not None)
    again = ModelChoice.from_options(
        model, None, "default", context.params["overrides"], None, None
    )
    assert again.overrides == parse_overrides(pairs)  # the device is that of the server
    assert "cpu" not in said["cli"] + said["python"]
    assert all(file in said["cli"] and file in said["python"] for file in said["files"])
    if isinstance(body, ReferBody):
        assert context.params["sentence"] == body.text
        assert (context.params["candidates"] is not None) == (body.candidates is not None)
        assert (context.params["aoi"] is not None) == (body.area is not None)
    else:
        assert context.params["classes"] == body.classes
