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
    """Two rivers that train and two that are held out, all with captions; one scene of RSSCN7."""
    rng = np.random.default_rng(0)

    def image() -> np.ndarray:
        return rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)

    folder = tmp_path / "data"
    names = [*HELD_OUT, *TRAINING]
    write_tar(
        folder / "aid_rsicd" / "images_150px.tar", {f"River/{name}": image() for name in names}
    )
    write_tar(folder / "rsscn7" / "images_256px.tar", {"aGrass/a001.jpg": image()})
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
