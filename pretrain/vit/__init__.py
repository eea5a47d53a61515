"""rs-tiny-vit: a small CLIP in Hugging Face's format, distilled from rs-tiny (not in the wheel).

Its image tower is a ViT, so that methods which only work on a ViT run on real semantics without a
download. ``text`` distils a causal text tower with byte pairs, ``bank`` keeps crops with what the
teacher says of them, ``image`` distils the ViT, ``export`` writes the folder. Both towers speak
in rs-tiny's own joint space.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def make(data: Path, output: Path, config: dict[str, Any]) -> None:
    """All steps, going on where an earlier run stopped.

    Args:
        data: folder with the real images.
        output: folder of rs-tiny with the exported ``model``; everything goes to its ``vit``.
        config: the whole configuration.
    """
    from pretrain.vit import export, image, text

    if not (output / "vit" / "text.pt").exists():
        text.train(data, output, config)
    image.train(data, output, config)
    export.export(data, output, config)
