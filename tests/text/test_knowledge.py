"""Prompts, background words, and the files that hold them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.knowledge import (
    class_prompts,
    competitors,
    default_knowledge,
    is_background,
    load_knowledge,
    with_article,
)


def test_prompts_of_a_known_class() -> None:
    prompts = class_prompts("building").synonyms
    assert next(iter(prompts)) == "building"
    assert {"house", "roof", "warehouse"} <= set(prompts)
    assert "an aerial photo of a building" in prompts["building"]
    assert any("seen from above" in prompt and ":" in prompt for prompt in prompts["building"])


def test_prompts_without_knowledge() -> None:
    assert class_prompts("building", knowledge=False).synonyms == {
        "building": ("an aerial photo of a building",)
    }


def test_an_unknown_class_gets_the_templates() -> None:
    prompts = class_prompts("Flurb_Gadget")
    assert prompts.name == "Flurb_Gadget"
    assert list(prompts.synonyms) == ["flurb gadget"]
    assert len(prompts.synonyms["flurb gadget"]) == len(default_knowledge().templates)


def test_a_compound_is_asked_for_as_a_whole() -> None:
    prompts = class_prompts("oil platform").synonyms
    assert list(prompts) == ["oil platform"]
    assert "an aerial photo of an oil platform" in prompts["oil platform"]


def test_spelling_and_plural_find_the_class() -> None:
    for name in ("harbours", "Harbor", "harbour"):
        assert "port" in class_prompts(name).synonyms


def test_empty_name() -> None:
    with pytest.raises(TextError, match="empty name"):
        class_prompts(" _ ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ship", "a ship"),
        ("airport", "an airport"),
        ("water", "water"),
        ("road", "a road"),
        ("trees", "trees"),
        ("grass", "grass"),
    ],
)
def test_articles(name: str, said: str) -> None:
    assert with_article(name) == said


@pytest.mark.parametrize(
    ("classes", "absent", "present"),
    [
        (["vegetation"], {"tree", "forest", "grass", "cropland"}, {"building", "water"}),
        (["building"], {"building"}, {"road", "tree"}),
        (["house"], {"building"}, {"road"}),
        (["bare field"], {"bare ground", "sand"}, {"rock", "tree", "cropland"}),
        (["beach"], {"bare ground", "sand"}, {"water"}),
        (["paved road"], {"road", "pavement"}, {"building", "parking lot"}),
        (["car park"], {"parking lot", "pavement"}, {"road"}),
        (["water", "road"], {"water", "road", "swimming pool"} - {"swimming pool"}, {"tree"}),
    ],
)
def test_competitors_mean_something_else(
    classes: list[str], absent: set[str], present: set[str]
) -> None:
    found = set(competitors(classes))
    assert not found & absent
    assert present <= found


def test_background_names() -> None:
    assert all(map(is_background, ("background", "Clutter", "other", "everything else")))
    assert not is_background("building")


def test_a_users_file_is_merged(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "classes:\n  polder: {synonyms: [reclaimed land]}\n  ship: {synonyms: [tjalk]}\n"
        "background: [dike]\nbackground_names: [rest of it]\n"
        "alike: [[dike, road]]\n"
    )
    mine = load_knowledge(path)
    assert list(mine.class_prompts("polder").synonyms) == ["polder", "reclaimed land"]
    assert list(mine.class_prompts("ship").synonyms) == ["ship", "tjalk"]
    assert "house" in mine.class_prompts("building").synonyms
    assert {"dike", "road", "sand"} <= set(mine.competitors(["ship"]))
    assert not {"dike", "road"} & set(mine.competitors(["road"]))
    assert "sand" not in mine.competitors(["bare ground"])
    assert mine.is_background("rest of it")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "mapping"),
        ("a: [", "not a YAML"),
        ("colors: {}", "unknown section colors"),
        ("templates: ['no place for a name']", "must contain {}"),
        ("classes: {ship: [boat]}", r"classes\.ship"),
        ("background: sea", "background must be a list"),
        ("alike: {sand: soil}", "alike must be a list of lists"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(TextError, match=message) as caught:
        load_knowledge(path)
    assert "mine.yaml" in str(caught.value)


def test_missing_file() -> None:
    with pytest.raises(TextError, match="cannot be read"):
        load_knowledge(Path("nowhere.yaml"))
