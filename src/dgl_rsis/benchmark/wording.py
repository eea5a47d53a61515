"""Questions in English, in several wordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dgl_rsis.benchmark.questions import (
    Amid,
    Beside,
    Between,
    Colour,
    Compared,
    Condition,
    Except,
    Limit,
    Not,
    Parallel,
    Place,
    Rank,
    Reach,
    Shape,
    Size,
    Things,
)
from dgl_rsis.benchmark.truth import SPREADING

NOUNS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "building": (("building", "buildings"), ("house", "houses"), ("roof", "roofs")),
    "storage tank": (("storage tank", "storage tanks"), ("tank", "tanks")),
    "tennis court": (("tennis court", "tennis courts"), ("court", "courts")),
    "swimming pool": (("swimming pool", "swimming pools"), ("pool", "pools")),
    "plane": (("plane", "planes"), ("aircraft", "aircraft"), ("airplane", "airplanes")),
    "ship": (("ship", "ships"), ("boat", "boats"), ("vessel", "vessels")),
    "bridge": (("bridge", "bridges"),),
    "car park": (("car park", "car parks"), ("parking lot", "parking lots")),
    "sports field": (("football pitch", "football pitches"), ("soccer field", "soccer fields")),
    "runway": (("runway", "runways"), ("airstrip", "airstrips")),
    "car": (("car", "cars"), ("automobile", "automobiles")),
    "water": (("water", "water"),),
    "river": (("river", "rivers"),),
    "road": (("road", "roads"), ("street", "streets")),
    "railway": (("railway", "railways"), ("railroad", "railroads")),
    "field": (("field", "fields"),),
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_SUPERLATIVES: Mapping[tuple[str, bool], tuple[str, ...]] = {
    ("area", True): ("largest", "biggest"),
    ("area", False): ("smallest",),
    ("length", True): ("longest",),
    ("length", False): ("shortest",),
    ("width", True): ("widest", "broadest"),
    ("width", False): ("narrowest",),
    ("brightness", True): ("brightest", "lightest"),
    ("brightness", False): ("darkest",),
    ("x", False): ("leftmost", "left-most"),
    ("x", True): ("rightmost", "right-most"),
    ("y", False): ("topmost", "uppermost", "top-most"),
    ("y", True): ("bottommost", "lowest", "lowermost"),
    ("north", True): ("northernmost",),
    ("north", False): ("southernmost",),
    ("east", True): ("easternmost",),
    ("east", False): ("westernmost",),
    ("centre", False): ("most central",),
}
_COMPARATIVES: Mapping[tuple[str, bool], str] = {
    ("area", True): "larger",
    ("area", False): "smaller",
    ("length", True): "longer",
    ("length", False): "shorter",
    ("brightness", True): "brighter",
    ("brightness", False): "darker",
}
_FROM: Mapping[tuple[str, bool], str] = {
    ("x", False): "left",
    ("x", True): "right",
    ("y", False): "top",
    ("y", True): "bottom",
    ("north", True): "north",
    ("north", False): "south",
    ("east", True): "east",
    ("east", False): "west",
}
_PLACES: Mapping[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "in the left half"),
    "right": ("on the right", "on the right side", "in the right half"),
    "top": ("at the top", "in the upper part", "in the top half"),
    "bottom": ("at the bottom", "in the lower part", "in the bottom half"),
    "centre": ("in the centre", "in the middle", "near the center of the image"),
    "edge": ("at the edge of the image", "at the border of the picture", "near the image border"),
    "corner": ("in a corner of the image", "in one of the corners"),
}
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "left": ("left of", "to the left of", "on the left side of"),
    "right": ("right of", "to the right of", "on the right of"),
    "top": ("above",),
    "bottom": ("below", "beneath"),
}
_REACHES: Mapping[str, tuple[str, ...]] = {
    "near": ("near", "close to", "next to", "in the vicinity of"),
    "adjacent": ("adjacent to", "touching", "directly adjoining"),
    "far": ("far from", "far away from"),
    "along": ("along",),
}
_AMID: Mapping[str, tuple[str, ...]] = {
    "inside": ("in", "inside", "within"),
    "on": ("on",),
    "surrounded": ("surrounded by",),
    "across": ("over", "across", "that crosses"),
}
_SHAPES: Mapping[str, tuple[str, ...]] = {
    "elongated": ("long", "elongated"),
    "square": ("square",),
    "rectangular": ("rectangular",),
    "L-shaped": ("L-shaped",),
}
_FRAMES = (
    "{}", "{}", "{}", "find {}", "Segment {}.", "Please show me {}", "{}.", "highlight {}",
    "Where is {}?", "I am looking for {}",
)  # fmt: skip


def say(things: Things, rng: np.random.Generator) -> str:
    """A question as an English sentence.

    Args:
        things: what is asked for.
        rng: chooses among the wordings.
    """
    return _Speaker(rng).sentence(things)


class _Speaker:
    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def _one(self, wordings: Sequence[str]) -> str:
        return wordings[int(self._rng.integers(len(wordings)))]

    def sentence(self, things: Things) -> str:
        behind = [each for each in things.conditions if not isinstance(each, _ADJECTIVES)]
        is_plain = things.number == 1 and things.rank is None and len(behind) == 1
        is_stative = is_plain and isinstance(behind[0], Place | Beside | Reach | Between)
        if is_stative and self._rng.random() < 0.25:
            before = [each for each in things.conditions if isinstance(each, _ADJECTIVES)]
            subject = self.phrase(replace(things, conditions=tuple(before)))
            verb = self._one(("is", "is located", "lies", "can be seen", "is situated"))
            return f"{subject.capitalize()} {verb} {self._behind(behind[0], False)}."
        phrase = self.phrase(things)
        frame = self._one(_FRAMES)
        one_by_one = things.number == 1 or phrase.startswith(("every", "each", "the "))
        if things.number not in (None, 1) or not one_by_one:
            frame = frame.replace("Where is", "Where are")
        return frame.format(phrase)

    def phrase(self, things: Things, noun: tuple[str, str] | None = None) -> str:
        """A noun phrase; the noun is one of its kind unless it is given."""
        forms = NOUNS[things.kind]
        singular, plural = noun or forms[int(self._rng.integers(len(forms)))]
        determiner, is_plural = self._determiner(things)
        adjectives = [self._adjective(e) for e in things.conditions if isinstance(e, _ADJECTIVES)]
        before, after = self._rank(things.rank)
        if things.rank is not None and things.rank.saying == "comparative":
            words = [*adjectives, plural]
            return f"the {before} of the two {' '.join(words)}{self._tail(things, after, True)}"
        head = " ".join([*before.split(), *adjectives, plural if is_plural else singular])
        return f"{determiner} {head}{self._tail(things, after, is_plural)}"

    def _determiner(self, things: Things) -> tuple[str, bool]:
        """The words before the adjectives, and whether the noun is a plural."""
        number, rank = things.number, things.rank
        if number == 1 or things.kind in SPREADING:
            return "the", False
        if number is None:
            word = self._one(("all", "all the", "every", "each"))
            return word, word.startswith("all")
        if number == 2 and rank is None:
            return self._one(("both", "the two", "two")), True
        return (f"the {_NUMBERS[number]}" if rank else _NUMBERS[number]), True

    def _adjective(self, condition: Colour | Size | Shape) -> str:
        if isinstance(condition, Shape):
            return self._one(_SHAPES[condition.word])
        if isinstance(condition, Size):
            return self._one({"large": ("large", "big"), "small": ("small",)}[condition.word])
        return condition.word

    def _rank(self, rank: Rank | None) -> tuple[str, str]:
        """What a rank puts before the noun, and behind it."""
        if rank is None:
            return "", ""
        nth = _ORDINALS[rank.n] if rank.n > 1 else ""
        if rank.key == "distance":
            far, near = ("farthest from", "furthest from"), ("closest to", "nearest to")
            word, preposition = self._one(far if rank.is_largest else near).split()
            said, anchor = f"{nth} {word}".strip(), self._anchor(rank.anchor)
            if self._rng.random() < 0.5:
                return said, f"{preposition} {anchor}"
            return "", f"{said} {preposition} {anchor}"
        which = rank.key, rank.is_largest
        if rank.saying == "ordinal":
            return _ORDINALS[rank.n], f"from the {_FROM[which]}"
        if rank.saying == "comparative":
            return _COMPARATIVES[which], ""
        return f"{nth} {self._one(_SUPERLATIVES[which])}".strip(), ""

    def _tail(self, things: Things, rank: str, is_plural: bool) -> str:
        """Everything behind the noun, the longest phrases last."""
        behind = [each for each in things.conditions if not isinstance(each, _ADJECTIVES)]
        behind.sort(key=lambda each: (isinstance(each, Except), _anchors_in(each)))
        phrases = self._limits([each for each in behind if isinstance(each, Limit)])
        others = [each for each in behind if not isinstance(each, Limit)]
        phrases += [self._behind(each, is_plural) for each in others]
        start = ""
        if rank.startswith(("from", "to")):  # belongs to a word before the noun
            start = f" {rank}"
        elif rank:
            phrases.append(rank)
        if not phrases:
            return start
        clause = "that are" if is_plural else "that is"
        is_simple = not any(isinstance(each, Not | Except) for each in behind)
        if is_simple and len(phrases) > 1:
            joined = (f"{clause} {' and '.join(phrases)}", ", ".join(phrases))
            return f"{start} {self._one(joined)}"
        if is_simple and "that" not in phrases[0] and self._rng.random() < 0.25:
            return f"{start} {clause} {phrases[0]}"
        return f"{start} {' '.join(phrases)}"

    def _limits(self, limits: Sequence[Limit]) -> list[str]:
        """Sizes and distances on the ground; two limits of one quantity are a range."""
        if len(limits) == 2 and limits[0].unit == limits[1].unit:
            low, high = sorted(limits, key=lambda limit: limit.value)
            span = f"between {low.value:g} and {high.value:g} {low.unit}"
            return [f"{span} in size" if low.quantity == "area" else f"{span} long"]
        return [self._limit(each) for each in limits]

    def _limit(self, limit: Limit) -> str:
        amount = f"{limit.value:g} {limit.unit}"
        if limit.anchor is not None:
            wordings = (
                (f"more than {amount} from", f"at least {amount} away from",
                 f"farther than {amount} from")
                if limit.is_above
                else (f"within {amount} of", f"less than {amount} from",
                      f"at most {amount} away from")
            )  # fmt: skip
            return f"{self._one(wordings)} {self._anchor(limit.anchor)}"
        words = {
            ("area", True): ("larger than", "bigger than", "of more than", "of at least"),
            ("area", False): ("smaller than", "of less than", "of at most"),
            ("length", True): ("longer than",),
            ("length", False): ("shorter than",),
            ("width", True): ("wider than",),
            ("width", False): ("narrower than",),
        }[limit.quantity, limit.is_above]
        return f"{self._one(words)} {amount}"

    def _behind(self, condition: Condition, is_plural: bool) -> str:
        """A condition behind the noun, or behind *is*."""
        match condition:
            case Place():
                return self._place(condition)
            case Beside(side, anchor):
                words = _BESIDE.get(side, (f"to the {side} of",))
                if side in _COMPASS:
                    words = (f"{side} of", f"to the {side} of")
                return f"{self._one(words)} {self._anchor(anchor)}"
            case Reach(word, anchor):
                return f"{self._one(_REACHES[word])} {self._anchor(anchor)}"
            case Amid(word, anchor):
                return f"{self._one(_AMID[word])} {self._anchor(anchor)}"
            case Between(first, None):
                return f"between {self.phrase(first)}"
            case Between(first, second):
                return f"between {self._anchor(first)} and {self._anchor(second)}"
            case Compared(word, anchor):
                return f"{word} than {self._anchor(anchor)}"
            case Parallel(anchor):
                return f"parallel to {self._anchor(anchor)}"
            case Not(inner):
                clause = self._one(("that", "which")) + (" are" if is_plural else " is")
                if isinstance(inner, _ADJECTIVES):
                    said = self._adjective(inner)
                else:
                    said = self._behind(inner, is_plural)
                return f"{clause} not {said}"
            case Except(things):
                words = ("except", "other than", "except for", "apart from")
                pronoun = ("one", "ones") if self._rng.random() < 0.5 else None
                return f"{self._one(words)} {self.phrase(things, pronoun)}"
            case _:
                raise TypeError(f"{condition} stands before the noun")

    def _place(self, place: Place) -> str:
        name = place.name
        if name in _COMPASS:
            return self._one((f"in the {name}", f"in the {name} of the image"))
        if " " in name:
            words = "corner" if place.is_corner else self._one(("part", "quadrant", "area"))
            shown = self._one((name, name.replace("upper", "top").replace("lower", "bottom")))
            return f"in the {shown} {words}"
        return self._one(_PLACES[name])

    def _anchor(self, things: Things | None) -> str:
        if things is None:
            raise ValueError("an anchor is missing")
        if things.number is None and things.kind not in SPREADING:
            singular, _ = NOUNS[things.kind][0]
            return f"a {singular}"
        return self.phrase(things)


_ADJECTIVES = (Colour, Size, Shape)
_COMPASS = (
    "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest",
)  # fmt: skip


def _anchors_in(condition: Condition) -> int:
    """How many words of other things a condition brings along, roughly."""
    if isinstance(condition, Not):
        return 1 + _anchors_in(condition.condition)
    if isinstance(condition, Place):
        return 0
    return 1 if getattr(condition, "anchor", None) is None else 2
