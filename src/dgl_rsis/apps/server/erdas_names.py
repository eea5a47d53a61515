"""The files that a file of ERDAS IMAGINE (.img) names: parts with pixels, and overviews.

GDAL lists those of the first band alone. The file is a tree of nodes, each with a name, a type and
data; names of files stand in the data of two kinds of nodes, between numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dgl_rsis.errors import ImageError

_START = b"EHFA_HEADER_TAG\0"
_NODE = struct.Struct("<6I64s32s")  # next, previous, parent, child, data, size; name, type
_MOST_BYTES = 2**20  # of the data of a node
_NAMING = ("externalrasterdms", "imgexternalraster", "rrdnameslist", "eimg_rrdnameslist")


def naming_parts(path: Path) -> bytes:
    """The parts of a file in which names of other files stand; these count from its folder.

    Args:
        path: of a file in any format; in others there are none.

    Raises:
        ImageError: the file is damaged.
    """
    with path.open("rb") as stream:
        if stream.read(len(_START)) != _START:
            return b""
        try:
            return b"\0".join(_parts(stream))
        except struct.error as error:
            raise ImageError(f"{path} is damaged or cut short; write it anew") from error


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    (header,) = struct.unpack("<I", stream.read(4))
    stream.seek(header)
    _, _, root = struct.unpack("<3I", stream.read(12))
    waiting, known = [root], {0}
    while waiting:
        place = waiting.pop()
        if place in known:
            continue
        known.add(place)
        stream.seek(place)
        after, _, _, child, data, size, *labels = _NODE.unpack(stream.read(_NODE.size))
        waiting += [after, child]
        if any(label.split(b"\0")[0].decode("latin-1").lower() in _NAMING for label in labels):
            stream.seek(data)
            yield stream.read(min(size, _MOST_BYTES))
