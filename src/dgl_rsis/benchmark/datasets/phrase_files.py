"""Sets of a picture, a mask and a phrase with one number: ``output_phrase_<split>.txt``.

A line is ``number phrase``. Picture and mask are the files of that name in two folders. A mask is
what is brighter than 50 of 255, the rule of the authors' loaders (general knowledge).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dgl_rsis.benchmark.datasets.layout import PICTURES, Layout
from dgl_rsis.benchmark.datasets.pictures import read_mask_file, read_picture
from dgl_rsis.benchmark.datasets.samples import ReferSample
from dgl_rsis.benchmark.datasets.sentence_files import arranged, read_text
from dgl_rsis.errors import InputError

BRIGHT = 50


def read_phrases(
    dataset: str, folder: Path, split: str, pictures: str, masks: str
) -> tuple[ReferSample, ...]:
    """Samples of a split, called ``number#count``, counted from 0 among those of that number.

    Args:
        dataset: its name in the registry.
        folder: of the data set.
        split: which ``output_phrase_<split>.txt``.
        pictures: folder in it.
        masks: folder in it.

    Raises:
        InputError: the split is unknown, a file is missing, or a line holds no number and phrase.
    """
    file = f"output_phrase_{split}.txt"
    layout = Layout(dataset, folder)
    layout.check_split(split)
    layout.require(f"{pictures}/", f"{masks}/", file)
    found = _samples(folder / file, layout.files(pictures, PICTURES), layout.files(masks, PICTURES))
    return arranged(found, folder / file, split)


def _samples(
    file: Path, pictures: dict[str, Path], masks: dict[str, Path]
) -> Iterator[ReferSample]:
    seen: dict[str, int] = {}
    for line, number, phrase in _lines(file):
        for kind, files in (("picture", pictures), ("mask", masks)):
            if number not in files:
                raise InputError(f"{file}:{line}: no {kind} is called {number}; unpack all files")
        count = seen[number] = seen.get(number, -1) + 1
        yield ReferSample(
            f"{number}#{count}",
            number,
            phrase,
            partial(read_picture, pictures[number]),
            partial(read_mask_file, masks[number], BRIGHT),
        )


def _lines(file: Path) -> Iterator[tuple[int, str, str]]:
    for line, text in enumerate(read_text(file).split("\n"), 1):
        words = text.split(maxsplit=1)
        if len(words) == 1:
            raise InputError(f"{file}:{line}: {text!r} is no number and phrase")
        if words:
            yield line, words[0], words[1].rstrip()
