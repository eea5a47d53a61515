"""Answers to sentences as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dgl_rsis.apps.console import table

if TYPE_CHECKING:
    from dgl_rsis.results import Match, ReferResult, SceneAnswer, SceneMatch
    from dgl_rsis.text.lexicon import Lexicon
    from dgl_rsis.types import MapFrame


def answer_lines(
    result: ReferResult | SceneAnswer, lexicon: Lexicon, *, explained: bool = False
) -> list[str]:
    """The answer to a sentence for people: first what was not done as it was said.

    Args:
        result: the answer.
        lexicon: the words that are known.
        explained: whether to add the steps with their scores, and why others lost.
    """
    from dgl_rsis.outputs import to_map

    lines = [f"note: {note}" for note in result.notes]
    lines += [f'"{result.query.text}"', f"  understood: {result.query}"]
    unknown = unknown_words(result.query.text, lexicon)
    lines += [f"  unknown words: {unknown}"] if unknown else []
    rows = []
    frame = result.frame
    for rank, match in enumerate(result.ranking, start=1):
        x0, y0, x1, y1 = match.box
        place = f"x {x0}..{x1}, y {y0}..{y1}"
        if frame is not None:
            x, y = to_map(frame, (x0 + x1) / 2, (y0 + y1) / 2)
            place += f"; map {x:.8g}, {y:.9g}"
        state = "chosen" if match.chosen else "" if result.chosen else "rejected"
        terms = ", ".join(f"{name} {value:.2f}" for name, value in match.terms.items())
        ranked = [f"{rank} (#{match.index})", f"{match.score:.2f}", state]
        rows.append([*ranked, _area(match, frame), place, terms])
    lines += (
        table([["rank (#candidate)", "score", "", "area", "place", "terms"], *rows]) if rows else []
    )
    if explained:
        lines += [f"  {line}" for line in (*result.step_lines(), *result.verdict_lines())]
    elif not result.chosen:
        lines.append("  nothing matched")
    return lines


def unknown_words(sentence: str, lexicon: Lexicon) -> str:
    """Words that the lexicon does not have, and what that means; empty if it has them all."""
    from dgl_rsis.text.tokens import tokenise

    words = [word for word in tokenise(sentence, lexicon).words if word[0].isalpha()]
    known = lexicon.vocabulary | lexicon.nouns_before_nouns
    unknown = [word for word in words if word not in known]
    if not unknown:
        return ""
    hint = "; sentences are read as English" if 2 * len(unknown) > len(words) > 1 else ""
    return f"{', '.join(dict.fromkeys(unknown))} (left to the model{hint})"


def _area(match: Match | SceneMatch, frame: MapFrame | None) -> str:
    from dgl_rsis.outputs import pixel_area

    pixels = float(match.area)
    if frame is None or frame.pixel_area_m2 is None:
        return f"{pixels:.0f} px"
    return f"{pixels * pixel_area(frame):.4g} m2"
