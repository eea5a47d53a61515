"""A QGIS style inside a GeoPackage, so that the layer opens coloured.

QGIS looks for a table ``layer_styles`` (its own convention, used for PostGIS and GeoPackage) and
applies the row marked as default. It is registered as a table of attributes, as QGIS does it:
programs that list layers see it second, after the polygons.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from dgl_rsis.geo.palette import Colour, class_colours

if TYPE_CHECKING:
    from pandas import DataFrame

_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT CURRENT_TIMESTAMP
)
"""
_OPACITY = 0.6


def add_style(path: Path, table: DataFrame) -> None:
    """Add a default style to the only layer of a GeoPackage.

    Args:
        path: the GeoPackage, already written.
        table: what was written; coloured by its column ``chosen`` (answers have a ``class`` too,
            but the same one in all rows of a sentence), else by ``class``. Without either there
            is nothing to show and the file stays as it is.
    """
    if "chosen" in table.columns:
        entries = [("true", "chosen", (255, 215, 0)), ("false", "not chosen", (150, 150, 150))]
        style = categorised_style("chosen", entries, kind="bool")
    elif "class" in table.columns:
        classes = [str(name) for name in table["class"].drop_duplicates()]
        entries = list(zip(classes, classes, class_colours(classes), strict=True))
        style = categorised_style("class", entries)
    else:
        return
    with closing(sqlite3.connect(path)) as connection, connection:
        layer, column = connection.execute(
            "SELECT table_name, column_name FROM gpkg_geometry_columns"
        ).fetchone()
        connection.execute(_TABLE)
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '')"
        )
        connection.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner) "
            "VALUES ('', '', ?, ?, ?, ?, '', 1, 'colours of dgl-rsis', '')",
            (layer, column, layer[:30], style),
        )


def categorised_style(
    column: str, entries: Sequence[tuple[str, str, Colour]], *, kind: str = "string"
) -> str:
    """A QML document that colours polygons by the values of one column.

    Args:
        column: name of the column.
        entries: value, legend label and colour of every category.
        kind: type of the values as QGIS names it, ``string`` or ``bool``.

    Returns:
        Well-formed XML.
    """
    root = ElementTree.Element("qgis", version="3.28.0", styleCategories="Symbology")
    renderer = ElementTree.SubElement(
        root,
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": column, "symbollevels": "0", "enableorderby": "0"},
    )
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for index, (value, label, colour) in enumerate(entries):
        ElementTree.SubElement(
            categories,
            "category",
            {
                "symbol": str(index),
                "value": value,
                "type": kind,
                "label": label,
                "render": "true",
            },
        )
        _add_fill(symbols, str(index), colour)
    return '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n' + ElementTree.tostring(
        root, encoding="unicode"
    )


def _add_fill(symbols: ElementTree.Element, name: str, colour: Colour) -> None:
    symbol = ElementTree.SubElement(
        symbols, "symbol", {"type": "fill", "name": name, "alpha": "1", "clip_to_extent": "1"}
    )
    layer = ElementTree.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"}
    )
    red, green, blue = colour
    properties = {
        "color": f"{red},{green},{blue},{round(255 * _OPACITY)}",
        "outline_color": f"{red},{green},{blue},255",
        "outline_style": "solid",
        "outline_width": "0.4",
        "outline_width_unit": "MM",
        "style": "solid",
    }
    options = ElementTree.SubElement(layer, "Option", type="Map")
    for key, value in properties.items():
        ElementTree.SubElement(options, "Option", name=key, value=value, type="QString")
        ElementTree.SubElement(layer, "prop", k=key, v=value)  # QGIS before 3.26 reads these
