"""Regular English singular and plural of nouns."""

from __future__ import annotations


def plural(noun: str) -> str:
    """Regular English plural of a noun phrase: its last word changes."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and len(noun) > 1 and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith("man"):
        return noun[:-3] + "men"
    return noun + "s"


def singular(noun: str) -> str:
    """Regular English singular of an unknown noun; unchanged where it does not look plural."""
    if len(noun) < 4 or noun.endswith(("ss", "us", "is")) or not noun.endswith("s"):
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1]
