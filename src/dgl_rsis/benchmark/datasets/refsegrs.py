"""RefSegRS (Yuan et al. 2024): phrases about tiles of SkyScapes, 512 x 512 pixels.

4,420 phrases: train 2,172, val 431, test 1,817 (general knowledge). A tile has one file for each
phrase about it, so every phrase has an image of its own. Compared at the size of the mask.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.phrase_files import read_phrases
from dgl_rsis.benchmark.datasets.samples import ReferDataset


def read(folder: Path, split: str) -> ReferDataset:
    """RefSegRS in a folder with ``images/*.tif``, ``masks/*.tif`` and ``output_phrase_*.txt``.

    Raises:
        InputError: the split is unknown, or a file is missing or cannot be used.
    """
    samples = read_phrases("refsegrs", folder, split, "images", "masks")
    return ReferDataset(f"refsegrs/{split}", samples)
