"""Reads a page as a browser would, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from dgl_rsis.benchmark.evaluation.answering import Plan, bench_of
from dgl_rsis.benchmark.evaluation.cases import Case, choose_cases
from dgl_rsis.benchmark.evaluation.gallery import Shown, show_image
from dgl_rsis.benchmark.evaluation.journal import Entry
from dgl_rsis.benchmark.evaluation.markdown import to_markdown
from dgl_rsis.benchmark.evaluation.report import to_html
from dgl_rsis.benchmark.evaluation.summary import Results, seconds, summarise

VOID = {"img", "meta"}


class Page(HTMLParser):
    """Checks that elements are closed in order, and gathers what is asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in VOID:
            return
        self.open.append(tag)
        self.texts.setdefault(tag, []).append("")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in self.open:
            self.texts[tag][-1] += data
        if "th" in self.open or "td" in self.open:
            self.tables[-1][-1][-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of all elements of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


@dataclass(frozen=True)
class Made:
    """A run, its tables and its page."""

    heading: dict[str, Any]
    entries: list[Entry]
    results: Results
    markdown: str
    html: str
    shown: dict[Case, Shown]


def made(plan: Plan, limit: int = 100_000) -> Made:
    """Runs in this process."""
    bench = bench_of(plan)
    entries = [bench.answer(image) for image in bench.images()]
    results, spent = summarise(bench.heading(), entries, len(entries)), seconds(entries)
    chosen = choose_cases(results)
    cases = [case for each in chosen for case in (*each.best, *each.worst)]
    shown = {}
    for image in bench.images():
        of_image = [case for case in cases if case.image == image]
        if of_image:
            shown |= {each.case: each for each in show_image(plan, of_image, limit=limit)}
    html = to_html(results, spent, chosen, shown)
    return Made(bench.heading(), entries, results, to_markdown(results, spent), html, shown)
