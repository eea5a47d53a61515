"""The development split (docs/design.md 1.6), in one place for images and captions."""

from __future__ import annotations

import hashlib


def is_held_out(name: str) -> bool:
    """Whether an AID file name belongs to the development split."""
    return int(hashlib.md5(name.encode()).hexdigest(), 16) % 10 == 0
