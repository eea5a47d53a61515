from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from geopandas import GeoDataFrame

from dgl_rsis.geo.polygonizing import polygonize
from dgl_rsis.geo.style import categorised_style
from dgl_rsis.geo.vector import matches_frame, write_vectors


def answers(**columns: Any) -> GeoDataFrame:
    """Two boxes with columns."""
    crops = [(np.ones((2, 2), bool), 0, 0), (np.ones((2, 2), bool), 2, 0)]
    return matches_frame(crops, columns, frame=None)


def style_of(path: Path) -> tuple[tuple[Any, ...], ElementTree.Element]:
    """Layer, geometry column and whether the style is the default; the style itself."""
    with closing(sqlite3.connect(path)) as connection:
        *about, style = connection.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchone()
    return tuple(about), ElementTree.fromstring(style)


def categories(root: ElementTree.Element) -> dict[str | None, str | None]:
    """Fill of each value."""
    fills = {
        symbol.get("name"): symbol.find(".//prop[@k='color']") for symbol in root.iter("symbol")
    }
    found = {}
    for category in root.iter("category"):
        fill = fills[category.get("symbol")]
        assert fill is not None
        found[category.get("value")] = fill.get("v")
    return found


def test_maps_are_coloured_by_class(tmp_path: Path) -> None:
    labels = np.array([[0, 1], [2, 2]], np.int16)
    table = polygonize(labels, ["water", "road", "building"], frame=None)
    write_vectors(tmp_path / "a.gpkg", table)
    about, root = style_of(tmp_path / "a.gpkg")
    assert about == ("a", "geom", 1)
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "class"
    colours = categories(root)
    assert set(colours) == {"water", "road", "building"}
    assert len(set(colours.values())) == 3


@pytest.mark.parametrize("chosen", [[True, False], [True, True]])
def test_answers_are_coloured_by_what_was_chosen(tmp_path: Path, chosen: list[bool]) -> None:
    table = answers(chosen=chosen, **{"class": ["roof", "roof"]})
    write_vectors(tmp_path / "a.gpkg", table)
    _, root = style_of(tmp_path / "a.gpkg")
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == "chosen"
    assert {category.get("type") for category in root.iter("category")} == {"bool"}
    colours = categories(root)
    assert set(colours) == {"true", "false"}
    assert colours["true"] != colours["false"]


def test_nothing_to_show_is_no_style(tmp_path: Path) -> None:
    write_vectors(tmp_path / "a.gpkg", answers(proposal=[0, 1]))
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "a" in tables
    assert "layer_styles" not in tables


def test_style_escapes_names() -> None:
    style = categorised_style("class", [('a <b> & "c"', 'a <b> & "c"', (1, 2, 3))])
    category = ElementTree.fromstring(style).find(".//category")
    assert category is not None
    assert category.get("value") == 'a <b> & "c"'
