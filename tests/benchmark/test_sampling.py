from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest
import rasterio

from dgl_rsis.benchmark.assessment import from_full_count, from_sample
from dgl_rsis.benchmark.sampling import draw_sample, match_names, read_sample
from dgl_rsis.errors import InputError
from dgl_rsis.geo import class_windows
from dgl_rsis.geo.class_windows import count_classes, open_class_map
from dgl_rsis.geo.crs import map_frame
from dgl_rsis.geo.points import points_frame
from dgl_rsis.geo.vector import write_vectors
from dgl_rsis.geo.writer import write_classes
from dgl_rsis.types import MapFrame

NORTH_UP = map_frame((10.0, 0.0, 400000.0, 0.0, -10.0, 5600000.0), "EPSG:25832", (60, 80))
ROTATED = map_frame((6.0, 8.0, 400000.0, 8.0, -6.0, 5600000.0), "EPSG:25832", (60, 80))
NAMES = ["water", "road", "field"]


def labels() -> np.ndarray:
    made = np.full((60, 80), 2, np.int16)
    made[:20] = 0
    made[30:33, 5:40] = 1
    made[:, :3] = -1
    return made


@pytest.fixture(params=[NORTH_UP, ROTATED, None], ids=["north up", "rotated", "no CRS"])
def map_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write_classes(tmp_path / "map.tif", labels(), NAMES, frame=request.param)
    return tmp_path / "map.tif"


def draw(path: Path, points: list[int], seed: int = 0) -> pandas.DataFrame:
    with open_class_map(path) as file:
        return draw_sample(file, count_classes(file), np.array(points), seed=seed)


@pytest.mark.parametrize("limit", [50, 10**6])
def test_points_are_distinct_pixels_of_their_class(
    map_file: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_windows, "WINDOW_PIXELS", limit)
    found = draw(map_file, [40, 105, 60])
    assert list(found.columns) == ["id", "map_class", "reference", "geometry"]
    assert found["id"].tolist() == list(range(1, 206))
    assert found["map_class"].value_counts().to_dict() == {"road": 105, "field": 60, "water": 40}
    assert found["reference"].isna().all()
    with rasterio.open(map_file) as dataset:
        affine = dataset.transform
    columns, rows = np.array([~affine @ (point.x, point.y) for point in found.geometry]).T
    np.testing.assert_allclose((columns % 1, rows % 1), 0.5, atol=1e-6)
    places = set(zip(np.floor(rows).tolist(), np.floor(columns).tolist(), strict=True))
    assert len(places) == 205
    values = labels()[np.floor(rows).astype(int), np.floor(columns).astype(int)]
    assert [NAMES[value] for value in values] == found["map_class"].tolist()
    # all 105 pixels of the road were asked for; the order does not tell the class
    assert found["map_class"].iloc[:20].nunique() > 1


def test_a_seed_repeats(map_file: Path) -> None:
    first = draw(map_file, [5, 5, 5], seed=3)
    assert first.geometry.equals(draw(map_file, [5, 5, 5], seed=3).geometry)
    assert not first.geometry.equals(draw(map_file, [5, 5, 5], seed=4).geometry)


def test_every_pixel_has_the_same_chance(tmp_path: Path) -> None:
    write_classes(tmp_path / "map.tif", np.zeros((4, 5), np.int16), ["a"], frame=None)
    times = np.zeros((4, 5))
    for seed in range(400):
        for point in draw(tmp_path / "map.tif", [5], seed=seed).geometry:
            times[int(point.y), int(point.x)] += 1
    # 400 draws of a quarter: 100 each, with a standard deviation of 8.7
    assert times.sum() == 2000
    assert (np.abs(times - 100) < 35).all()


def labelled(path: Path, suffix: str, truth: list[object] | None = None) -> Path:
    """A sample whose reference is the map, but for the first point of each class."""
    table = draw(path, [10, 10, 10])
    first = ~table["map_class"].duplicated()
    wrong = {"water": "road", "road": "field", "field": "Bog"}
    answers = table["map_class"].where(~first, table["map_class"].map(wrong))
    table["reference"] = answers if truth is None else truth
    target = path.with_name(f"labelled{suffix}")
    if suffix == ".csv":
        pandas.DataFrame(table.drop(columns="geometry")).to_csv(target, index=False)
    else:
        write_vectors(target, table)
    return target


def read(sample: Path, path: Path) -> tuple[tuple[str, ...], list[list[int]], tuple[str, ...]]:
    with open_class_map(path) as file:
        found = read_sample(str(sample), file, count_classes(file))
    return found.names, found.counts.tolist(), found.notes


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".csv"])
def test_labels_come_back(map_file: Path, suffix: str) -> None:
    names, counts, notes = read(labelled(map_file, suffix), map_file)
    assert names == ("water", "road", "field", "Bog")
    assert counts == [[9, 1, 0, 0], [0, 9, 1, 0], [0, 0, 9, 1], [0, 0, 0, 0]]
    assert notes == ("1 points are of Bog, which is no class of the map",)


def test_an_untouched_sample_has_no_labels(map_file: Path) -> None:
    for suffix in (".gpkg", ".geojson", ".csv"):
        sample = labelled(map_file, suffix, [None] * 30)
        with pytest.raises(InputError, match="no labels; fill in the column `reference`"):
            read(sample, map_file)


def test_points_without_a_label_are_left_out(map_file: Path) -> None:
    sample = labelled(map_file, ".gpkg", [None, " ", *["WATER"] * 28])
    names, counts, notes = read(sample, map_file)
    assert names == ("water", "road", "field")
    assert np.sum(counts) == 28
    assert np.sum(counts, axis=0).tolist() == [28, 0, 0]
    assert notes == ("2 of 30 points have no reference class and are left out",)


def test_numbers_are_names_of_values(tmp_path: Path) -> None:
    values = np.repeat(np.array([3, 8], np.uint8), 50).reshape(10, 10)
    with rasterio.open(
        tmp_path / "map.tif", "w", "GTiff", 10, 10, 1, dtype="uint8", nodata=0
    ) as dataset:
        dataset.write(values, 1)
    table = draw(tmp_path / "map.tif", [5, 5])
    table["reference"] = [3.0, None, *[8.0] * 8]
    write_vectors(tmp_path / "labelled.gpkg", table)
    names, counts, _ = read(tmp_path / "labelled.gpkg", tmp_path / "map.tif")
    assert names == ("3", "8")
    assert np.sum(counts, axis=0).tolist() == [1, 8]


def test_points_of_ones_own_need_no_class_of_the_map(map_file: Path) -> None:
    frame: MapFrame | None
    with open_class_map(map_file) as file:
        frame = file.frame
    rows, columns = np.array([5, 31, 50]), np.array([10, 10, 10])
    table = points_frame(rows, columns, {"reference": ["water"] * 3}, frame=frame)
    write_vectors(map_file.with_name("own.gpkg"), table)
    _, counts, _ = read(map_file.with_name("own.gpkg"), map_file)
    assert counts == [[1, 0, 0], [1, 0, 0], [1, 0, 0]]
    outside = points_frame(rows, columns - 10, {"reference": ["water"] * 3}, frame=frame)
    write_vectors(map_file.with_name("own.gpkg"), outside)
    with pytest.raises(InputError, match="3 of 3 points lie where the map has no class"):
        read(map_file.with_name("own.gpkg"), map_file)


def test_samples_of_another_map_are_refused(map_file: Path, tmp_path: Path) -> None:
    with open_class_map(map_file) as file:
        frame = file.frame
    other = np.where(labels() == 1, 2, labels())
    write_classes(tmp_path / "other.tif", other, NAMES, frame=frame)
    with pytest.raises(InputError, match=r"10 of 30 points have another class .* field, not road"):
        read(labelled(map_file, ".gpkg"), tmp_path / "other.tif")
    with pytest.raises(InputError, match="has road, which the map does not have"):
        read(labelled(map_file, ".csv"), tmp_path / "other.tif")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,reference\n1,water\n", "no column `map_class`, but id, reference"),
        ("id,map_class\n1,water\n", "no column `reference`"),
        ("", "no CSV file"),
        (None, "does not exist"),
    ],
)
def test_files_that_cannot_be_used(
    text: str | None, message: str, map_file: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "sample.csv"
    if text is not None:
        sample.write_text(text)
    with pytest.raises(InputError, match=message):
        read(sample, map_file)


def test_names_match_but_for_capitals() -> None:
    assert match_names(["Water", "ROAD", "bog", "a"], ["water", "road", "a", "A"]) == [
        "water",
        "road",
        "bog",
        "a",
    ]


@pytest.mark.slow
def test_intervals_of_samples_drawn_from_files_cover_the_truth(tmp_path: Path) -> None:
    """Through the files: 200 maps with random errors, a sample of 150 points of each."""
    rng = np.random.default_rng(7)
    hits = []
    for _ in range(200):
        truth = rng.choice(3, (80, 100), p=[0.5, 0.3, 0.2])
        made = np.where(rng.random(truth.shape) < 0.75, truth, rng.choice(3, truth.shape))
        write_classes(tmp_path / "map.tif", made.astype(np.int16), NAMES, frame=NORTH_UP)
        population = np.bincount((made * 3 + truth).ravel(), minlength=9).reshape(3, 3)
        full = from_full_count(population)
        with open_class_map(tmp_path / "map.tif") as file:
            classes = count_classes(file)
            table = draw_sample(
                file, classes, np.array([50, 50, 50]), seed=int(rng.integers(2**31))
            )
        columns = ((table.geometry.x - 400000) // 10).astype(int)
        rows = ((5600000 - table.geometry.y) // 10).astype(int)
        mapped = [NAMES.index(name) for name in table["map_class"]]
        counts = np.zeros((3, 3), np.int64)
        np.add.at(counts, (mapped, truth[rows, columns]), 1)
        found = from_sample(counts, np.array([each.area for each in classes]), NAMES)
        for one, other in ((found.shares, full.shares), (found.overall, full.overall)):
            assert one.margins is not None
            hits += np.atleast_1d(np.abs(one.values - other.values) <= one.margins).tolist()
    assert 0.92 <= np.mean(hits) <= 0.98
