"""Measure the parser on sentences with gold programs.

python benchmarks/language.py [tests/data/unseen_sentences.json] [--verbose]

A program is exact when it equals the gold one, defaults filled in and words spelled as the lexicon
does (gray is grey); "up to order" forgives the order of places, relations and measures around one
noun, which commute.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dgl_rsis.text.normal_form import normal_form
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.json_form import from_json
from dgl_rsis.text.program.nodes import Select
from dgl_rsis.text.program.tree import walk

COMMUTING = ("filter", "relate", "measure")
UNSEEN = Path(__file__).resolve().parent.parent / "tests/data/unseen_sentences.json"


def in_any_order(program: Any) -> Any:
    """The JSON of a program with runs of commuting nodes sorted."""
    if not isinstance(program, dict):
        return [in_any_order(each) for each in program] if isinstance(program, list) else program
    run = []
    while program["op"] in COMMUTING:
        run.append({key: value for key, value in program.items() if key != "child"})
        program = program["child"]
    inner = {
        key: in_any_order(value) if isinstance(value, dict | list) else value
        for key, value in program.items()
    }
    parts = [{key: in_any_order(value) for key, value in each.items()} for each in run]
    return {"run": sorted(parts, key=lambda each: json.dumps(each, sort_keys=True)), "of": inner}


def main() -> None:
    """Print the shares of exact nouns and programs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=UNSEEN)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if not options.file.is_file():
        sys.exit(f"{options.file} is not there; pass a file of sentences with gold programs")
    cases = json.loads(options.file.read_text(encoding="utf-8"))
    nouns = exact = alike = 0
    for case in cases:
        query = parse(case["sentence"])
        gold = normal_form(from_json(case["program"]))
        target = next(node for node in walk(gold) if isinstance(node, Select))
        nouns += query.target.noun == target.noun
        program = normal_form(from_json(query.program.to_json()))
        same = program == gold
        exact += same
        alike += in_any_order(program.to_json()) == in_any_order(gold.to_json())
        if options.verbose and not same:
            # Texts do not tell the noun "ski lift" from a lift that is "ski"; representations do.
            say = repr if str(gold) == str(query.program) else str
            print(f"{case['sentence']}\n  gold   {say(gold)}\n  parsed {say(query.program)}")
    print(
        f"{len(cases)} sentences: target noun {nouns / len(cases):.2f}, program "
        f"{exact / len(cases):.2f} exact, {alike / len(cases):.2f} up to order"
    )


if __name__ == "__main__":
    main()
