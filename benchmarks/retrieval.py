"""Measure retrieval between the held-out AID images and their RSICD captions.

    python benchmarks/retrieval.py [--data FOLDER] [--model NAME]

Images are those held out by ``pretrain.split`` that have captions; captions are those of these
images, as they are written. A caption that several images have is one text, and all its images are
right for it. R@k is the share of queries with a right item among the k nearest by cosine: for an
image any of its captions, for a caption any of its images. Chance is what a random order reaches
on average, computed exactly. Nothing is required: there is no floor.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from common import command, data_folder, is_held_out, print_header, print_row

from dgl_rsis.benchmark.datasets.scenes import read_scenes
from dgl_rsis.benchmark.retrieval import chance_recall_at, recall_at
from dgl_rsis.pipeline import load
from dgl_rsis.types import BoolArray, FloatArray

RANKS = (1, 5, 10)


def read_captions(path: Path) -> dict[str, list[str]]:
    """Captions of every image that has any, by ``CLASS/FILE``."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {line["image"]: line["captions"] for line in lines if line["captions"]}


def report(what: str, similarities: FloatArray, relevant: BoolArray) -> None:
    """Print the recalls of one direction beside chance."""
    found = [recall_at(k, similarities, relevant) for k in RANKS]
    chance = [chance_recall_at(k, relevant) for k in RANKS]
    print_row(what, *(f"{a:.3f} ({b:.3f})" for a, b in zip(found, chance, strict=True)))


def main() -> None:
    """Print one row per direction."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="rs-tiny")
    options = parser.parse_args()
    folder = data_folder(options.data) / "aid_rsicd"
    captions = read_captions(folder / "captions.jsonl")
    scenes = [
        scene
        for scene in read_scenes(folder / "images_150px.tar", is_held_out)
        if scene.name in captions
    ]
    texts = list(dict.fromkeys(text for scene in scenes for text in captions[scene.name]))
    backbone = load(options.model).backbone
    images = backbone.encode_images([scene.pixels for scene in scenes])
    similarities = images @ backbone.encode_texts(texts).T
    row_of = {text: row for row, text in enumerate(texts)}
    relevant = np.zeros(similarities.shape, bool)
    for number, scene in enumerate(scenes):
        relevant[number, [row_of[text] for text in captions[scene.name]]] = True
    print(f"{command()}: {len(scenes)} held-out images, {len(texts)} captions; chance in brackets")
    print_header("RSICD captions", *(f"R@{k}" for k in RANKS))
    report("image to text", similarities, relevant)
    report("text to image", similarities.T, relevant.T)


if __name__ == "__main__":
    main()
