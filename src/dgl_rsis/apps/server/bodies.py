"""What clients send, checked as it comes in."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dgl_rsis.apps.server.limits import Limits

_LIMITS = Limits()  # those that bound what a body may say do not differ between servers
_MOST_POINTS = 500_000
_CRS_NAME = re.compile(r"(urn:ogc:def:crs:[A-Za-z]+:[\w.]*:\w+|[A-Za-z]+:\w+)")
"""Names of systems of coordinates; never an address to read one from."""

Words = Annotated[str, Field(min_length=1, max_length=_LIMITS.text_length)]
Preset = Literal["default", "fast", "paper"]
PRESETS: tuple[Preset, ...] = ("default", "fast", "paper")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Settings(_Body):
    """How something is computed."""

    preset: Preset = "default"


class SegmentSettings(Settings):
    """How a map is made."""

    min_area: Annotated[
        float, Field(ge=0, le=1e9, description="Square metres, or pixels without a CRS.")
    ] = 0.0


class Area(BaseModel):
    """A GeoJSON polygon, longitude and latitude."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: Annotated[list[Any], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Area:
        check_coordinates(self.coordinates, 3 if self.type == "Polygon" else 4)
        return self


class Feature(BaseModel):
    """A GeoJSON feature with a polygon."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["Feature"]
    id: int | str | None = None
    geometry: Area
    properties: dict[str, Any] | None = None


class Features(BaseModel):
    """GeoJSON polygons, in longitude and latitude or in the system that `crs` names."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["FeatureCollection"]
    features: Annotated[list[Feature], Field(min_length=1, max_length=_LIMITS.features)]
    crs: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check(self) -> Features:
        self.crs_name()
        return self

    def crs_name(self) -> str | None:
        """The system of the coordinates; None for longitude and latitude.

        Raises:
            ValueError: `crs` is not a plain name.
        """
        if self.crs is None:
            return None
        values = self.crs.get("properties")
        name = values.get("name") if isinstance(values, dict) else None
        if self.crs.get("type") != "name" or not isinstance(name, str):
            raise ValueError('crs must be {"type": "name", "properties": {"name": "EPSG:25832"}}')
        if not _CRS_NAME.fullmatch(name):
            raise ValueError(f"crs {name[:40]!r} is no name like EPSG:25832 or urn:ogc:def:crs:...")
        return name


class SegmentBody(_Body):
    """Class names in, a map out."""

    scene: Annotated[str, Field(max_length=100)]
    classes: Annotated[list[Words], Field(min_length=1, max_length=_LIMITS.classes)]
    area: Area | None = None
    settings: SegmentSettings = SegmentSettings()


class ReferBody(_Body):
    """A sentence in, what it refers to out."""

    scene: Annotated[str, Field(max_length=100)]
    text: Words
    area: Area | None = None
    candidates: Features | None = None
    top_k: Annotated[int, Field(ge=1, le=50)] = 5
    heatmap: bool = True
    settings: Settings = Settings()


class LabelBody(_Body):
    """Polygons in, the same with classes out."""

    scene: Annotated[str, Field(max_length=100)]
    classes: Annotated[list[Words], Field(min_length=1, max_length=_LIMITS.classes)]
    polygons: Features
    settings: Settings = Settings()


Body = SegmentBody | ReferBody | LabelBody


def check_coordinates(values: Any, depth: int) -> None:
    """Check nested lists of positions.

    Args:
        values: ``depth`` levels of lists, the innermost of numbers.
        depth: 3 for a polygon, 4 for several.

    Raises:
        ValueError: it is nested differently, a ring is too short, or a number is none.
    """
    count = _count_points(values, depth)
    if count > _MOST_POINTS:
        raise ValueError(f"a geometry has {count} points; simplify it to {_MOST_POINTS}")


def _count_points(values: Any, depth: int) -> int:
    if not isinstance(values, list):
        raise ValueError("coordinates of a polygon are lists of rings of positions")
    if depth == 1:
        is_position = 2 <= len(values) <= 4 and all(
            isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each)
            for each in values
        )
        if not is_position or max(abs(each) for each in values) > 1e12:
            raise ValueError("a position is two finite numbers, x and y")
        return 1
    if depth == 2 and (len(values) < 4 or values[0] != values[-1]):
        raise ValueError("a ring has four positions or more, and ends where it began")
    return sum(_count_points(each, depth - 1) for each in values)
