"""Measure own sentences on real images with their true instances as candidates.

    python benchmarks/instances.py [--data FOLDER] [--wrong]

The sentences and their answers are in ``src/dgl_rsis/benchmark/datasets/sentences``.
An answer is right when exactly its instances are chosen. Exits with 1 below 95 % of all.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common import data_folder

import dgl_rsis
from dgl_rsis.benchmark.datasets import dior_mini
from dgl_rsis.benchmark.datasets.dota import read_dota
from dgl_rsis.benchmark.datasets.instance_sentences import ReadImages, read_sentences
from dgl_rsis.pipeline import Model
from dgl_rsis.results import ReferResult

FLOOR = 0.95
READERS: dict[str, ReadImages] = {"dior_mini": dior_mini.read_images, "dota_mini": read_dota}


@dataclass(frozen=True)
class Answer:
    """One sentence, what it means and what was chosen.

    Attributes:
        dataset, image: where it belongs.
        construction: what the sentence is made of.
        expected: instances that it means.
        chosen: what was chosen; numbers beyond the instances are things found in the image.
        result: the whole answer.
    """

    dataset: str
    image: str
    construction: str
    expected: frozenset[int]
    chosen: frozenset[int]
    result: ReferResult

    @property
    def is_right(self) -> bool:
        """Whether exactly the instances that are meant were chosen."""
        return self.chosen == self.expected

    def __str__(self) -> str:
        return (
            f"{self.image} ({self.construction}): {self.result.query.text}\n"
            f"    {self.result.query}\n"
            f"    expected {sorted(self.expected)}, got {sorted(self.chosen)}"
            f"{''.join(f'; {note}' for note in self.result.notes)}"
        )


def answers(model: Model, dataset: str, folder: Path) -> Iterator[Answer]:
    """Ask all sentences of a data set."""
    sentences = read_sentences(dataset)
    for image in READERS[dataset](folder / dataset):
        entries = sentences[image.path.name]
        results = model.refer_many(
            image.path,
            [entry.text for entry in entries],
            candidates=image.instances,
            names=image.names,
        )
        for entry, result in zip(entries, results, strict=True):
            chosen = frozenset(match.index for match in result.matches if match.chosen)
            expected = frozenset(entry.answer)
            yield Answer(dataset, image.path.name, entry.construction, expected, chosen, result)


def print_shares(title: str, asked: Counter[str], right: Counter[str]) -> None:
    """Print a table of the share of right answers."""
    print(f"\n| {title} | sentences | right |\n|---|---|---|")
    for name, count in asked.items():
        print(f"| {name} | {count} | {right[name] / count:.3f} |")


def main() -> None:
    """Ask all sentences, print the shares, and compare with the floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder that holds dior_mini and dota_mini")
    parser.add_argument("--wrong", action="store_true", help="print the wrong answers")
    options = parser.parse_args()
    folder = data_folder(options.data)
    model = dgl_rsis.load()
    everything = [each for dataset in READERS for each in answers(model, dataset, folder)]
    right = [each for each in everything if each.is_right]
    if options.wrong:
        print("\n".join(str(each) for each in everything if not each.is_right))
    print_shares(
        "set",
        Counter(each.dataset for each in everything),
        Counter(each.dataset for each in right),
    )
    print_shares(
        "construction",
        Counter(each.construction for each in everything),
        Counter(each.construction for each in right),
    )
    share = len(right) / len(everything)
    print(f"\n{len(right)} of {len(everything)} right: {share:.3f} (at least {FLOOR})")
    sys.exit(0 if share >= FLOOR else 1)


if __name__ == "__main__":
    main()
