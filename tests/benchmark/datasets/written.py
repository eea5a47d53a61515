"""Tiny data sets, written in the layout of the real ones."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dgl_rsis.types import BoolArray

Box = tuple[int, int, int, int]


def filled(box: Box, side: int | tuple[int, int]) -> BoolArray:
    """``(H, W)`` bool, True in a half-open box."""
    mask = np.zeros((side, side) if isinstance(side, int) else side, bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    """A picture; its suffix says the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def plain(shape: tuple[int, int], shade: int = 90) -> NDArray[np.uint8]:
    """A picture of one colour."""
    return np.full((*shape, 3), (shade, 120, 60), np.uint8)


def save_mask(path: Path, mask: BoolArray, value: int = 255) -> Path:
    """A mask as a picture of one band."""
    return save(path, mask.astype(np.uint8) * np.uint8(value))


def reference(
    number: int, image: int, meant: Any, split: str, *sentences: str, **changes: Any
) -> dict[str, Any]:
    """A reference as REFER has it; every sentence has a normalised form, too."""
    return {
        "ref_id": number,
        "image_id": image,
        "ann_id": meant,
        "split": split,
        "category_id": 1,
        "file_name": "of_no_use.jpg",
        "sent_ids": list(range(len(sentences))),
        "sentences": [
            {"sent_id": at, "raw": text, "sent": text.lower(), "tokens": text.lower().split()}
            for at, text in enumerate(sentences)
        ],
        **changes,
    }


def write_refer(
    folder: Path,
    name: str,
    references: Sequence[Mapping[str, Any]],
    annotations: Mapping[int, Any],
    images: Mapping[int, tuple[str, tuple[int, int]]],
    *,
    masks: tuple[int, int],
    protocol: int | None = 4,
) -> Path:
    """The layout of REFER.

    Args:
        folder: where.
        name: of the data set in its paths.
        references: from ``reference``.
        annotations: id -> segmentation.
        images: id -> file name and shape of the file.
        masks: height and width that ``instances.json`` tells of every image.
        protocol: of the pickle; None writes JSON.
    """
    for file, shape in images.values():
        save(folder / "images" / name / "JPEGImages" / file, plain(shape))
    target = folder / name
    target.mkdir(parents=True)
    content = {
        "images": [
            {"id": number, "file_name": file, "height": masks[0], "width": masks[1]}
            for number, (file, _) in images.items()
        ],
        "annotations": [
            # boxes of the real set are in the frame of another image
            {"id": number, "bbox": [5000, 5000, 9000, 9000], "segmentation": segmentation}
            for number, segmentation in annotations.items()
        ],
        "categories": [{"id": 1, "name": "storage tank"}],
    }
    (target / "instances.json").write_text(json.dumps(content))
    if protocol is None:
        (target / "refs(unc).json").write_text(json.dumps(references))
    else:
        (target / "refs(unc).p").write_bytes(pickle.dumps(list(references), protocol))
    return folder


def write_phrases(
    folder: Path,
    pictures: str,
    masks: str,
    lines: Mapping[str, str],
    *,
    suffix: str,
    side: int = 20,
    value: int = 255,
) -> Path:
    """The layout of RefSegRS and RISBench: phrase files by split; file n has an n x n target."""
    for split, text in lines.items():
        (folder / f"output_phrase_{split}.txt").write_text(text, encoding="utf-8")
        lines_of_split = text.removeprefix("\ufeff").split("\n")
        for number in {int(line.split()[0]) for line in lines_of_split if line.strip()}:
            name = f"{number}{suffix}"
            save(folder / pictures / name, plain((side, side), number))
            save_mask(folder / masks / name, filled((0, 0, number, number), side), value)
    return folder


def described(box: Sequence[float | str], text: str | None) -> str:
    """An object of DIOR-RSVG."""
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in sides)
    description = "" if text is None else f"<description>{text}</description>"
    return (
        "<object><name>ship</name><pose>Unspecified</pose>"
        f"<bndbox>{inner}</bndbox>{description}</object>"
    )


def write_rsvg(
    folder: Path,
    objects: Mapping[str, Sequence[str]],
    splits: Mapping[str, Sequence[int]],
    shape: tuple[int, int] = (30, 40),
) -> Path:
    """The layout of DIOR-RSVG: image name without suffix -> its objects, split -> their places."""
    (folder / "Annotations").mkdir(parents=True)
    for stem, entries in objects.items():
        save(folder / "JPEGImages" / f"{stem}.jpg", plain(shape))
        (folder / "Annotations" / f"{stem}.xml").write_text(
            f"<annotation><filename>{stem}.jpg</filename><size><width>1</width></size>"
            f"{''.join(entries)}</annotation>"
        )
    for split, places in splits.items():
        (folder / f"{split}.txt").write_text("".join(f"{place}\n" for place in places))
    return folder
