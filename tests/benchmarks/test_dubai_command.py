"""The land-cover map of a tile whose parts have four quarters of plain colours."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import dubai
import numpy as np
import pytest
from benchmarks.toy_data import BLUE, GREEN, OCHRE, RED, write_part
from PIL import Image
from toy_backbone import ToyBackbone

from dgl_rsis.config import make_settings
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.pipeline import Model
from dgl_rsis.types import RGBImage

COLOURS = (BLUE, OCHRE, RED, GREEN)
LABELS = (1, 2, 4, 5)  # water, sand, building, vegetation, as they are stored


def test_labels_become_indices(tmp_path: Path) -> None:
    stored = np.array([[0, 1, 2], [4, 5, 255]], np.uint8)
    Image.fromarray(stored).save(tmp_path / "labels.png")
    assert dubai.labels_of(tmp_path / "labels.png").tolist() == [[-1, 0, 1], [3, 4, -1]]


def test_a_row_of_figures(capsys: pytest.CaptureFixture[str]) -> None:
    confusion = np.zeros((5, 6), np.int64)
    confusion[0, 0] = 6  # water, right
    confusion[0, 1] = 2  # water called sand
    confusion[1, 1] = 1  # sand, right
    confusion[1, 5] = 3  # sand without a class
    mean = (6 / 8 + 1 / 6) / 2
    assert dubai.report("leaf", [confusion], 0.25) == pytest.approx(mean)
    means, ious = f"{mean:.3f} | {mean:.3f} | {mean:.3f}", "0.750 | 0.167 | nan | nan | nan"
    assert capsys.readouterr().out == f"| leaf | {means} | 0.583 | {ious} | 0.250 | 0.250 |\n"
    dubai.report("leaf", [confusion])
    assert capsys.readouterr().out.endswith("| 0.250 | - |\n")


def test_orientations_count_together_and_their_range_is_told(capsys) -> None:
    right, wrong = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int64)
    right[0, 0] = right[1, 1] = 2
    wrong[0, 1] = wrong[1, 0] = 2
    assert dubai.report("cut", [right, wrong]) == pytest.approx(1 / 3)
    assert capsys.readouterr().out.startswith("| cut | 0.333 | 0.000 | 1.000 | 0.500 |")


def test_eight_orientations_are_all_that_there_are() -> None:
    picture = np.arange(6).reshape(2, 3)
    found = {dubai.turned(picture, k).tobytes() for k in range(dubai.ORIENTATIONS)}
    assert len(found) == dubai.ORIENTATIONS
    assert dubai.turned(picture, 0).tolist() == picture.tolist()
    assert dubai.turned(picture, 1).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert dubai.turned(picture, 4).tolist() == [[2, 1, 0], [5, 4, 3]]


def mapped(*answers: tuple[list[list[int]], list[list[float]]]) -> SimpleNamespace:
    """A model with these labels and scores for the images in turn."""
    rest = iter(answers)

    def segment(image: RGBImage, names: tuple[str, ...], other: bool | None) -> SimpleNamespace:
        labels, scores = next(rest)
        return SimpleNamespace(labels=np.array(labels), scores=np.array(scores, np.float32))

    return SimpleNamespace(segment=segment)


def test_labelled_pixels_count_in_one_matrix() -> None:
    model = mapped(([[0, 1, -1]], [[0.9, 0.7, 0.0]]), ([[1, 1, 0]], [[0.6, 0.9, 0.5]]))
    truths = [np.array([[0, 0, 1]], np.int16), np.array([[1, 1, -1]], np.int16)]
    pictures = [np.zeros((1, 3, 3), np.uint8)] * 2
    (found,), error = dubai.measure(model, pictures, truths, "ab", background=False, orientations=1)
    assert found.tolist() == [[1, 1, 0], [0, 2, 1]]
    # 0.9 twice right, 0.7 wrong, 0.6 right; neither the pixel without a class nor without a label
    assert error == pytest.approx((2 * 0.1 + 0.7 + 0.4) / 4, abs=1e-6)


def test_truth_turns_with_the_image() -> None:
    truth = np.array([[0, 1, 1], [0, 0, 1]], np.int16)
    turned = [dubai.turned(truth, k) for k in range(8)]
    model = mapped(*((each.tolist(), np.ones(each.shape).tolist()) for each in turned))
    picture = np.zeros((2, 3, 3), np.uint8)
    found, error = dubai.measure(model, [picture], [truth], "ab", background=False, orientations=8)
    assert [each.tolist() for each in found] == [[[3, 0, 0], [0, 3, 0]]] * 8
    assert error == pytest.approx(0, abs=1e-6)


def test_background_words_compete_where_they_are_wanted(tmp_path: Path) -> None:
    write_part(tmp_path, "tile6_1", COLOURS, LABELS)
    image = read_raster(tmp_path / "images" / "tile6_1.jpg").rgb
    truth = dubai.labels_of(tmp_path / "labels" / "tile6_1.png")
    model = Model(ToyBackbone(), make_settings(overrides={"paint": {"painter": "dense"}}))
    asked = ["water", "forest"]
    truth = np.select([truth == 0, truth == 4], [0, 1], -1).astype(np.int16)
    (forced,), _ = dubai.measure(model, [image], [truth], asked, background=False, orientations=1)
    assert forced[:, -1].sum() == 0
    (free,), _ = dubai.measure(model, [image], [truth], asked, background=True, orientations=1)
    assert free[:, -1].sum() > 0


def test_every_painter_on_a_tile(typed, tmp_path: Path) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    write_part(tmp_path / "dubai", "tile6_2", COLOURS, (1, 2, 4, 0))
    write_part(tmp_path / "dubai", "tile5_1", (RED, RED, RED, RED), LABELS)
    typed(dubai, "--data", tmp_path)
    assert "tile 6, 2 images" in typed.printed
    mean = (2 / 7) / 4  # only sand is right; there is no road
    everything = [
        *[f"{mean:.3f}"] * 3,
        "0.286",
        "0.000",
        "0.286",
        "nan",
        "0.000",
        "0.000",
        "0.000",
        "-",
    ]
    assert typed.row("everything sand") == everything
    for painter in dubai.PAINTERS:
        mean_iou, lowest, highest, accuracy, *_, nothing, _ = typed.row(painter)
        assert float(mean_iou) > 0.85
        assert float(lowest) <= float(highest)
        assert float(accuracy) > 0.95
        assert nothing == "0.000"


@pytest.mark.parametrize(
    ("overlaps", "arguments", "status"),
    [
        ({"cut": 60}, (), 0),
        ({"cut": 50}, (), 0),
        ({"cut": 49}, (), 1),
        ({"leaf": 70, "cut": 60}, (), 1),
        ({"leaf": 60, "cut": 60}, (), 0),
        ({"leaf": 70, "cut": 60}, ("--painter", "leaf", "dense"), 0),
        ({"leaf": 40, "cut": 60}, ("--painter", "leaf", "dense"), 1),
        ({"leaf": 70, "cut": 60}, ("--set", "paint.painter=leaf"), 0),
        ({"leaf": 60, "cut": 70}, ("--set", "paint.painter=leaf"), 1),
    ],
)
def test_what_passes(typed, tmp_path, monkeypatch, overlaps, arguments, status) -> None:
    """Percent of right pixels by painter, the others without a class; ``cut`` is the default."""
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)

    def measure(model, images, truths, names, *, background, orientations):
        right = overlaps.get(model.settings.paint.painter, 10)
        matrix = np.hstack([right * np.eye(5, dtype=int), np.full((5, 1), 100 - right)])
        return [matrix] * orientations, 0.0

    monkeypatch.setattr(dubai, "measure", measure)
    assert make_settings().painter == "cut"
    assert typed(dubai, "--data", tmp_path, *arguments) == status


def test_other_names_in_the_same_order(typed, tmp_path: Path) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    names = ("river", "bare ground", "road", "roof", "grass")
    typed(dubai, "--data", tmp_path, "--painter", "dense", "--names", *names)
    assert typed.row("Painter")[4:9] == list(names)
    assert typed.row("everything bare ground")[3] == "0.250"
    assert float(typed.row("dense")[3]) > 0.95


def test_a_tile_that_is_not_there_is_named(typed, tmp_path: Path) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    assert "no images of tile 9" in str(typed(dubai, "--data", tmp_path, "--tile", 9))


@pytest.mark.parametrize(("arguments", "wanted"), [((), 4), (("--orientations", 8), 8)])
def test_how_many_orientations(typed, tmp_path, monkeypatch, arguments, wanted) -> None:
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    asked = []

    def measure(model, images, truths, names, *, background, orientations):
        asked.append(orientations)
        return [np.hstack([np.eye(5, dtype=int), np.zeros((5, 1), int)])], 0.0

    monkeypatch.setattr(dubai, "measure", measure)
    typed(dubai, "--data", tmp_path, "--painter", "cut", *arguments)
    assert asked == [wanted]
