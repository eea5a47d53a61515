"""Measure parsing and execution of generated sentences over true masks (*rendered* figures).

    python benchmarks/execution.py [--noise] [--scenes 40] [--rounds 5] [--wrong FILE]

Questions of every construction are drawn for rendered scenes and said in English. A brute-force
oracle answers them from pixels; questions whose answer hangs on a margin under 10 % are left out.
The sentence is then parsed and executed over the true masks with their true classes, and must
choose exactly the same set. Half of the scenes are turned on the map, so that north is not up.
With ``--noise`` the masks become boxes with shifted borders, a fifth of them is missing, a fifth
more is false, and classes are uncertain; the answer may name no false and no missing thing.

Exits with 1 below 97 % without noise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dgl_rsis.benchmark.asking import Question, ask
from dgl_rsis.benchmark.constructions import CONSTRUCTIONS
from dgl_rsis.benchmark.execution import Reply, detected, disturbed, reply
from dgl_rsis.benchmark.measures import Measures
from dgl_rsis.benchmark.truth import Truth, truth_of, turned_frame
from dgl_rsis.config import make_settings
from dgl_rsis.render import render_scene

FIRST_SEED = 20_000
FLOOR = 0.97


@dataclass
class Count:
    """Questions of one construction: asked, answered exactly, and the mean overlap of sets."""

    asked: int = 0
    right: int = 0
    overlap: float = 0.0

    def add(self, question: Question, answer: Reply) -> bool:
        """Count one more; whether its answer is right."""
        chosen, expected = set(answer.things), set(question.chosen)
        is_right = chosen == expected and len(answer.things) == len(chosen)
        self.asked += 1
        self.right += is_right
        self.overlap += len(chosen & expected) / len(chosen | expected)
        return is_right

    def row(self, name: str) -> str:
        """A line of the table."""
        count = max(1, self.asked)
        return f"| {name} | {self.asked} | {self.right / count:.3f} | {self.overlap / count:.3f} |"


@dataclass
class Tally:
    """All counts, and what went wrong."""

    counts: dict[str, Count] = field(
        default_factory=lambda: {name: Count() for name in CONSTRUCTIONS}
    )
    wrong: list[str] = field(default_factory=list)

    def add(self, seed: int, question: Question, answer: Reply) -> None:
        """Count one question."""
        if not self.counts[question.construction].add(question, answer):
            self.wrong.append(
                f"[{seed}] {question.construction}: {question.text}\n"
                f"    {answer.query.program}\n"
                f"    expected {sorted(question.chosen)}, got {sorted(answer.things)}"
                f"{''.join(f'; {note}' for note in answer.notes)}"
            )

    @property
    def total(self) -> Count:
        """Sum over the constructions."""
        each = self.counts.values()
        return Count(
            sum(count.asked for count in each),
            sum(count.right for count in each),
            sum(count.overlap for count in each),
        )


def truths(first: int, count: int) -> Iterator[tuple[int, Truth]]:
    """Seeds with the things of their scenes."""
    for seed in range(first, first + count):
        scene = render_scene(seed)
        frame = turned_frame(scene, np.random.default_rng(seed)) if seed % 2 else None
        yield seed, truth_of(scene, frame)


def main() -> None:
    """Print the table by construction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5, help="questions of a kind per scene")
    parser.add_argument("--noise", action="store_true", help="disturb the candidates")
    parser.add_argument("--wrong", type=Path, help="file for the questions answered wrongly")
    options = parser.parse_args()
    settings, tally, start = make_settings(), Tally(), time.perf_counter()
    for seed, truth in truths(options.first, options.scenes):
        rng = np.random.default_rng([seed, options.rounds])
        candidates = disturbed(truth, rng) if options.noise else detected(truth)
        for question in ask(Measures(truth), np.random.default_rng(seed), options.rounds):
            tally.add(seed, question, reply(question.text, truth, candidates, settings))
    print("| Construction | questions | exactly right | mean overlap of the sets |")
    print("|---|---|---|---|")
    for name, count in tally.counts.items():
        print(count.row(name))
    print(tally.total.row("all"))
    print(f"{options.scenes} scenes, {time.perf_counter() - start:.0f} s (rendered)")
    if options.wrong is not None:
        options.wrong.write_text("\n".join(tally.wrong) + "\n", encoding="utf-8")
    share = tally.total.right / max(1, tally.total.asked)
    sys.exit(int(not options.noise and share < FLOOR))


if __name__ == "__main__":
    main()
