"""Knowledge-guided prompts: overhead templates, synonyms, descriptions, competing background words.

Implements the text side of docs/design.md 1.2 ("remote sensing-specific knowledge enriches the
text"). A class is several synonyms, each with several prompts: the features of the prompts of a
synonym are averaged, the synonyms of a class compete by ``logsumexp - log k``. Both happen where
the features are; here are only words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dgl_rsis.errors import TextError
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.lexicon_file import OWN_SECTIONS, default_lexicon, extended_lexicon
from dgl_rsis.text.yaml_file import read_text, read_yaml, yaml_of

KNOWLEDGE_FILE = Path(__file__).with_name("knowledge.yaml")
_SECTIONS = ("templates", "plain", "classes", "background", "background_names", "alike")


@dataclass(frozen=True)
class ClassPrompts:
    """The prompts of one class.

    Attributes:
        name: the class name as it was asked.
        synonyms: synonym -> its prompts; the name itself comes first.
    """

    name: str
    synonyms: Mapping[str, tuple[str, ...]]

    def alone(self) -> ClassPrompts:
        """The prompts of the name itself, without its synonyms."""
        name, prompts = next(iter(self.synonyms.items()))
        return ClassPrompts(self.name, {name: prompts})


@dataclass(frozen=True)
class ClassKnowledge:
    """What is known about one class.

    Attributes:
        synonyms: other names, as seen from above.
        descriptions: whole prompts.
    """

    synonyms: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Templates, classes and background words; each file is read once, so one is equal to itself.

    Attributes:
        templates: sentences with ``{}`` for the name.
        plain: the template when knowledge is off.
        classes: by normalised name.
        background: competitors, in order of importance.
        background_names: class names that mean everything else.
        alike: groups of names that images do not tell apart surely.
        lexicon: what the grammar knows about names.
    """

    templates: tuple[str, ...]
    plain: str
    classes: Mapping[str, ClassKnowledge]
    background: tuple[str, ...]
    background_names: frozenset[str]
    alike: tuple[tuple[str, ...], ...]
    lexicon: Lexicon

    def class_prompts(self, name: str, *, knowledge: bool = True) -> ClassPrompts:
        """Prompts of a class; an unknown class gets the templates around its own name.

        Args:
            name: as the user gave it (*Car_Parks* is *car parks*).
            knowledge: False gives one plain template and nothing else.

        Raises:
            TextError: the name is empty.
        """
        said = normalise_name(name)
        if not said:
            raise TextError("class names: an empty name; give a word such as 'building'")
        if not knowledge:
            plain = self.plain.format(with_article(said, self.lexicon))
            return ClassPrompts(name, {said: (plain,)})
        known = self.classes.get(self._singular(said), self.classes.get(said, ClassKnowledge()))
        prompts = {said: (*self._around(said), *known.descriptions)}
        for synonym in known.synonyms:
            prompts.setdefault(synonym, self._around(synonym))
        return ClassPrompts(name, prompts)

    def competitors(self, classes: Sequence[str]) -> list[str]:
        """Background words that cannot name the same pixels as one of the classes."""
        lexicon = self.lexicon
        names = [normalise_name(name) for name in classes]
        # A synonym excludes what it means itself, not also its kinds: *grass* stands for low
        # vegetation, which is no reason to give up *sports field*.
        same = [
            lexicon.find(synonym) or synonym
            for name in names
            for synonym in self.classes.get(self._singular(name), ClassKnowledge()).synonyms
        ]
        near = [
            lexicon.find(word) or word
            for group in self.alike
            if any(lexicon.overlap(word, name) for word in group for name in names)
            for word in group
        ]
        return [
            word
            for word in self.background
            if not any(lexicon.overlap(word, name) for name in names)
            and (lexicon.find(word) or word) not in (*same, *near)
        ]

    def is_background(self, name: str) -> bool:
        """Whether a class name means everything else."""
        return normalise_name(name) in self.background_names

    def _around(self, name: str) -> tuple[str, ...]:
        said = with_article(name, self.lexicon)
        return tuple(template.format(said) for template in self.templates)

    def _singular(self, name: str) -> str:
        form = self.lexicon.noun_forms.get(name)
        return form.singular if form is not None else name


@lru_cache(maxsize=1)
def default_knowledge() -> Knowledge:
    """The knowledge of the package, read once."""
    return _build(read_yaml(KNOWLEDGE_FILE), default_lexicon(), str(KNOWLEDGE_FILE))


def load_knowledge(path: Path) -> Knowledge:
    """A user's file merged over the words of the package; see ``own_knowledge``."""
    return own_knowledge(read_text(path), str(path))


@lru_cache(maxsize=8)
def own_knowledge(text: str, name: str) -> Knowledge:
    """A user's file merged over the words of the package.

    Args:
        text: YAML with any of the sections of the package's ``knowledge.yaml``, and of those of
            ``lexicon.yaml`` in ``lexicon_file.OWN_SECTIONS``. ``templates`` and ``plain`` replace
            ours, ``classes`` replace ours by name, all else is extended.
        name: of the file, for messages.

    Raises:
        TextError: the file cannot be read or a section is malformed; names file and key.
    """
    ours, theirs = read_yaml(KNOWLEDGE_FILE), yaml_of(text, name)
    own = {section: theirs.pop(section) for section in OWN_SECTIONS if section in theirs}
    try:
        lexicon = extended_lexicon(own)
    except ValueError as error:
        raise TextError(f"{name}: {error}") from error
    for section in ("background", "background_names", "alike"):
        if isinstance(theirs.get(section), list):
            theirs[section] = [*ours[section], *theirs[section]]
    if isinstance(theirs.get("classes"), dict):
        theirs["classes"] = {**ours["classes"], **theirs["classes"]}
    return _build({**ours, **theirs}, lexicon, name)


def class_prompts(name: str, *, knowledge: bool = True) -> ClassPrompts:
    """Prompts of a class from the package's knowledge; see ``Knowledge.class_prompts``."""
    return default_knowledge().class_prompts(name, knowledge=knowledge)


def competitors(classes: Sequence[str]) -> list[str]:
    """Background words for these classes; see ``Knowledge.competitors``."""
    return default_knowledge().competitors(classes)


def is_background(name: str) -> bool:
    """Whether a class name means everything else (*background*, *clutter*, *other*)."""
    return default_knowledge().is_background(name)


def normalise_name(name: str) -> str:
    """Lower case, words separated by one blank: ``Car_Parks`` is ``car parks``."""
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def with_article(name: str, lexicon: Lexicon | None = None) -> str:
    """The name with *a* or *an* where it is countable and has none: ``a ship``, ``water``.

    Args:
        name: normalised.
        lexicon: the words that are known; the package's own by default.
    """
    lexicon = lexicon or default_lexicon()
    noun, form = lexicon.find(name), lexicon.noun_forms.get(name)
    if (noun is not None and not noun.is_countable) or name.startswith(("a ", "an ", "the ")):
        return name
    is_plural = form.is_plural if form is not None else singular(name) != name
    if is_plural or " of " in name or " on " in name:
        return name
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _build(values: Mapping[str, Any], lexicon: Lexicon, path: str) -> Knowledge:
    strange = sorted(str(key) for key in values if key not in _SECTIONS)
    if strange:
        known = ", ".join((*_SECTIONS, *OWN_SECTIONS))
        raise TextError(f"{path}: unknown section {', '.join(strange)}; use {known}")
    templates = _texts(values.get("templates"), path, "templates")
    plain = values.get("plain")
    for template in (*templates, plain):
        if (
            not isinstance(template, str)
            or template.replace("{}", "", 1).count("{")
            or "{}" not in template
        ):
            raise TextError(f"{path}: template {template!r} must contain {{}} once, for the name")
    classes = values.get("classes")
    if not isinstance(classes, dict):
        raise TextError(f"{path}: 'classes' must be a mapping from names to their knowledge")
    return Knowledge(
        templates=templates,
        plain=str(plain),
        classes={normalise_name(str(name)): _class(name, classes[name], path) for name in classes},
        background=_texts(values.get("background"), path, "background"),
        background_names=frozenset(
            map(normalise_name, _texts(values.get("background_names"), path, "background_names"))
        ),
        alike=_groups(values.get("alike"), path),
        lexicon=lexicon,
    )


def _class(name: Any, entry: Any, path: str) -> ClassKnowledge:
    where = f"classes.{name}"
    if not isinstance(entry, dict) or set(entry) - {"synonyms", "descriptions"}:
        raise TextError(f"{path}: {where} takes 'synonyms' and 'descriptions', two lists")
    return ClassKnowledge(
        synonyms=_texts(entry.get("synonyms", []), path, f"{where}.synonyms"),
        descriptions=_texts(entry.get("descriptions", []), path, f"{where}.descriptions"),
    )


def _groups(values: Any, path: str) -> tuple[tuple[str, ...], ...]:
    if not isinstance(values, list):
        raise TextError(f"{path}: alike must be a list of lists of names")
    return tuple(_texts(group, path, "every group of alike") for group in values)


def _texts(values: Any, path: str, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise TextError(f"{path}: {where} must be a list of texts")
    return tuple(values)
