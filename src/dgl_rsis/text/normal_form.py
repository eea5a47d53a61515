"""Programs in the spelling of the lexicon, so that two of them can be compared."""

from __future__ import annotations

from typing import Any

from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.lexicon_file import default_lexicon
from dgl_rsis.text.program.json_form import from_json
from dgl_rsis.text.program.nodes import Node, Select


def normal_form(program: Node, *, lexicon: Lexicon | None = None) -> Node:
    """The same program with every word as the lexicon writes it.

    *harbour* becomes *harbor* and *gray* becomes *grey*; an attribute that is a part of a known
    noun joins it (*gravel*, *path* become *gravel path*).

    Args:
        program: any program, for example one that was written by hand.
        lexicon: the words that are known; the package's own by default.
    """
    normal: Node = from_json(_rewritten(program.to_json(), lexicon or default_lexicon()))
    return normal


def _rewritten(values: Any, lexicon: Lexicon) -> Any:
    if isinstance(values, list):
        return [_rewritten(each, lexicon) for each in values]
    if not isinstance(values, dict):
        return values
    if values["op"] == Select.op:
        return _select(values["noun"], tuple(values.get("attributes", ())), lexicon)
    return {
        key: value if key == "op" else _rewritten(value, lexicon) for key, value in values.items()
    }


def _select(noun: str, attributes: tuple[str, ...], lexicon: Lexicon) -> dict[str, Any]:
    noun = noun.lower()
    while attributes and lexicon.noun_forms.get(f"{attributes[-1]} {noun}") is not None:
        noun, attributes = f"{attributes[-1]} {noun}", attributes[:-1]
    form = lexicon.noun_forms.get(noun)
    words = [_attribute(word.lower(), lexicon) for word in attributes]
    return Select(form.singular if form is not None else noun, tuple(words)).to_json()


def _attribute(word: str, lexicon: Lexicon) -> str:
    plain = word.replace("-", " ")
    known = lexicon.attributes.get(plain)
    if known is not None:
        return known.word.replace(" ", "-")
    lightness, _, colour = plain.partition(" ")  # "light gray"
    shifted = lexicon.attributes.get(colour)
    if shifted is None or shifted.kind != "colour":
        return word
    return f"{lightness} {shifted.word}"
