"""Words for baselines: plain prompts, without our knowledge of classes.

The papers parse with spaCy or stanza; here our own parser says what the noun phrase is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dgl_rsis.errors import InputError
from dgl_rsis.models.base import Backbone
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.parse import parse
from dgl_rsis.text.program.nodes import Select
from dgl_rsis.text.program.tree import program_of, walk
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, IntArray

TEMPLATE = "a photo of a {}."  # Radford et al., CLIP, ICML 2021, section 3.1.4
SENTENCE_SHARE = 0.5  # of the sentence in Global-Local CLIP's and HybridGL's text feature
BACKGROUND = (
    *("ground", "land", "grass", "tree", "building", "wall", "sky", "lake", "water", "river"),
    *("sea", "railway", "railroad", "keyboard", "helmet", "cloud", "house", "mountain", "ocean"),
    *("road", "rock", "street", "valley", "bridge", "sign"),
)
"""Words that compete with what is asked for: Lin et al., CLIP-ES, CVPR 2023, section 3.2."""


def class_queries(words: Sequence[str], background: int | None) -> tuple[list[str], IntArray]:
    """A prompt for every name of every class.

    Args:
        words: one entry for each class, several names separated by commas (SegEarth-OV's files).
        background: index of the background class, None where there is none.

    Returns:
        ``Q`` prompts and the class ``(Q,)`` of each, ascending.

    Raises:
        InputError: no words, an empty name, or no such background.
    """
    names = [[name.strip() for name in word.split(",")] for word in words]
    if not names or not all(all(group) for group in names):
        raise InputError(f"words {list(words)}: a name is missing; give every class a name")
    if background is not None and not 0 <= background < len(names):
        raise InputError(f"no class {background} for background among {len(names)}; pass its index")
    prompts = [TEMPLATE.format(name) for group in names for name in group]
    owner = np.repeat(np.arange(len(names)), [len(group) for group in names])
    return prompts, owner


def noun_phrase(sentence: str) -> str:
    """The target's noun phrase, the whole sentence where it names no kind of thing.

    Raises:
        TextError: there is no word in the sentence.
    """
    target = parse(sentence).target
    return sentence if target.noun == ANYTHING else target.text


def other_phrases(sentence: str) -> tuple[str, ...]:
    """Noun phrases of a sentence beside the target's: its landmarks."""
    query = parse(sentence)
    phrases = [
        " ".join((*node.attributes, node.noun))
        for node in walk(program_of(query))
        if isinstance(node, Select) and node.noun not in (ANYTHING, query.target.noun)
    ]
    return tuple(dict.fromkeys(phrases))


def mixed_text(backbone: Backbone, sentence: str) -> FloatArray:
    """Global-Local CLIP's text feature: half sentence, half noun phrase.

    Yu et al., CVPR 2023, section 3; both are of unit length before they are mixed, as a backbone
    gives them.

    Returns:
        ``(D,)`` float32 of unit length.
    """
    whole, noun = backbone.encode_texts([sentence, noun_phrase(sentence)])
    mixed = SENTENCE_SHARE * whole + (1 - SENTENCE_SHARE) * noun
    return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def background_features(backbone: Backbone) -> FloatArray:
    """``(B, D)`` text features of ``BACKGROUND``."""
    return backbone.encode_texts([TEMPLATE.format(word) for word in BACKGROUND])


def rivals(text: str, background: FloatArray) -> FloatArray:
    """Background features of the words that a text does not use itself, ``(K, D)``."""
    said = {form for word in re.findall(r"[a-z]+", text.lower()) for form in (word, singular(word))}
    return background[[index for index, word in enumerate(BACKGROUND) if word not in said]]
