"""Lengths, areas, distances and north of things that were laid out with geodesics.

The references are pyproj's alone: things are drawn on the ellipsoid, with known sides and gaps,
and only then brought into the pixels of rasters of about 40 by 60 km at 60 degrees north.
"""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from geo.test_ground import GEOD, PLACES, SHAPE, raster
from pyproj import Transformer

from dgl_rsis.proposals.polygons import from_polygons
from dgl_rsis.stages.anchors import Anchor
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.map_tables import table_of_polygons
from dgl_rsis.stages.measuring import amounts_of, fitting
from dgl_rsis.stages.relations import relation_field
from dgl_rsis.text.program.nodes import Measure, Select
from dgl_rsis.text.program.vocabulary import Comparison, Quantity, Relation, Unit
from dgl_rsis.types import MapFrame

THING = Select("hall")
# Pixels of places in the raster: the centre, and near two corners.
SPOTS = [(3000.0, 2000.0), (200.0, 3800.0), (5800.0, 300.0)]


def rectangle(
    longitude: float, latitude: float, azimuth: float, length: float, width: float
) -> list[tuple[float, float]]:
    """Corners of a rectangle on the ellipsoid, its sides drawn with many points."""
    corners = []
    for forward, aside in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y, _ = GEOD.fwd(longitude, latitude, azimuth, forward * length / 2)
        corners.append(GEOD.fwd(x, y, azimuth + 90, aside * width / 2)[:2])
    drawn = []
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        drawn += [start, *GEOD.npts(*start, *end, 20)]
    return drawn


def into_pixels(frame: MapFrame, outline: list[tuple[float, float]]) -> shapely.Polygon:
    to_map = Transformer.from_crs("EPSG:4326", frame.crs, always_xy=True)
    inverse = ~Affine(*frame.transform)
    return shapely.Polygon([inverse @ to_map.transform(*point) for point in outline])


def place(frame: MapFrame, spot: tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude of a pixel."""
    to_place = Transformer.from_crs(frame.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_place.transform(*(Affine(*frame.transform) @ spot))
    return longitude, latitude


def polygon_table(frame: MapFrame, outlines: list[list[tuple[float, float]]]) -> CandidateTable:
    """Polygons of the pixel frame, given to the table in map coordinates."""
    to_map = Affine(*frame.transform)
    polygons = [
        shapely.Polygon([to_map @ point for point in into_pixels(frame, each).exterior.coords])
        for each in outlines
    ]
    return table_of_polygons(polygons, {}, grid=(frame, SHAPE))


def measure(
    table: CandidateTable, quantity: Quantity, unit: Unit, anchor: Anchor | None = None
) -> np.ndarray:
    indices = np.arange(len(table))
    if anchor is not None:
        indices = indices[~np.isin(indices, anchor.indices)]
    node = Measure(
        THING, quantity, Comparison.LESS, 1e9, unit, None if anchor is None else Select("road")
    )
    amounts = amounts_of(node, indices, table, anchor)
    assert amounts is not None
    return amounts


@pytest.mark.parametrize("turn", [0.0, 30.0])
@pytest.mark.parametrize("crs", PLACES)
@pytest.mark.parametrize("azimuth", [0, 35, 90])
def test_sides_and_areas_agree_with_geodesics(crs: str, turn: float, azimuth: float) -> None:
    frame = raster(crs, turn)
    outlines = [rectangle(*place(frame, spot), azimuth, 400, 120) for spot in SPOTS]
    table = polygon_table(frame, outlines)
    areas = [abs(GEOD.polygon_area_perimeter(*np.array(each).T)[0]) for each in outlines]
    assert measure(table, Quantity.LENGTH, Unit.METRE) == pytest.approx(400, rel=5e-3)
    assert measure(table, Quantity.WIDTH, Unit.METRE) == pytest.approx(120, rel=5e-3)
    assert measure(table, Quantity.AREA, Unit.SQUARE_METRE) == pytest.approx(areas, rel=5e-3)


@pytest.mark.parametrize("turn", [0.0, 30.0])
@pytest.mark.parametrize("crs", PLACES)
@pytest.mark.parametrize(("azimuth", "gap"), [(0, 300.0), (60, 2000.0), (90, 300.0), (140, 9000.0)])
def test_gaps_agree_with_geodesics(crs: str, turn: float, azimuth: float, gap: float) -> None:
    """Two things face each other along a geodesic; nothing of them is nearer than their ends."""
    frame = raster(crs, turn)
    for spot in SPOTS:
        start = place(frame, spot)
        inward = azimuth if spot[0] == 3000 else GEOD.inv(*start, *place(frame, SPOTS[0]))[0]
        end = GEOD.fwd(*start, inward, gap + 200)[:2]
        outlines = [rectangle(*each, inward, 200, 50) for each in (start, end)]
        first, second = (np.array(each) for each in outlines)
        pairs = [(*one, *two) for one in first for two in second]
        expected = min(GEOD.inv(*np.array(pairs).T)[2])
        assert expected == pytest.approx(gap, rel=1e-3)
        table = polygon_table(frame, outlines)
        found = measure(table, Quantity.DISTANCE, Unit.METRE, Anchor(table, np.array([1])))
        assert found == pytest.approx([expected], rel=5e-3)


@pytest.mark.parametrize("turn", [0.0, 30.0])
@pytest.mark.parametrize("crs", PLACES)
def test_masks_are_measured_like_polygons(crs: str, turn: float) -> None:
    """Drawn in pixels of about 10 m: half a pixel of 4 km is not much."""
    frame = raster(crs, turn)
    outlines = [
        rectangle(*GEOD.fwd(*place(frame, (3000.0, 1500.0)), 90, shift)[:2], 20, 9000, 4000)
        for shift in (0, 12000)
    ]
    polygons = polygon_table(frame, outlines)
    masks = from_polygons([into_pixels(frame, each) for each in outlines], SHAPE)
    table = CandidateTable(
        SHAPE, masks.areas, masks.boxes, masks.centroids, masks.crop, {}, frame=frame
    )
    for quantity, unit in (
        (Quantity.LENGTH, Unit.METRE),
        (Quantity.WIDTH, Unit.METRE),
        (Quantity.AREA, Unit.SQUARE_METRE),
    ):
        expected = measure(polygons, quantity, unit)
        assert measure(table, quantity, unit) == pytest.approx(expected, rel=1e-2)
    anchors = Anchor(polygons, np.array([1])), Anchor(table, np.array([1]))
    exact, drawn = (measure(a.table, Quantity.DISTANCE, Unit.METRE, a) for a in anchors)
    assert drawn == pytest.approx(exact, abs=20)


@pytest.mark.parametrize(
    ("crs", "turn", "longitude"),
    [
        ("EPSG:32632", 30.0, 9.0),
        ("EPSG:32632", 0.0, 11.95),  # where the next zone begins: north is 2.6 degrees off
        ("EPSG:32632", -30.0, 6.05),
        ("EPSG:4326", 30.0, 9.0),
        ("EPSG:3857", 110.0, 9.0),
    ],
)
def test_north_is_true_north(crs: str, turn: float, longitude: float) -> None:
    frame = raster(crs, turn, longitude)
    middle = place(frame, SPOTS[0])
    azimuths = np.array([2.0, 88.0, 92.0, 178.0, 182.0, 268.0, 272.0, 358.0])
    spots = [GEOD.fwd(*middle, azimuth, 3000)[:2] for azimuth in azimuths]
    table = polygon_table(frame, [rectangle(*each, 0, 20, 20) for each in [middle, *spots]])
    indices = np.arange(1, len(table))
    for relation, expected in (
        (Relation.NORTH_OF, np.cos(np.radians(azimuths)) > 0),
        (Relation.SOUTH_OF, np.cos(np.radians(azimuths)) < 0),
        (Relation.EAST_OF, np.sin(np.radians(azimuths)) > 0),
        (Relation.WEST_OF, np.sin(np.radians(azimuths)) < 0),
    ):
        field = relation_field(relation, indices, Anchor(table, np.array([0])))
        assert field.holds.tolist() == expected.tolist(), relation


def test_pixels_need_no_ground() -> None:
    frame = MapFrame((1, 0, 0, 0, -1, 0))
    table = table_of_polygons([shapely.box(0, -4, 30, 0)], {}, grid=(frame, (50, 50)))
    assert measure(table, Quantity.LENGTH, Unit.PIXEL).tolist() == [30]
    assert measure(table, Quantity.AREA, Unit.SQUARE_PIXEL).tolist() == [120]
    in_metres = Measure(THING, Quantity.AREA, Comparison.LESS, 1, Unit.SQUARE_METRE)
    assert amounts_of(in_metres, np.array([0]), table, None) is None


def test_amounts_fit_on_one_side_of_the_value() -> None:
    amounts = np.array([100.0, 4046.0, 5000.0])
    less = Measure(THING, Quantity.AREA, Comparison.LESS, 1, Unit.ACRE)
    greater = Measure(THING, Quantity.AREA, Comparison.GREATER, 1, Unit.ACRE)
    assert fitting(less, amounts).holds.tolist() == [True, True, False]
    assert fitting(greater, amounts).holds.tolist() == [False, False, True]
