"""Measure top-1 over the 30 AID scene names on the held-out images (seen classes).

    python benchmarks/aid_scenes.py [--data FOLDER] [--model NAME]

An image is held out when ``int(md5(file name).hexdigest(), 16) % 10 == 0``. Names are asked for
as users would write them, with the package's own templates. Exits with 1 below 0.75.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path

import numpy as np
from common import data_folder
from PIL import Image

from dgl_rsis.pipeline import load
from dgl_rsis.stages.local import class_probabilities, encode_classes
from dgl_rsis.text.knowledge import ClassPrompts, default_knowledge, with_article

FLOOR = 0.75


def words(scene: str) -> str:
    """``DenseResidential`` is *dense residential*."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", scene).lower()


def main() -> None:
    """Print top-1 and the weakest classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    options = parser.parse_args()
    images, labels = [], []
    with tarfile.open(data_folder(options.data) / "aid_rsicd" / "images_150px.tar") as archive:
        for member in archive:
            name = member.name.rsplit("/", 1)[-1]
            if member.isfile() and int(hashlib.md5(name.encode()).hexdigest(), 16) % 10 == 0:
                stream = archive.extractfile(member)
                assert stream is not None
                with Image.open(io.BytesIO(stream.read())) as image:
                    images.append(np.asarray(image.convert("RGB")))
                labels.append(member.name.split("/")[-2])
    names = sorted(set(labels))
    backbone = load(options.model).backbone
    templates = default_knowledge().templates
    groups = [
        ClassPrompts(n, {words(n): tuple(t.format(with_article(words(n))) for t in templates)})
        for n in names
    ]
    texts = encode_classes(backbone, groups)
    cosines = backbone.encode_images(images) @ texts.features.T
    probabilities = class_probabilities(cosines, texts, backbone.logit_scale)
    best = probabilities.argmax(-1)
    truth = np.array([names.index(label) for label in labels])
    right = best == truth
    confidence = probabilities.max(-1)
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [
        abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    per_class = sorted((float(right[truth == k].mean()), n) for k, n in enumerate(names))
    print(f"{len(images)} held-out images, 30 names: top-1 {right.mean():.4f}")
    print(f"expected calibration error {sum(gaps):.4f} (10 bins)")
    print("weakest:", ", ".join(f"{words(n)} {share:.2f}" for share, n in per_class[:6]))
    sys.exit(int(right.mean() < FLOOR))


if __name__ == "__main__":
    main()
