"""A folder laid out as the research data is, with a handful of images of noise."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pretrain.split import is_held_out

NAMES = [f"river_{number}.jpg" for number in range(60)]
HELD_OUT = [name for name in NAMES if is_held_out(name)][:2]
TRAINING = [name for name in NAMES if not is_held_out(name)][:2]


def write_tar(path: Path, images: Mapping[str, np.ndarray]) -> None:
    """A tar of ``Class/name.jpg``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, pixels in images.items():
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "JPEG")
            member = tarfile.TarInfo(name)
            member.size = stream.tell()
            stream.seek(0)
            archive.addfile(member, stream)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two rivers that train and two that are held out, all with captions; parts of two tiles."""
    rng = np.random.default_rng(0)

    def image() -> np.ndarray:
        return rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)

    folder = tmp_path / "data"
    names = [*HELD_OUT, *TRAINING]
    write_tar(
        folder / "aid_rsicd" / "images_150px.tar", {f"River/{name}": image() for name in names}
    )
    for part in ("images", "labels"):
        (folder / "dubai" / part).mkdir(parents=True)
    for tile in (5, 6):
        name = f"tile{tile}_image_part_001"
        Image.fromarray(image()).save(folder / "dubai" / "images" / f"{name}.jpg")
        values = np.full((40, 40), 3, np.uint8)
        values[:10], values[10:20], values[20:30] = 0, 255, 5
        Image.fromarray(values).save(folder / "dubai" / "labels" / f"{name}.png")
    records = [
        {
            "image": f"River/{name}",
            "captions": [f"Curved river beside {name} .", f"a boat is in {name}."],
        }
        for name in names
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "aid_rsicd" / "captions.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def held_out() -> list[str]:
    """File names of ``data`` that do not train."""
    return HELD_OUT


@pytest.fixture
def training() -> list[str]:
    """File names of ``data`` that train."""
    return TRAINING
