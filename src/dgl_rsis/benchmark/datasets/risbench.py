"""RISBench (Dong et al. 2024, CroBIM): 52,472 sentences, 16,159 of them in the test split.

Compared at the size of the mask.
"""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.phrase_files import read_phrases
from dgl_rsis.benchmark.datasets.samples import ReferDataset


def read(folder: Path, split: str) -> ReferDataset:
    """RISBench in a folder with ``img_rgb/``, ``mask/`` and ``output_phrase_*.txt``.

    Raises:
        InputError: the split is unknown, or a file is missing or cannot be used.
    """
    samples = read_phrases("risbench", folder, split, "img_rgb", "mask")
    return ReferDataset(f"risbench/{split}", samples)
