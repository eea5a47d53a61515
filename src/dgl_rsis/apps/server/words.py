"""What is understood of a text: class names, or a sentence with its parts marked."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from dgl_rsis.text.classes import read_classes
from dgl_rsis.text.knowledge import Knowledge
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.normal_form import normal_form
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.nodes import Node, Select
from dgl_rsis.text.program.step import Step
from dgl_rsis.text.program.tree import program_of
from dgl_rsis.types import Query

_CLASSES = re.compile(r"\s*class(?:es)?\s*:", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:'[^\W_]+)*")
_KINDS = {"extremum": "superlative", "filter": "position", "measure": "measure"}


@lru_cache(maxsize=1024)
def understand_text(text: str, known: Knowledge) -> dict[str, Any]:
    """What is understood of what somebody types.

    Args:
        text: ``classes: building, road``, or a sentence.
        known: the words that are known.

    Raises:
        TextError: there is nothing in it to look for.
    """
    found = _CLASSES.match(text)
    return _of_classes(text[found.end() :], known) if found else _of_sentence(text, known.lexicon)


def _of_classes(text: str, known: Knowledge) -> dict[str, Any]:
    names = [" ".join(each.split()) for each in re.split(r"[,;\n]", text)]
    names = [name for name in names if name]
    read_classes(names, known=known)  # says what is wrong
    lexicon = known.lexicon
    unknown = [name for name in names if not all(_is_known(w, lexicon) for w in _words(name))]
    return {"kind": "classes", "classes": names, "unknown": unknown}


def _of_sentence(text: str, lexicon: Lexicon) -> dict[str, Any]:
    query = parse(text, lexicon=lexicon)
    target = query.target
    program = program_of(query)
    return {
        "kind": "sentence",
        "target": {
            "text": target.text,
            "noun": target.noun,
            "attributes": [
                {"kind": _attribute_kind(word, lexicon), "text": word} for word in target.attributes
            ],
        },
        "count": _count(query),
        "steps": [_located(step, text) for step in _steps(program)],
        "unknown": [
            {"text": match.group(), "start": match.start(), "end": match.end()}
            for match in _WORD.finditer(text)
            if not _is_known(match.group(), lexicon)
        ],
        "program": str(normal_form(program, lexicon=lexicon)),
        "understood": str(query),
        "notes": [f"{words!r} is left to the model" for words in query.unexecuted],
    }


def _count(query: Query) -> str:
    if query.count is None:
        return "all"
    return "one" if query.count == 1 else str(query.count)


def _words(text: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(text)]


def _is_known(word: str, lexicon: Lexicon) -> bool:
    corrected = lexicon.spelling.correct(word.lower())
    parts = [part for part in re.split(r"[\s-]+|'s$", corrected) if part]
    return all(part in lexicon.vocabulary or part in lexicon.nouns_before_nouns for part in parts)


def _attribute_kind(word: str, lexicon: Lexicon) -> str:
    known = lexicon.attributes.get(word.replace("-", " "))
    if known is None:
        known = lexicon.attributes.get(word.split()[-1])
    return "other" if known is None else known.kind


def _steps(program: Node) -> list[Step]:
    """The constraints along the path to the target, in the order in which they are executed."""
    path: list[Step] = []
    node: Step = program
    while not isinstance(node, Select):
        path.append(node)
        children = list(node.children())
        if not children:
            break
        node = children[0]
    return path[::-1]


def _located(step: Step, text: str) -> dict[str, Any]:
    """What a step adds, in words, and where the text says so as far as that can be told."""
    head, tail = step.parts()
    inner_head, inner_tail = next(iter(step.children())).parts()
    said = tail.removeprefix(inner_tail).removeprefix(", ").strip()
    said = said or head.removesuffix(inner_head).strip() or head
    start, end = _span(said, text)
    kind = _KINDS.get(step.op, "relation" if step.op == "relate" else step.op)
    return {"kind": kind, "text": said, "start": start, "end": end}


def _span(said: str, text: str) -> tuple[int | None, int | None]:
    """From the first to the last word of the text that a step says too; None where none is."""
    words = {word.lower() for word in _words(said)} - {"of", "the", "to", "at", "x"}
    places = [match for match in _WORD.finditer(text) if match.group().lower() in words]
    if not places:
        return None, None
    return places[0].start(), places[-1].end()


def check_sentence(text: str) -> None:
    """Refuse what is no sentence.

    Raises:
        TextError: there is no letter in it.
    """
    parse(text)
