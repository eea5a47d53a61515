"""What is said of exported weights: the data that trained them, and on what terms they can be used.

AID and the captions of RSICD may be used for research, the tiles of Dubai are under CC0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Terms:
    """The notice that users see, and the licence in a few words."""

    notice: str
    licence: str


def uses_aid(config: dict[str, Any]) -> bool:
    """Whether the image tower sees AID images: whole, or cut together."""
    return any(config["image"][f"{part}_batch"] > 0 for part in ("scene", "mosaic"))


def terms(config: dict[str, Any]) -> Terms:
    """Terms by the sources that a configuration uses.

    What weights that the run went on from had seen stands in no other part of the configuration: its
    ``ancestry``, whole sentences, is added to the notice.
    """
    image, text = config["image"], config["text"]
    ancestry = config.get("ancestry", "")
    has_captions = image["scene_batch"] > 0 or (text["captions"] and text["steps"] > 0)
    research = ["AID"] * uses_aid(config) + ["RSICD captions"] * has_captions
    free = ["Dubai tiles (CC0)"] * (image["tile_batch"] > 0)
    free += ["rendered scenes"] * (image["rendered_batch"] > 0)
    said = f"rs-tiny was trained on {', '.join(research + free)}."
    reasons = [f"{' and '.join(research)} terms"] * bool(research) + ["ancestry"] * bool(ancestry)
    if not reasons:
        return Terms(said, "open data only; code Apache-2.0")
    use = "The weights are for research and evaluation."
    return Terms(
        " ".join(filter(None, [said, ancestry, use])),
        f"research and evaluation ({', '.join(reasons)}); code Apache-2.0",
    )
