"""The order of the rules."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from dgl_rsis.text import grammar
from dgl_rsis.text.grammar.reader import Rule
from dgl_rsis.text.grammar.rules import RULES


def rules_of_every_module() -> Iterator[Rule]:
    for found in pkgutil.iter_modules(grammar.__path__, f"{grammar.__name__}."):
        for name, each in inspect.getmembers(import_module(found.name), inspect.isfunction):
            is_own = each.__module__ == found.name and not name.startswith("_")
            if is_own and list(inspect.signature(each).parameters) == ["reader", "phrase", "i"]:
                yield each


def test_every_rule_has_one_place() -> None:
    placed = [*RULES.before_noun, *RULES.after_noun]
    assert len(placed) == len(set(placed))
    assert set(placed) == set(rules_of_every_module())
