"""The figures that compare weights, on data of plain colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import recipe
from benchmarks.toy_data import (
    BLUE,
    GREEN,
    GREY,
    OCHRE,
    RED,
    file_names,
    plain,
    quarters,
    write_part,
    write_scenes,
)
from PIL import Image
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.benchmark.datasets.scenes import LabelledScene
from dgl_rsis.proposals.masks import MaskSet

COLOURS = (RED, GREEN, BLUE, GREY)
LABELS = (4, 5, 1, 3)  # building, vegetation, water, road, as they are stored
RUNS_OF_RED = [0, *[32] * 63, 32 + 32 * 64]  # down 32 columns, 32 pixels each


def test_scenes_are_asked_about_all_names() -> None:
    scenes = [LabelledScene("a/1", plain(BLUE)), LabelledScene("b/2", plain(GREEN))]
    assert recipe.scenes(ToyBackbone(), scenes, {"a": "river", "b": "forest"}) == 1
    assert recipe.scenes(ToyBackbone(), scenes, {"b": "forest", "a": "river", "c": "road"}) == 1
    assert recipe.scenes(ToyBackbone(), scenes, {"c": "river", "a": "road", "b": "forest"}) == 0.5


def test_instances_get_one_of_the_names_of_their_set(tmp_path: Path) -> None:
    image = quarters(COLOURS)
    for name in ("a.png", "b.png"):
        Image.fromarray(image).save(tmp_path / name)
    red, green, blue = (0, 0, 32, 32), (32, 0, 64, 32), (0, 32, 32, 64)

    def annotated(name: str, names: tuple[str, ...], *boxes: tuple[int, ...]) -> AnnotatedImage:
        masks = MaskSet.from_boxes(np.array(boxes).reshape(-1, 4), (64, 64))
        return AnnotatedImage(tmp_path / name, masks, names)

    first = annotated("a.png", ("Building", "river", "river"), red, blue, red)
    nothing = annotated("b.png", ())
    found = recipe.things(ToyBackbone(), [first, nothing])
    assert found == [("building", True), ("river", True), ("river", False)]
    # without a green name in the set, green goes to what is nearest; with one, to that
    second = annotated("b.png", ("tree", "building"), green, green)
    found = recipe.things(ToyBackbone(), [first, second])
    assert found[3:] == [("tree", True), ("building", False)]


@pytest.mark.parametrize(
    ("labels", "overlap", "accuracy"),
    [
        (LABELS, 1.0, 1.0),
        # road where sand is meant: neither has an overlap
        ((4, 5, 1, 2), 3 / 5, 3 / 4),
        # two waters of which one is green: an overlap of half; all green where vegetation is
        ((4, 1, 1, 3), (1 + 1 / 2 + 1 + 0) / 4, (1 + 1 / 2 + 1) / 3),
    ],
)
def test_overlap_of_pixels_and_accuracy_of_regions(tmp_path, labels, overlap, accuracy) -> None:
    write_part(tmp_path, "tile6_1", COLOURS, labels)
    write_part(tmp_path, "tile5_1", COLOURS, (1, 1, 1, 1))
    found = recipe.tile(ToyBackbone(), tmp_path)
    assert found == (pytest.approx(overlap, abs=0.05), pytest.approx(accuracy))


def test_parts_of_a_tile_are_counted_together(tmp_path: Path) -> None:
    """Three regions of water are right in one part, one of four is in the other."""
    write_part(tmp_path, "tile6_2", (BLUE, GREY, GREY, BLUE), (1, 3, 3, 1))
    write_part(tmp_path, "tile6_1", (BLUE, RED, RED, RED), (1, 0, 0, 1))
    _, accuracy = recipe.tile(ToyBackbone(), tmp_path)
    assert accuracy == pytest.approx((3 / 4 + 1) / 2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A little of every set."""
    held_out, training = file_names(held_out=True), file_names(held_out=False)
    aid = {
        f"River/{next(held_out)}": BLUE,
        f"Pond/{next(held_out)}": BLUE,
        f"Airport/{next(training)}": GREEN,
    }
    aid |= {f"Forest/{next(held_out)}": colour for colour in (GREEN, GREEN, OCHRE, GREEN)}
    write_scenes(tmp_path / "aid_rsicd" / "images_150px.tar", aid)
    rsscn7 = {
        f"dRiverLake/{number}.png": colour for number, colour in enumerate([BLUE] * 4 + [RED])
    }
    write_scenes(tmp_path / "rsscn7" / "images_256px.tar", rsscn7)
    write_part(tmp_path / "dubai", "tile6_1", COLOURS, LABELS)
    for folder in ("dior_mini", "dota_mini"):
        (tmp_path / folder).mkdir()
        Image.fromarray(quarters(COLOURS)).save(tmp_path / folder / "a.png")
    red = {"size": [64, 64], "counts": RUNS_OF_RED}
    classes = {1: "building", 2: "river"}
    annotations = {
        "categories": [{"id": number, "name": name} for number, name in classes.items()],
        "images": [{"id": 1, "file_name": "a.png", "height": 64, "width": 64}],
        "annotations": [
            {"image_id": 1, "category_id": number, "segmentation": red} for number in (1, 1, 2)
        ],
    }
    (tmp_path / "dior_mini" / "annotations.json").write_text(json.dumps(annotations))
    (tmp_path / "dota_mini" / "a.txt").write_text("2 2 30 2 30 30 2 30 building 0\n")
    return tmp_path


def test_a_row_per_run(typed, data, tmp_path: Path) -> None:
    runs = [tmp_path / name / "model" for name in ("first", "second")]
    assert typed(recipe, *runs, "--data", data, "--withheld", "River", "Pond") == 0
    assert "withheld are river, pond" in typed.printed
    assert typed.models == [str(run) for run in runs]
    # 3 of 4 forests; 1 of 2; 4 of 5; 3 buildings are right, the river is not
    overlap = f"{recipe.tile(ToyBackbone(), data / 'dubai')[0]:.3f}"
    figures = ["0.750", "0.500", "0.800", overlap, "1.000", "0.750", "0.500"]
    assert typed.row("Run") == ["seen", "withheld", "RSSCN7", "Dubai", "regions", "things", "mean"]
    for run in ("first", "second"):
        assert typed.row(run) == figures
