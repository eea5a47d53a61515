"""The page of whole runs: what it shows, and that it loads nothing and escapes everything."""

import base64
import io
import re
from html import escape

import pytest
from benchmark.evaluation.page import Page, made
from PIL import Image

from dgl_rsis.benchmark.evaluation.answering import Plan
from dgl_rsis.benchmark.evaluation.cases import Case, choose_cases
from dgl_rsis.benchmark.evaluation.files import REPORT, write_report, write_results
from dgl_rsis.benchmark.evaluation.gallery import Shown
from dgl_rsis.benchmark.evaluation.report import to_html
from dgl_rsis.benchmark.evaluation.tables import facts
from dgl_rsis.benchmark.evaluation.ways import Way

ODD = 'grass <b> & "lawn"'
METHODS = {"own-maps": ("fast", "clip-argmax"), "own-sentences": ("fast", "dense-score")}


def plan(own_set, model, dataset, methods=None, **more):
    ways = tuple(Way(f"dir:{model}", method) for method in methods or METHODS[dataset])
    return Plan(dataset, str(own_set), None, ways, **more)


def with_odd_names(own_set):
    (own_set / "classes.txt").write_text(f"{ODD}\nbuilding\n")
    lines = (own_set / "sentences.csv").read_text()
    quoted = ODD.replace('"', '""')
    (own_set / "sentences.csv").write_text(
        lines.replace("the red building", f'"the red building of {quoted}"')
    )
    return own_set


def markdown_tables(text):
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()]
        for block in blocks
    ]


@pytest.mark.parametrize("dataset", ["own-maps", "own-sentences"])
def test_the_page_of_a_run(own_set, tiny_rs_folder, dataset):
    found = made(plan(with_odd_names(own_set), tiny_rs_folder, dataset, limit=3, seed=1))
    results, html, shown = found.results, found.html, found.shown
    page = Page(html)

    # the same numbers as in results.md, in the same order
    expected = [[rows[0], *rows[2:]] for rows in markdown_tables(found.markdown)]
    assert len(expected) == 2
    assert page.tables == expected
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.named("th")), (
        "every head says of what"
    )
    assert len(page.texts["caption"]) == len(page.tables)

    # what was run
    assert page.texts["dt"] == [term for term, _ in facts(results)]
    assert page.texts["dd"] == [said for _, said in facts(results)]

    # each case with image, truth and answer
    ways = list(results["results"])
    assert page.texts["h3"] == ways
    assert page.texts["h4"] == ["Best", "Worst"] * len(ways)
    assert len(page.texts["article"]) == len(shown)
    assert page.texts["figcaption"][0] == "Image"
    assert len(page.texts["figcaption"]) == 3 * len(shown)
    for text, each in zip(page.texts["article"], shown_in_order(results, shown), strict=True):
        assert f"IoU {each.case.iou:.3f}" in text
        assert "asked again" not in text
        assert each.iou == pytest.approx(each.case.iou)
        assert (each.sentence or each.case.name) in text

    # names are texts, whatever is in them
    assert ODD in "".join(page.texts["main"])
    assert escape(ODD) in html
    assert ODD not in html
    assert not page.named("b")

    # anchors lead somewhere; nothing else is loaded
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"] for link in page.named("a")} <= {f"#{name}" for name in ids}
    assert {"run", "table-1", "table-2", "cases", "way-1", "way-2"} <= set(ids)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert not re.search(r"url\(|@import", page.texts["style"][0])
    labels = [each["aria-labelledby"] for _, each in page.elements if "aria-labelledby" in each]
    assert set(labels) <= set(ids)

    for image in page.named("img"):
        assert image["alt"]
        kind, _, content = image["src"].partition(",")
        assert kind == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
        picture.load()
        assert (str(picture.width), str(picture.height)) == (image["width"], image["height"])

    if dataset == "own-maps":
        assert "details" not in page.texts
        assert page.texts["article"][0].count(ODD) == 1  # in the legend
        assert page.named("img")[0]["width"] == "336"  # 48 pixels, seven times as large
    else:
        of_ours = [each for each in shown.values() if each.case.way == ways[0]]
        assert page.texts["pre"] == [
            each.reason for each in shown_in_order(results, shown) if each.reason
        ]
        assert len(page.texts["details"]) == len(of_ours) > 0
        assert all("understood:" in each.reason for each in of_ours)
        assert "Truth" in page.texts["figcaption"]


def shown_in_order(results, shown):
    return [
        shown[case]
        for each in choose_cases(results)
        for case in (*each.best, *each.worst)
    ]  # fmt: skip


def test_the_legend_and_the_iou_are_of_the_answer_that_is_shown(own_set, tiny_rs_folder):
    shown = made(plan(own_set, tiny_rs_folder, "own-maps", ("oracle-classes",))).shown
    assert len(shown) == 4
    for each in shown.values():
        assert [key.name for key in each.legend] == ["grass", "building"]
        assert each.iou == pytest.approx(sum(key.iou for key in each.legend) / 2)
        assert each.iou > 0.5


def test_what_fails_again_shows_its_error(own_set, tiny_rs_folder, monkeypatch):
    def fail(*_, **__):
        raise ValueError("no such thing")

    monkeypatch.setattr("dgl_rsis.benchmark.evaluation.maps.map_method", lambda name: fail)
    found = made(plan(own_set, tiny_rs_folder, "own-maps", ("fast", "clip-argmax")))
    page = Page(found.html)
    failed = [each for each in found.shown.values() if each.error]
    assert len(failed) == 4
    assert all(len(each.pictures) == 2 for each in failed)
    assert page.texts["h4"] == ["Best", "Worst", "Worst"]
    assert sum("no such thing" in text for text in page.texts["article"]) == 4
    head, *rows = page.tables[-1]
    assert head == ["Way", "Image or sentence", "Error"]
    assert [row[1] for row in rows] == [f"part{number}" for number in range(4)]
    assert all("no such thing" in row[2] for row in rows)
    assert "#failures" in [link["href"] for link in page.named("a")]


def test_pictures_keep_to_their_bytes(own_set, tiny_rs_folder):
    small, large = (
        len(made(plan(own_set, tiny_rs_folder, "own-maps", ("fast",)), limit=limit).html)
        for limit in (2_000, 100_000)
    )
    assert small < 12 * 2_000 * 4 / 3 + 20_000 < large


def test_ways_without_cases_and_answers_that_differ_are_told(own_set, tiny_rs_folder):
    task = plan(own_set, tiny_rs_folder, "own-maps")
    found = made(task)
    results = found.results
    chosen = choose_cases(results)[:1]
    case = chosen[0].best[0]
    html = to_html(results, {}, chosen, {case: Shown(case, case.iou - 0.01, ())})
    page = Page(html)
    assert "Shown are the first 1 ways; 1 more have none." in page.texts["main"][0]
    assert f"in the run, {case.iou - 0.01:.3f} when asked again" in page.texts["article"][0]
    assert "Nothing to show" in Page(to_html(results, {}, chosen, {})).texts["main"][0]
    assert Case(case.way, case.name, case.image, case.iou) in found.shown


@pytest.mark.slow
def test_processes_write_the_same_page(own_set, tiny_rs_folder, tmp_path):
    task = plan(own_set, tiny_rs_folder, "own-sentences")
    found, told = made(task), []

    def tell(done, total, message):
        told.append((done, total))
        return True

    results, files = write_results(tmp_path, found.heading, found.entries, 4)
    path = write_report(tmp_path, task, results, found.entries, workers=2, tell=tell)
    assert path == tmp_path / REPORT
    assert path.read_text(encoding="utf-8") == found.html
    assert told == [(number, 4) for number in range(1, 5)]
    write_results(tmp_path, found.heading, found.entries, 4)
    assert not path.exists(), "an old page does not stand beside new results"
    assert all(file.exists() for file in files)
