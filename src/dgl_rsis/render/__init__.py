"""Rendered scenes: procedural overhead images with exact truth (docs/design.md 3.2)."""

from dgl_rsis.render.files import write_scene
from dgl_rsis.render.instances import Instance
from dgl_rsis.render.kinds import CLASSES, KINDS, Kind
from dgl_rsis.render.scene import RenderedScene, render_scene
from dgl_rsis.render.sentences import ReferringSentence
from dgl_rsis.render.themes import THEMES

__all__ = [
    "CLASSES",
    "KINDS",
    "THEMES",
    "Instance",
    "Kind",
    "ReferringSentence",
    "RenderedScene",
    "render_scene",
    "write_scene",
]
