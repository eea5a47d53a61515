"""Scene names, and retrieval of captions, on scenes of one colour each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import retrieval
import scene_names
from benchmarks.toy_data import BLUE, GREEN, OCHRE, file_names, plain, write_scenes
from toy_backbone import ToyBackbone

from dgl_rsis.benchmark.datasets.scenes import LabelledScene


def answers() -> scene_names.Answers:
    probabilities = [
        [0.9, 0.1, 0.0],  # river, right
        [0.2, 0.8, 0.0],  # river, wrong
        [0.0, 1.0, 0.0],  # forest, right
        [0.1, 0.65, 0.25],  # forest, right
        [0.65, 0.35, 0.0],  # pond, wrong
    ]
    truth = np.array([0, 0, 1, 1, 2])
    names = ("river", "forest", "pond")
    return scene_names.Answers(names, truth, np.array(probabilities, np.float32))


def test_share_of_names_that_are_right() -> None:
    assert answers().top_1 == pytest.approx(3 / 5)


def test_calibration_is_that_of_the_name_that_won() -> None:
    # twice 0.65, right once; 0.8, wrong; 0.9 and 1.0 in one bin, both right
    gaps = 2 * (0.65 - 0.5) + 0.8 + 2 * (1 - 0.95)
    assert answers().calibration_error == pytest.approx(gaps / 5, abs=1e-6)


def test_weakest_names_come_first() -> None:
    assert answers().weakest(2) == "pond 0.00, river 0.50"
    assert answers().weakest(5) == "pond 0.00, river 0.50, forest 1.00"


def test_images_are_asked_about_all_names() -> None:
    scenes = [
        LabelledScene(name, plain(colour))
        for name, colour in (("eForest/1", GREEN), ("dRiverLake/2", BLUE), ("dRiverLake/3", GREEN))
    ]
    names = {"dRiverLake": "river or lake", "eForest": "forest", "bField": "field"}
    backbone = ToyBackbone()
    found = scene_names.Answers.of(backbone, iter(scenes), names)
    assert found.names == ("river or lake", "forest", "field")
    assert found.truth.tolist() == [1, 0, 0]
    assert found.probabilities.argmax(-1).tolist() == [1, 0, 1]
    assert found.probabilities.shape == (3, 3)
    asked = backbone.calls["texts"]
    assert {"an aerial photo of a forest", "a river or lake seen from above"} <= set(asked)
    assert all("river or lake" in text or "forest" in text or "field" in text for text in asked)


@pytest.mark.parametrize(
    ("label", "words"), [("DenseResidential", "dense residential"), ("Pond", "pond")]
)
def test_labels_in_words(label: str, words: str) -> None:
    assert scene_names.words(label) == words


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Three held-out scenes of AID, of which two get their name, and others; two of RSSCN7."""
    held_out, training = file_names(held_out=True), file_names(held_out=False)
    aid = {
        f"River/{next(held_out)}": BLUE,
        f"Forest/{next(held_out)}": GREEN,
        f"Pond/{next(held_out)}": BLUE,
        f"Stadium/{next(training)}": OCHRE,
    }
    write_scenes(tmp_path / "aid_rsicd" / "images_150px.tar", aid)
    rsscn7 = {"dRiverLake/1.png": BLUE, "eForest/2.png": BLUE}
    write_scenes(tmp_path / "rsscn7" / "images_256px.tar", rsscn7)
    return tmp_path


@pytest.mark.parametrize(("floor", "status"), [(0.6, 0), (0.7, 1)])
def test_the_floor_is_that_of_held_out_scenes(typed, scenes, floor, status) -> None:
    assert typed(scene_names, "--data", scenes, "--floor", floor) == status
    _, figures = typed.row("AID scene names, held out (seen classes), 3 images, 30 names")
    assert figures.startswith("top-1 0.6667, ")
    assert figures.endswith("weakest: pond 0.00, forest 1.00, river 1.00")
    _, figures = typed.row("RSSCN7 scene names, 2 images, 7 names")
    assert figures.startswith("top-1 0.5000, ")


def test_withheld_classes_have_no_floor(typed, scenes) -> None:
    assert typed(scene_names, "--data", scenes, "--withheld", "Pond", "--model", "other") == 0
    _, figures = typed.row("AID scene names, held out, only pond, 1 images, 30 names")
    assert figures.startswith("top-1 0.0000, ")
    assert "RSSCN7" not in typed.printed
    assert typed.models == ["other"]


@pytest.fixture
def captioned(tmp_path: Path) -> Path:
    """Four held-out scenes with captions; two captions belong to two scenes each."""
    held_out, training = file_names(held_out=True), file_names(held_out=False)
    captions = {
        f"River/{next(held_out)}": ["much water ."],
        f"Forest/{next(held_out)}": ["a tree ."],
        f"Pond/{next(held_out)}": ["much water .", "a road .", "a road ."],
        f"Park/{next(held_out)}": ["a tree ."],
        f"Beach/{next(held_out)}": [],
        f"Farmland/{next(training)}": ["a house ."],
    }
    colours = (BLUE, GREEN, BLUE, GREEN, BLUE, GREEN)
    folder = tmp_path / "aid_rsicd"
    write_scenes(folder / "images_150px.tar", dict(zip(captions, colours, strict=True)))
    lines = [json.dumps({"image": name, "captions": said}) for name, said in captions.items()]
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_images_without_captions_are_left_out(captioned: Path) -> None:
    found = retrieval.read_captions(captioned / "aid_rsicd" / "captions.jsonl")
    assert [name.split("/")[0] for name in found] == ["River", "Forest", "Pond", "Park", "Farmland"]


def test_a_caption_of_two_images_is_right_for_both(typed, captioned, monkeypatch) -> None:
    given = {}
    monkeypatch.setattr(retrieval, "report", lambda what, *arrays: given.update({what: arrays}))
    assert typed(retrieval, "--data", captioned) == 0
    similarities, relevant = given["image to text"]  # water, tree, road
    assert similarities.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert relevant.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 0]]
    for array, turned in zip(given["image to text"], given["text to image"], strict=True):
        np.testing.assert_array_equal(array.T, turned)


def test_recalls_beside_chance(typed, captioned) -> None:
    typed(retrieval, "--data", captioned)
    assert "4 held-out images, 3 captions" in typed.printed
    # five of twelve pairs are right
    assert typed.row("image to text") == ["1.000 (0.417)", "1.000 (1.000)", "1.000 (1.000)"]
    # the road is as near to both images of water: not found
    assert typed.row("text to image")[0] == "0.667 (0.417)"
