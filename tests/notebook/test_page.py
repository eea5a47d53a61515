from __future__ import annotations

import base64
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from notebook.made import answer, class_map, scene_answer
from PIL import Image

from dgl_rsis.notebook.page import LISTED, page
from dgl_rsis.notebook.picture import png
from dgl_rsis.pipeline import Model

VOID = {"br", "img"}


class Page(HTMLParser):
    """Elements, texts and rows; fails where an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ")

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def test_a_map_has_a_picture_and_a_legend() -> None:
    shown = Page(class_map()._repr_html_())
    assert shown.rows == [
        ["", "class", "share", "area"],
        ["", "building", "37.0%", "3,200 m²"],  # 800 of 2160 valid pixels of 4 square metres
        ["", "<river> & co", "37.0%", "3,200 m²"],
        ["", "no class", "25.9%", "2,240 m²"],
    ]
    assert "read at 2 m" in shown.texts
    (picture,) = shown.named("img")
    head, code = str(picture["src"]).split(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(BytesIO(base64.b64decode(code))) as image:
        assert image.size == (360, 240)
    assert picture["alt"] == "map of building, <river> & co"


def test_areas_are_pixels_without_a_place() -> None:
    assert Page(class_map(None)._repr_html_()).rows[1][-1] == "800 px"


def test_an_answer_has_its_terms_and_why() -> None:
    shown = Page(answer()._repr_html_())
    assert shown.rows == [
        ["rank", "score", "probability", "program", "area", ""],
        ["1", "0.50 ", "0.25 ", "1.00 ", "320 m²", "chosen"],
        ["2", "0.25 ", "0.50 ", "", "320 m²", "it is <not> left"],
    ]
    assert [bar["value"] for bar in shown.named("meter")] == [
        "0.500", "0.250", "1.000", "0.250", "0.500",
    ]  # fmt: skip
    assert "“the building on the left”" in shown.texts
    assert answer().explain() in shown.texts
    assert "a & b" in shown.texts


def test_nothing_is_loaded_from_elsewhere() -> None:
    for result in (class_map(), answer(), scene_answer()):
        found = Page(result._repr_html_()).found
        assert not {name for name, _ in found} & {"script", "link", "iframe", "style"}
        for _, attributes in found:
            assert str(attributes.get("src", "data:")).startswith("data:")
            assert "href" not in attributes


def test_a_scene_is_sketched_where_its_pixels_are_not_at_hand() -> None:
    shown = Page(scene_answer()._repr_html_())
    assert shown.named("img") == []
    (sketch,) = shown.named("svg")
    assert sketch["viewbox"] == "0 0 60 40"
    scene, lost, chosen = shown.named("rect")
    assert (scene["width"], scene["height"]) == ("60", "40")
    assert [chosen[key] for key in ("x", "y", "width", "height")] == ["10", "5", "8", "10"]
    assert lost["fill"] != chosen["fill"]
    assert scene_answer()._repr_png_() is None


def test_an_answer_without_matches_says_so() -> None:
    nothing = answer(heat=0.0)
    object.__setattr__(nothing, "matches", ())
    shown = Page(nothing._repr_html_())
    assert "nothing matched of 0 ranked" in shown.texts
    assert shown.named("table") == []


def test_long_rankings_are_cut_and_that_is_said() -> None:
    many = answer()
    object.__setattr__(many, "matches", many.matches * 4)
    shown = Page(many._repr_html_())
    assert len(shown.rows) == 1 + LISTED
    assert f"4 chosen of 8 ranked, the first {LISTED} below" in shown.texts


def test_the_picture_of_a_map_is_small_and_complete() -> None:
    code = class_map()._repr_png_()
    assert code is not None
    with Image.open(BytesIO(code)) as picture:
        assert picture.mode == "P"
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    mixed = np.round(0.45 * 100 + 0.55 * np.array((214, 48, 49)))
    assert (np.abs(colours - mixed).max(axis=1) <= 4).any()


def test_other_things_are_no_results() -> None:
    with pytest.raises(TypeError, match="str is no result that can be shown"):
        page("map")
    assert png("map") is None
    assert not hasattr(Model, "_repr_html_")
