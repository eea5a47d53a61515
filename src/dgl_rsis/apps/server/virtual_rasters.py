"""The files that a virtual raster names, of one in which everything is understood.

GDAL reads XML in its own way: names in any case, attributes like elements, comments and encodings
unlike a parser of XML. So only text that both read alike is taken, with names from a list, and
sources that are plain names of files.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import opened_by_gdal

_MOST_BYTES = 2**20
_DECLARATION = re.compile(
    r'\A\s*<\?xml version="1\.[01]"( encoding="[\w-]+")?( standalone="(yes|no)")?\s*\?>'
)
_ANEW = "build it anew with gdalbuildvrt, beside its files"
_SOURCE = "sourcefilename"
_KNOWN = frozenset(
    re.findall(
        r"\w+",
        """
        vrtdataset rasterxsize rasterysize blockxsize blockysize overviewlist resampling
        srs dataaxistosrsaxismapping coordinateepoch geotransform
        gcplist projection gcp id info pixel line x y z
        metadata domain mdi key description
        vrtrasterband datatype band maskband overview colorinterp nodatavalue hidenodatavalue
        unittype offset scale categorynames category colortable entry c1 c2 c3 c4
        histograms histitem histmin histmax bucketcount includeoutofrange approximate histcounts
        simplesource complexsource averagedsource name sourcefilename relativetovrt shared
        sourceband sourceproperties srcrect dstrect xoff yoff xsize ysize
        nodata scaleoffset scaleratio srcmin srcmax dstmin dstmax exponent clamp lut
        colortablecomponent usemaskband
        """,
    )
)
"""Names that GDAL writes for mosaics, parts and stretched copies of files, in lower case."""


def sources_of(path: Path, folder: Path) -> list[Path]:
    """The files that a virtual raster is made of.

    Args:
        path: resolved.
        folder: resolved; every source must lie in it.

    Returns:
        Resolved paths of files.

    Raises:
        ImageError: it is damaged, names something else, or holds what is not understood.
    """
    try:
        root = ElementTree.fromstring(_text(path))
    except ElementTree.ParseError as error:
        raise ImageError(f"{path} is no virtual raster: {error}") from error
    if root.tag.lower() != "vrtdataset":
        raise ImageError(f"{path} is no virtual raster; its root is {root.tag[:40]}")
    found: dict[Path, None] = {}
    for element in root.iter():
        attributes = {name.lower(): value for name, value in element.attrib.items()}
        for name in (element.tag.lower(), *attributes):
            _check_name(name, path)
        if _SOURCE in attributes:
            raise ImageError(f"{path} names a source in an attribute; {_ANEW}")
        if element.tag.lower() == _SOURCE:
            if len(element):
                raise ImageError(f"{path} holds elements in the name of a source; {_ANEW}")
            is_relative = attributes.get("relativetovrt", "0")
            found[_source(element.text or "", is_relative, path, folder)] = None
    return list(found)


def _text(path: Path) -> str:
    """The text of a virtual raster.

    Raises:
        ImageError: it is too long, or holds what readers of XML understand differently.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ImageError(f"{path} is larger than a virtual raster of files is; pass the files")
    try:
        text = _DECLARATION.sub("", path.read_bytes().decode("utf-8-sig"), count=1)
    except UnicodeDecodeError as error:
        raise ImageError(f"{path} is no virtual raster: it is not written in UTF-8") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ImageError(f"{path} holds a document type, which no virtual raster needs")
    if "<!" in text or "<?" in text:
        raise ImageError(f"{path} holds comments or instructions; {_ANEW}")
    return text


def _check_name(name: str, path: Path) -> None:
    """Refuse names of elements and attributes that are not understood.

    Raises:
        ImageError: it is such a name.
    """
    if name == "subclass":
        raise ImageError(f"{path} computes its pixels; write them with gdal_translate first")
    if name not in _KNOWN:
        raise ImageError(f"{path} holds {name[:40]!r}, which is not understood here; {_ANEW}")


def _source(name: str, is_relative: str, path: Path, folder: Path) -> Path:
    """The file that a name means to GDAL.

    Raises:
        ImageError: it is no plain name, or that of no file in the folder.
    """
    is_odd = not name or name != name.strip() or opened_by_gdal(name) or set(name) & set(":<>")
    if is_odd or is_relative != ("0" if Path(name).is_absolute() else "1"):
        raise ImageError(f"{path} names {name[:60]!r}, which is no plain name of a file; {_ANEW}")
    source = (path.parent / name).resolve()
    if not source.is_relative_to(folder):
        raise ImageError(f"{path} points out of {folder}; its sources must lie in there")
    if not source.is_file():
        raise ImageError(f"{path} names {name[:60]!r}, which is no file in {folder}")
    return source
