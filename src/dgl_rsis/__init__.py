"""DGL-RSIS: say it, and it is on the map.

Public names are imported when they are first used, so that ``import dgl_rsis`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dgl_rsis.errors import (
        DglRsisError,
        ImageError,
        InputError,
        MissingExtraError,
        ModelError,
        OutputError,
        TextError,
    )
    from dgl_rsis.pipeline import Model, load
    from dgl_rsis.results import Match, ReferResult, SceneAnswer, SceneMatch, SegmentResult
    from dgl_rsis.scene.asking import OpenScene, open_scene
    from dgl_rsis.scene.scene_map import SceneMap
    from dgl_rsis.scene.segmenting import segment_scene
    from dgl_rsis.scene.source import SceneOptions
    from dgl_rsis.text.parse import parse
    from dgl_rsis.types import MapFrame, Phrase, Query, Raster

__version__ = "0.1.0"

__all__ = [
    "DglRsisError",
    "ImageError",
    "InputError",
    "MapFrame",
    "Match",
    "MissingExtraError",
    "Model",
    "ModelError",
    "OpenScene",
    "OutputError",
    "Phrase",
    "Query",
    "Raster",
    "ReferResult",
    "SceneAnswer",
    "SceneMap",
    "SceneMatch",
    "SceneOptions",
    "SegmentResult",
    "TextError",
    "__version__",
    "load",
    "open_scene",
    "parse",
    "segment_scene",
]

_HOMES = {
    "dgl_rsis.errors": (
        "DglRsisError",
        "ImageError",
        "InputError",
        "MissingExtraError",
        "ModelError",
        "OutputError",
        "TextError",
    ),
    "dgl_rsis.pipeline": ("Model", "load"),
    "dgl_rsis.results": (
        "Match",
        "ReferResult",
        "SceneAnswer",
        "SceneMatch",
        "SegmentResult",
    ),
    "dgl_rsis.scene.asking": ("OpenScene", "open_scene"),
    "dgl_rsis.scene.scene_map": ("SceneMap",),
    "dgl_rsis.scene.segmenting": ("segment_scene",),
    "dgl_rsis.scene.source": ("SceneOptions",),
    "dgl_rsis.text.parse": ("parse",),
    "dgl_rsis.types": ("MapFrame", "Phrase", "Query", "Raster"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(home), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
