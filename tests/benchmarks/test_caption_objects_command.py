"""How well peaks find the objects that captions mention."""

from __future__ import annotations

import json
from pathlib import Path

import caption_objects
import numpy as np
import pytest
from benchmarks.toy_data import BLUE, OCHRE, file_names, plain, write_scenes
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.datasets.scenes import LabelledScene


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True], 1.0),
        ([0.1, 0.2, 0.8, 0.9], [True, True, False, False], 0.0),
        ([0.3, 0.1, 0.2, 0.4], [True, False, False, False], 2 / 3),
        ([0.5, 0.5, 0.5, 0.1], [True, False, False, False], 2 / 3),
        ([0.5, 0.5], [True, True], np.nan),
    ],
)
def test_area_is_the_share_of_pairs_in_order(scores, positive, area) -> None:
    found = caption_objects.area_under_curve(np.array(scores, np.float32), np.array(positive))
    assert found == pytest.approx(area, nan_ok=True)


def test_any_caption_mentions_an_object() -> None:
    scenes = [LabelledScene("Port/1", plain(BLUE)), LabelledScene("Port/2", plain(BLUE))]
    captions = {"Port/1": ["water .", "two Boats near a bridge ."], "Port/2": ["green trees ."]}
    found = caption_objects.mentions(scenes, captions)
    names = [caption_objects.OBJECTS[number] for number in np.flatnonzero(found[0])]
    assert sorted(names) == ["bridge", "ship"]
    assert not found[1].any()


def test_the_peak_is_high_where_the_thing_is() -> None:
    scenes = [LabelledScene("a", plain(BLUE)), LabelledScene("b", plain(OCHRE))]
    found = caption_objects.peaks(ToyBackbone(), scenes, ["river", "ship"])
    assert found.shape == (2, 2)
    assert found[0, 0] > found[1, 0]
    assert found[1, 1] > found[0, 1]


@pytest.fixture
def few_images(tmp_path: Path):
    """Writes held-out images with one caption each, ochre where a ship alone is named, else blue."""

    def write(captions: list[str]) -> Path:
        names = file_names(held_out=True)
        lines = [{"image": f"Port/{next(names)}", "captions": [text]} for text in captions]
        images = {
            str(line["image"]): OCHRE if text == "a ship ." else BLUE
            for line, text in zip(lines, captions, strict=True)
        }
        folder = tmp_path / "data" / "aid_rsicd"
        write_scenes(folder / "images_150px.tar", images)
        (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)))
        return tmp_path / "data"

    return write


def test_a_row_per_run(typed, few_images, tmp_path: Path) -> None:
    # one plane is too few
    captions = [*["a ship ."] * 5, *["much water ."] * 3, "a plane and a ship ."]
    data = few_images(captions)
    runs = [tmp_path / name / "model" for name in ("first", "second")]
    assert typed(caption_objects, *runs, "--data", data) == 0
    assert typed.models == [str(run) for run in runs]
    assert typed.row("Run") == ["ship (6)", "mean", "difference"]
    # five of six ships are above all three others, the last one is level with them
    assert typed.row("first")[:2] == ["0.917", "0.917"]
    assert typed.row("second") == ["0.917", "0.917", "+0.000 (+0.000 to +0.000)"]


def test_the_difference_is_to_the_first_run(typed, few_images, tmp_path: Path, monkeypatch) -> None:
    mentioned = np.array([k < 4 for k in range(8)])
    scores = iter([np.where(mentioned, 0.2, 0.8), np.where(mentioned, 0.8, 0.2)])
    monkeypatch.setattr(
        caption_objects, "peaks", lambda *_: next(scores).astype(np.float32)[:, None]
    )
    data = few_images(["a ship ." if named else "much water ." for named in mentioned])
    monkeypatch.setattr(caption_objects, "LEAST_IMAGES", 4)
    runs = [tmp_path / name / "model" for name in ("first", "second")]
    assert typed(caption_objects, *runs, "--data", data) == 0
    assert typed.row("first")[:2] == ["0.000", "0.000"]
    assert typed.row("second") == ["1.000", "1.000", "+1.000 (+1.000 to +1.000)"]


def test_draws_are_the_same_again_and_leave_out_what_is_not_mentioned() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random((30, 2)).astype(np.float32)
    mentioned = np.zeros((30, 2), bool)
    mentioned[:15, 0] = True
    mentioned[0, 1] = True  # in about two draws of three
    drawn = caption_objects.drawn_means(scores, mentioned)
    np.testing.assert_array_equal(drawn, caption_objects.drawn_means(scores, mentioned))
    assert np.isfinite(drawn).all()
    alone = caption_objects.drawn_means(scores[:, :1], mentioned[:, :1])
    assert 0.2 < (drawn == alone).mean() < 0.5
    assert alone.mean() == pytest.approx(
        caption_objects.area_under_curve(scores[:, 0], mentioned[:, 0]), abs=0.03
    )
    assert alone.std() > 0.05


def test_captions_without_objects_are_refused(typed, few_images, tmp_path: Path) -> None:
    data = few_images(["much water ."] * 6)
    assert "must name an object" in str(typed(caption_objects, tmp_path / "model", "--data", data))
