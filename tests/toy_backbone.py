"""A backbone that sees plain colours: red buildings, green vegetation, blue water, grey roads."""

from __future__ import annotations

import numpy as np

from dgl_rsis.models.base import ModelCard

COLOURS = {
    "building": (1.0, 0.05, 0.05),
    "roof": (1.0, 0.05, 0.05),
    "house": (1.0, 0.05, 0.05),
    "tree": (0.05, 1.0, 0.05),
    "grass": (0.05, 1.0, 0.05),
    "forest": (0.05, 1.0, 0.05),
    "vegetation": (0.05, 1.0, 0.05),
    "water": (0.05, 0.05, 1.0),
    "river": (0.05, 0.05, 1.0),
    "road": (0.6, 0.6, 0.6),
}


def _unit(values):
    values = np.asarray(values, np.float32)
    return values / (np.linalg.norm(values, axis=-1, keepdims=True) + 1e-9)


class ToyBackbone:
    """Dense features are mean colours of cells of four pixels; counts its calls."""

    dim = 3
    input_size = 32
    cell = 4
    logit_scale = 20.0
    dense_logit_scale = 20.0
    region_logit_scale = 20.0
    card = ModelCard("toy", "0", "none", "tests")

    def __init__(self):
        self.calls = {"texts": [], "images": 0, "dense": 0, "regions": 0, "activations": 0}

    def encode_texts(self, texts):
        self.calls["texts"] += list(texts)
        rows = []
        for text in texts:
            found = [colour for word, colour in COLOURS.items() if word in text.lower()]
            rows.append(np.mean(found, axis=0) if found else (0.5, 0.5, 0.1))
        return _unit(np.array(rows).reshape(-1, 3))

    def encode_images(self, images):
        self.calls["images"] += len(images)
        return _unit([image.reshape(-1, 3).mean(0) + 1 for image in images])

    def dense(self, image):
        self.calls["dense"] += 1
        rows, columns = -(-image.shape[0] // 4), -(-image.shape[1] // 4)
        row = (np.arange(rows) * image.shape[0]) // rows
        column = (np.arange(columns) * image.shape[1]) // columns
        sums = np.add.reduceat(image.astype(np.float32), row, axis=0)
        sums = np.add.reduceat(sums, column, axis=1)
        return _unit(sums + 1)

    def regions(self, image, proposals):
        self.calls["regions"] += 1
        return _unit(proposals.pool(self.dense(image)))

    def activations(self, image, texts, targets):
        self.calls["activations"] += 1
        dense = self.dense(image)
        weights = np.exp(self.logit_scale * (dense @ np.asarray(texts).T - 1))
        rivals = [row for row in range(len(texts)) if row not in targets]
        against = weights[..., rivals].sum(-1)
        own = [weights[..., target] for target in targets]
        maps = np.stack([w / (w + against) for w in own]).astype(np.float32)
        return maps, maps.reshape(len(maps), -1).mean(-1)


def quarters(size=64):
    """Red building, green vegetation, blue water, grey road: one quarter each, with soft noise."""
    image = np.zeros((size, size, 3), np.uint8)
    half = size // 2
    image[:half, :half] = (200, 10, 10)
    image[:half, half:] = (10, 200, 10)
    image[half:, :half] = (10, 10, 200)
    image[half:, half:] = (120, 120, 120)
    return image
