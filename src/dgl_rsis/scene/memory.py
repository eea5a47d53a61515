"""An image in memory as a scene: what may be read in tiles need not lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dgl_rsis.geo.windows import Box
from dgl_rsis.inputs import filled
from dgl_rsis.scene.source import placed
from dgl_rsis.types import MapFrame, Raster, RGBImage


class Scene(Protocol):
    """What is known of a scene before its tiles are read; see :class:`.source.SceneSource`."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""

    @property
    def extent(self) -> Box:
        """The part that is asked for."""

    @property
    def origin(self) -> tuple[int, int]:
        """Column and row of the upper left pixel on the grid that all clips of a map share."""

    @property
    def frame(self) -> MapFrame | None:
        """Where the scene lies; None for one without any georeference."""

    @property
    def sample(self) -> RGBImage:
        """A view of all of it, filled where there is no data."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What reading decided, in JSON types."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user may want to know."""


@dataclass(frozen=True)
class RasterScene:
    """An image in memory as a scene.

    Attributes:
        raster: the image, with the mean colour where there is no data.
    """

    raster: Raster

    @classmethod
    def of(cls, raster: Raster) -> RasterScene:
        """An image as it was read.

        Raises:
            ImageError: it has no valid pixel.
        """
        return cls(Raster(filled(raster), raster.valid, raster.frame, raster.source, raster.facts))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.raster.shape

    @property
    def extent(self) -> Box:
        """All of it."""
        return Box(0, 0, *self.shape[::-1])

    @property
    def origin(self) -> tuple[int, int]:
        """The image is its own grid."""
        return 0, 0

    @property
    def frame(self) -> MapFrame | None:
        """Where the image lies."""
        return self.raster.frame

    @property
    def sample(self) -> RGBImage:
        """The image itself."""
        return self.raster.rgb

    @property
    def facts(self) -> Mapping[str, Any]:
        """What reading decided."""
        return self.raster.facts

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user may want to know."""
        return tuple(self.facts.get("notes", ()))

    def read(self, box: Box) -> Raster:
        """The pixels of a box inside of the image, as ``SceneReader.read`` gives them."""
        raster, part = self.raster, box.within(self.extent)
        frame = None if raster.frame is None else placed(raster.frame, box)
        return Raster(raster.rgb[part], raster.valid[part], frame, raster.source, raster.facts)
