"""Sizes and distances on the ground: *larger than 500 m²*, *within 100 m of the bridge*."""

from __future__ import annotations

from dgl_rsis.text.grammar.amounts import Bounds, read_amount, read_bounds
from dgl_rsis.text.grammar.noun_phrases import read_anchor
from dgl_rsis.text.grammar.phrase import NounPhrase
from dgl_rsis.text.grammar.reader import Reader
from dgl_rsis.text.grammar.relations import read_direction_of
from dgl_rsis.text.program.nodes import Measure, Node
from dgl_rsis.text.program.vocabulary import Quantity, Unit, is_areal

_HEIGHT = "height"
_VERBS = (
    "covering", "covers", "cover", "measuring", "measures", "measure", "spanning", "spans",
    "occupying", "occupies", "of", "at", "whose", "has", "have", "is", "are",
)  # fmt: skip


def measured(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """Bounds with the words around them: *with an area of more than 2 ha*, *over 12 m long*."""
    said, start, bounds = None, i, read_bounds(reader, i)
    if bounds is None:
        said, start = _read_lead(reader, i)
        bounds = read_bounds(reader, start) if start > i else None
    if bounds is None:
        return _leave_amount(reader, phrase, i, start) if start > i else None
    dimension = reader.lexicon.dimensions.match(reader.words, bounds.end)
    end = dimension[1] if dimension else bounds.end
    said = dimension[0] if dimension else said
    if said == _HEIGHT:
        phrase.left_over.update(range(i, end))
        return end
    quantity = _quantity(bounds, said)
    if quantity in (Quantity.AREA, Quantity.WIDTH) or said == Quantity.LENGTH:
        _constrain(phrase, bounds, quantity, None, i, end)
        return end
    return _measured_distance(reader, phrase, bounds, i, end)


def measured_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*the over 300 m long train*, *within 100 m of the road, the largest hall*."""
    return measured(reader, phrase, i) if read_bounds(reader, i) is not None else None


def measured_height(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*taller than 20 m*, *taller than the hall*: no image from above shows it; left over."""
    attribute = reader.lexicon.attributes.match(reader.words, i)
    if attribute is None or attribute[0].kind != _HEIGHT:
        return None
    if not reader.is_word(attribute[1], "than"):
        return None
    amount = read_amount(reader, attribute[1] + 1)
    anchor = None if amount else read_anchor(reader, attribute[1] + 1)
    end = amount.end if amount else anchor[1] if anchor else attribute[1] + 1
    phrase.left_over.update(range(i, end))
    return end


def plain_amount(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*about 200 m long*, *30 m from the road*: no bound; left to the model."""
    return _leave_amount(reader, phrase, i, i)


def plain_amount_before_noun(reader: Reader, phrase: NounPhrase, i: int) -> int | None:
    """*a 200 m long bridge*."""
    return _leave_amount(reader, phrase, i, i)


def _leave_amount(reader: Reader, phrase: NounPhrase, i: int, start: int) -> int | None:
    """Leave an amount with a unit over, with its dimension and what it is a distance from."""
    lexicon, words = reader.lexicon, reader.words
    while adverb := lexicon.intensifiers.match(words, start):
        start = adverb[1]
    amount = read_amount(reader, start)
    if amount is None or amount.unit is None:
        return None
    end = amount.end
    if dimension := lexicon.dimensions.match(words, end):
        end = dimension[1]
    is_distance = reader.is_word(end, "from", "away")
    to = lexicon.distance_words.match(words, end) if is_distance else None
    anchor = read_anchor(reader, to[1]) if to else None
    end = anchor[1] if anchor else end
    phrase.left_over.update(range(i, end))
    return end


def _read_lead(reader: Reader, i: int) -> tuple[str | None, int]:
    """*with an area of*, *covering*, *whose length is*: what is measured, and where that ends."""
    lexicon, words = reader.lexicon, reader.words
    match = lexicon.with_words.match(words, i)
    start = match[1] if match else i + 1 if reader.is_word(i, *_VERBS) else i
    named = lexicon.dimensions.match(words, reader.skip_determiners(start))
    if start == i or named is None:
        return None, start
    start = named[1]
    copula = lexicon.copulas.match(words, start)
    if copula:
        start = copula[1]
    return named[0], start + 1 if reader.is_word(start, "of") else start


def _measured_distance(
    reader: Reader, phrase: NounPhrase, bounds: Bounds, i: int, end: int
) -> int | None:
    """*from the road*, *north of the road* behind the bounds; without an anchor it is a length."""
    to = reader.lexicon.distance_words.match(reader.words, end)
    distant = read_anchor(reader, to[1], phrase) if to else None
    if distant is not None:
        anchor, stop = distant
        phrase.left_over |= anchor.left_over
        _constrain(phrase, bounds, Quantity.DISTANCE, anchor.as_anchor(), i, stop)
        return stop
    if to is not None:
        return None
    beside = read_direction_of(reader, end)
    if beside is not None:
        wrap, node, stop = beside
        _constrain(phrase, bounds, Quantity.DISTANCE, node, i, end)
        phrase.constrain(wrap, end, stop)
        return stop
    _constrain(phrase, bounds, Quantity.LENGTH, None, i, end)
    return end


def _constrain(
    phrase: NounPhrase, bounds: Bounds, quantity: Quantity, anchor: Node | None, i: int, end: int
) -> None:
    unit = _areal(bounds.unit) if quantity is Quantity.AREA else bounds.unit

    def wrap(child: Node) -> Node:
        for comparison, value in bounds.limits:
            child = Measure(child, quantity, comparison, value, unit, anchor)
        return child

    phrase.constrain(wrap, i, end)


def _quantity(bounds: Bounds, said: str | None) -> Quantity:
    """What is measured: the unit decides, then the word for it, then the comparison."""
    if is_areal(bounds.unit) or (said == Quantity.AREA and bounds.unit is Unit.PIXEL):
        return Quantity.AREA
    if said == Quantity.WIDTH or bounds.said - {Quantity.DISTANCE} == {Quantity.WIDTH}:
        return Quantity.WIDTH
    return Quantity.DISTANCE if said == Quantity.DISTANCE else Quantity.LENGTH


def _areal(unit: Unit) -> Unit:
    """*100 pixels in area* are square pixels."""
    return Unit.SQUARE_PIXEL if unit is Unit.PIXEL else unit
