"""HTML from values: whatever is not markup yet is escaped, every element is closed."""

from __future__ import annotations

from html import escape

VOID = frozenset({"br", "img", "meta"})  # elements without content, of those used here


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str | int | bool) -> Markup:
    """An element.

    Args:
        tag: its name.
        content: texts, which are escaped, and elements.
        attributes: ``_`` stands for ``-`` in a name and is dropped at its end (``class_``); True
            gives an attribute without a value, False none.
    """
    words = [tag, *(_attribute(*each) for each in attributes.items() if each[1] is not False)]
    start = f"<{' '.join(words)}>"
    return Markup(start if tag in VOID else f"{start}{join(*content)}</{tag}>")


def join(*content: str) -> Markup:
    """Texts and elements one after the other."""
    return Markup("".join(map(_escaped, content)))


def _escaped(text: str) -> str:
    return text if isinstance(text, Markup) else escape(text)


def _attribute(name: str, value: str | int | bool) -> str:
    name = name.rstrip("_").replace("_", "-")
    return name if value is True else f'{name}="{escape(str(value))}"'
