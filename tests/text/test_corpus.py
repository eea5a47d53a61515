"""Sentences with the programs that a careful human would write: ``tests/data/corpus.json``.

The corpus covers every construction of the grammar, singly and combined, short and templated as
well as long and descriptive. Conventions of its programs: constraints in the order in which they
are said, the superlative or ordinal around them, the number outermost; nouns singular, synonyms as
they were said; a modifier belongs to the nearest noun unless a comma, *and* or a verb gives the
word back to the target; rows count from the left, columns from the top; what no node can say is
left out.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.json_form import from_json

CORPUS = json.loads(
    (Path(__file__).parents[1] / "data" / "corpus.json").read_text(encoding="utf-8")
)
LEAST_EXACT = 0.98
LONGEST_MEDIAN = 0.005  # seconds


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    sentences = {row["sentence"].lower() for row in CORPUS}
    assert len(sentences) == len(CORPUS) >= 400


def test_programs_are_exact() -> None:
    failures = []
    for row in CORPUS:
        query, gold = parse(row["sentence"]), from_json(row["program"])
        if (query.target.noun, query.program) != (row["noun"], gold):
            failures.append(f"{row['sentence']}\n  gold: {gold}\n  read: {query.program}")
    exact = 1 - len(failures) / len(CORPUS)
    assert exact >= LEAST_EXACT, f"{exact:.1%} exact\n" + "\n".join(failures)


def test_sentences_are_read_in_milliseconds() -> None:
    times = []
    for row in CORPUS:
        start = time.perf_counter()
        parse(row["sentence"])
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < LONGEST_MEDIAN
