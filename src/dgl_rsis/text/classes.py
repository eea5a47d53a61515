"""The user's class names: checked, with their prompts, and with what competes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dgl_rsis.errors import TextError
from dgl_rsis.text.knowledge import ClassPrompts, Knowledge, default_knowledge, normalise_name


@dataclass(frozen=True)
class ClassList:
    """Classes as the user gave them, and the names that compete for a pixel.

    Attributes:
        names: the classes of the result, in the user's order; a class for the rest may follow.
        prompts: of the classes that have words of their own.
        competitors: prompts of background words.
        class_of_name: for each of ``prompts`` and ``competitors`` the index into ``names``, -1
            for no class.
    """

    names: tuple[str, ...]
    prompts: tuple[ClassPrompts, ...]
    competitors: tuple[ClassPrompts, ...]
    class_of_name: tuple[int, ...]

    @property
    def rest(self) -> int | None:
        """Index of the first competitor where competitors form a class, else None."""
        first = len(self.prompts)
        return first if self.competitors and self.class_of_name[first] >= 0 else None


def read_classes(
    classes: Sequence[str],
    *,
    other: str | bool | None = None,
    knowledge: bool = True,
    background: bool = True,
    known: Knowledge | None = None,
) -> ClassList:
    """Check class names and find their prompts and competitors.

    Class words that mean *everything else* (background, clutter, other) stand for the competing
    background words.

    Args:
        classes: names, any words, all different.
        other: None: what competitors win has no class; a name: it is a class of that name at the
            end; False: nothing competes.
        knowledge: synonyms and templates, or one plain template.
        background: False drops the competitors wherever the user named no class for them.
        known: the words that are known; the package's own by default.

    Raises:
        TextError: no classes, an empty or repeated name, or nothing but background.
    """
    words = known or default_knowledge()
    if isinstance(classes, str):
        raise TextError(f"classes must be a list of names, not the text {classes!r}")
    names = [name.strip() for name in classes]
    if not names:
        raise TextError("no classes: give at least one name, e.g. -c building")
    if isinstance(other, str):
        names.append(other.strip())
    normal = [normalise_name(name) for name in names]
    for index, name in enumerate(normal):
        if not name:
            raise TextError("class names: an empty name; give a word such as 'building'")
        if name in normal[:index]:
            raise TextError(f"class {names[index]!r} is given twice; give every class once")
    rest = {k for k, name in enumerate(names) if words.is_background(name)}
    if isinstance(other, str):
        rest.add(len(names) - 1)
    if len(rest) > 1:
        both = " and ".join(repr(names[k]) for k in sorted(rest))
        raise TextError(f"{both} both mean everything else; keep one of them")
    own = [k for k in range(len(names)) if k not in rest]
    if not own:
        raise TextError("all classes mean everything else; add one with a meaning of its own")
    competes = bool(rest) or (other is not False and background)
    against = words.competitors([names[k] for k in own]) if competes else []
    home = min(rest) if rest else -1
    return ClassList(
        tuple(names),
        tuple(words.class_prompts(names[k], knowledge=knowledge) for k in own),
        tuple(words.class_prompts(word, knowledge=False) for word in against),
        (*own, *[home] * len(against)),
    )
