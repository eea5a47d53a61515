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


def test_a_row_per_run(typed, tmp_path: Path) -> None:
    names = file_names(held_out=True)
    images = {f"Port/{next(names)}": (OCHRE if k < 5 else BLUE) for k in range(9)}
    folder = tmp_path / "aid_rsicd"
    write_scenes(folder / "images_150px.tar", images)
    lines = [
        {"image": name, "captions": ["a ship ." if k < 5 else "much water ."]}
        for k, name in enumerate(images)
    ]
    lines[-1]["captions"] = ["a plane and a ship ."]  # one plane is too few
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    runs = [tmp_path / name / "model" for name in ("first", "second")]
    assert typed(caption_objects, *runs, "--data", tmp_path) == 0
    assert typed.models == [str(run) for run in runs]
    assert typed.row("Run") == ["ship (6)", "mean", "difference"]
    # five of six ships are above all three others, the last one is level with them
    assert typed.row("first")[:2] == ["0.917", "0.917"]
    assert typed.row("second") == ["0.917", "0.917", "+0.000 (+0.000 to +0.000)"]
