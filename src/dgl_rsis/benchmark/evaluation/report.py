"""The page of a run: tables, and the best and worst answers of every way, in one HTML file.

It loads nothing and needs no script; pictures and style are inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from dgl_rsis.benchmark.evaluation.cases import Case, Extremes
from dgl_rsis.benchmark.evaluation.gallery import ClassKey, Shown
from dgl_rsis.benchmark.evaluation.pictures import Picture
from dgl_rsis.benchmark.evaluation.summary import Results
from dgl_rsis.benchmark.evaluation.tables import (
    Cell,
    Failure,
    Table,
    counted,
    facts,
    failures,
    shown,
    tables,
)
from dgl_rsis.markup import Markup, element, join

BAR = 96, 12  # width and height in pixels of the bar of a figure


def to_html(
    results: Results,
    spent: Mapping[str, float],
    chosen: Sequence[Extremes],
    pictures: Mapping[Case, Shown],
) -> str:
    """The page.

    Args:
        results: of ``summarise``.
        spent: mean seconds of every way.
        chosen: the cases that are shown.
        pictures: of the cases; those that have none are left out.
    """
    title = f"{results['dataset']}: evaluation"
    failed = failures(results)
    sections = [
        ("run", "What was run", _facts(results)),
        *(
            (f"table-{number}", table.caption, _table(table, f"table-{number}"))
            for number, table in enumerate(tables(results, spent), start=1)
        ),
        ("cases", "Best and worst answers", _cases(results, chosen, pictures)),
        *([("failures", "Failures", _failures(failed))] if failed else []),
    ]
    links = [element("li", element("a", name, href=f"#{anchor}")) for anchor, name, _ in sections]
    body = [
        element("header", element("h1", str(results["dataset"])), _lede(results)),
        element("nav", element("ul", *links), aria_label="Sections"),
        element("main", *(_section(*each) for each in sections)),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(_style())),
    ]
    page = element("html", element("head", *head), element("body", *body), lang="en")
    return f"<!doctype html>\n{page}\n"


def _style() -> str:
    return resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def _lede(results: Results) -> Markup:
    asked = "Class maps" if results["task"] == "maps" else "Masks that sentences refer to"
    count = len(results["results"])
    text = f"{asked}: {counted(count, 'way')} over {counted(results['images'], 'image')}"
    return element("p", text, "" if results["complete"] else ", stopped before the end", ".")


def _section(anchor: str, name: str, content: Markup) -> Markup:
    return element(
        "section", element("h2", name, id=f"{anchor}-title"), content,
        id=anchor, aria_labelledby=f"{anchor}-title",
    )  # fmt: skip


def _facts(results: Results) -> Markup:
    pairs = (
        element("div", element("dt", term), element("dd", said)) for term, said in facts(results)
    )
    return element("dl", *pairs, class_="facts")


def _table(table: Table, anchor: str) -> Markup:
    heads = (element("th", name, scope="col") for name in table.columns)
    rows = (
        element("tr", element("th", name, scope="row"), *map(_cell, cells))
        for name, cells in table.rows
    )
    whole = element(
        "table",
        _caption(f"{table.caption}; bars reach from 0 to 1."),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
    )
    return element(
        "div", whole, class_="scroll", role="region", tabindex=0, aria_labelledby=f"{anchor}-title"
    )


def _caption(text: str) -> Markup:
    return element("caption", element("span", text))


def _cell(cell: Cell) -> Markup:
    parts: list[str] = [element("span", cell.text, class_="figure")]
    if cell.interval_text:
        parts += [" ", element("span", cell.interval_text, class_="range")]
    if cell.value is not None:
        parts.append(_bar(cell.value, cell.low, cell.high))
    return element("td", *parts)


def _bar(value: float, low: float | None, high: float | None) -> Markup:
    """A line from 0 to 1 with the interval and the figure on it."""
    width, height = BAR
    middle, reach = height / 2, width - 8

    def at(figure: float) -> str:
        return f"{4 + reach * figure:.1f}"

    lines = [(0.0, 1.0, "track"), *([(low, high, "reach")] if None not in (low, high) else [])]
    drawn = [
        element("line", x1=at(start), x2=at(end), y1=str(middle), y2=str(middle), class_=kind)
        for start, end, kind in lines
        if start is not None and end is not None
    ]
    dot = element("circle", cx=at(value), cy=str(middle), r=4, class_="dot")
    return element(
        "svg", *drawn, dot, viewBox=f"0 0 {width} {height}", width=width, height=height,
        aria_hidden="true",
    )  # fmt: skip


def _cases(results: Results, chosen: Sequence[Extremes], pictures: Mapping[Case, Shown]) -> Markup:
    note = (
        "By the mean IoU of the classes in an image or its map."
        if results["task"] == "maps"
        else "By IoU. A sentence that is rightly answered by nothing has none and is not shown."
    )
    left = len(results["results"]) - len(chosen)
    more = f" Shown are the first {len(chosen)} ways; {left} more have none." if left else ""
    links = (
        element("li", element("a", each.way, href=f"#way-{number}"))
        for number, each in enumerate(chosen, start=1)
    )
    ways = (_way(number, each, pictures) for number, each in enumerate(chosen, start=1))
    return join(
        element("p", note, more),
        element("nav", element("ul", *links), aria_label="Ways"),
        *ways,
    )


def _way(number: int, chosen: Extremes, pictures: Mapping[Case, Shown]) -> Markup:
    parts = [element("h3", chosen.way)]
    for name, cases in (("Best", chosen.best), ("Worst", chosen.worst)):
        found = [_case(pictures[case]) for case in cases if case in pictures]
        if found:
            parts += [element("h4", name), element("div", *found, class_="cases")]
    if len(parts) == 1:
        parts.append(element("p", "Nothing to show: no answer has an IoU."))
    return element("section", *parts, id=f"way-{number}")


def _case(each: Shown) -> Markup:
    case = each.case
    iou = f"IoU {shown(case.iou)}"
    if abs(each.iou - case.iou) >= 0.0005:
        iou += f" in the run, {shown(each.iou)} when asked again for this page"
    title = f"“{each.sentence}”" if each.sentence else case.name
    about = f"{iou} · {case.name}" if each.sentence else iou
    parts = [element("h5", title), element("p", about, class_="about")]
    if each.error:
        parts.append(element("p", f"Failed: {each.error}", class_="error"))
    figures = (_figure(name, picture, title) for name, picture in each.pictures)
    parts.append(element("div", *figures, class_="pictures"))
    if each.legend:
        parts.append(element("ul", *map(_key, each.legend), class_="legend"))
    if each.reason:
        why = [] if each.explanation is None else [_image(each.explanation, f"Why: {title}")]
        parts.append(
            element(
                "details",
                element("summary", "Why: what was understood, and what each step chose"),
                *why,
                element("pre", each.reason),
            )
        )
    return element("article", *parts)


def _figure(name: str, picture: Picture, title: str) -> Markup:
    return element("figure", _image(picture, f"{name}: {title}"), element("figcaption", name))


def _image(picture: Picture, alt: str) -> Markup:
    return element("img", src=picture.uri, alt=alt, width=picture.width, height=picture.height)


def _key(key: ClassKey) -> Markup:
    swatch = element("span", class_="swatch", style=f"background: rgb{key.colour}")
    return element("li", swatch, f" {key.name} {shown(key.iou)}")


def _failures(failed: Sequence[Failure]) -> Markup:
    heads = (element("th", name, scope="col") for name in ("Way", "Image or sentence", "Error"))
    rows = (
        element("tr", element("th", each.way, scope="row"), *_texts(each.name, each.error))
        for each in failed
    )
    table = element(
        "table",
        _caption("What failed; each counts as wrong."),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="texts",
    )
    return element(
        "div", table, class_="scroll", role="region", tabindex=0, aria_labelledby="failures-title"
    )


def _texts(*texts: str) -> list[Markup]:
    return [element("td", text) for text in texts]
