"""Names and colours of classes beside a raster, where GDAL and QGIS look for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree


def side_file(path: Path) -> Path:
    """Where GDAL keeps class names and statistics of a raster: ``map.tif.aux.xml``."""
    return path.with_name(path.name + ".aux.xml")


def write_side_file(
    path: Path, names: Sequence[str], table: Mapping[int, tuple[int, int, int, int]]
) -> None:
    """Category names and a raster attribute table, as GDAL keeps them beside a GeoTIFF."""
    root = ElementTree.Element("PAMDataset")
    band = ElementTree.SubElement(root, "PAMRasterBand", band="1")
    ElementTree.SubElement(band, "Description").text = "class"
    categories = ElementTree.SubElement(band, "CategoryNames")
    attributes = ElementTree.SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    # Type 0 is integer, 2 text; usage 5 is the value, 2 its name, 6 to 8 red, green and blue.
    columns = (("Value", 0, 5), ("Class", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8))
    for index, (name, kind, usage) in enumerate(columns):
        column = ElementTree.SubElement(attributes, "FieldDefn", index=str(index))
        ElementTree.SubElement(column, "Name").text = name
        ElementTree.SubElement(column, "Type").text = str(kind)
        ElementTree.SubElement(column, "Usage").text = str(usage)
    for value, name in enumerate(names):
        ElementTree.SubElement(categories, "Category").text = name
        row = ElementTree.SubElement(attributes, "Row", index=str(value))
        for cell in (value, name, *table[value][:3]):
            ElementTree.SubElement(row, "F").text = str(cell)
    # GDAL expects the root element first: after an XML declaration it ignores the rest.
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=False)
