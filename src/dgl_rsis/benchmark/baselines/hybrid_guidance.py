"""HybridGL's choice among masks: similarity, spatial relations, spatial coherence.

Liu & Li, CVPR 2025: the embeddings of section 3.2 (``hybrid_gl``), its spatial relationship guidance
and its spatial coherence guidance.

* *Similarity*: softmax over masks, for the target (sentence and noun phrase mixed) and for the
  landmarks (mean over the other noun phrases). The best 3 masks of the target stay.
* *Relation* of a target mask i: ``sum_j s_i n_j [box i stands in the relation to box j]`` over the
  best 6 landmarks j, over the other targets where no landmark is named; then softmax. Where no
  relation is said, ``s_i`` stands for the sum.
* *Coherence*: ``(2 - b) * mean inside - b * mean outside`` of GEM's heat map of the noun phrase,
  which falls linearly from the side of the image that is said, divided by its mean. ``b`` is 1.8,
  1.95 for *bigger* and 1.5 for *smaller*.
* *Answer*: the largest ``0.6 * coherence + 0.4 * relation``.

The paper takes the relation word that is nearest to the root of the sentence's dependency tree; it
is the one with the fewest words between it and the head noun here. No mask is a landmark of itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.benchmark.baselines.dense_maps import GEM_READING
from dgl_rsis.benchmark.baselines.dense_reading import DenseFeatures, read_dense
from dgl_rsis.benchmark.baselines.hybrid_gl import hybrid_gl
from dgl_rsis.benchmark.baselines.methods import ReferMethod, stretched
from dgl_rsis.benchmark.baselines.per_mask import vit_of
from dgl_rsis.benchmark.baselines.prompts import TEMPLATE, mixed_text, noun_phrase, other_phrases
from dgl_rsis.models.hf_clip import HfClip
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages.cross_attention import primary_span
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.parse import parse
from dgl_rsis.types import BoolArray, FloatArray, IntArray, RGBImage

Floats = NDArray[np.float64]

TARGETS, LANDMARKS = 3, 6  # masks that are looked at
COHERENCE, RELATION = 0.6, 0.4
OUTSIDE = {"big": 1.95, "small": 1.5}
USUAL_OUTSIDE = 1.8
RELATIONS = {
    "left": ("left", "west"),
    "right": ("right", "east"),
    "up": ("above", "north", "top", "back", "behind"),
    "down": ("below", "south", "under", "front"),
    "big": ("bigger", "larger", "closer"),
    "small": ("smaller", "tinier", "further", "smallest"),
    "within": ("inside", "within", "contained"),
}
MIDDLE = ("middle", "center", "centre")
PARTS = {"part", "image", "side", "picture", "half", "region", "section", "photo"}
"""Nouns that are no landmarks: *on the left side of the image*."""


@dataclass(frozen=True)
class HybridImage:
    """What sentences about an image share.

    Attributes:
        backbone: embeds sentences.
        proposals: ``N`` masks.
        embeddings: ``(N, D)`` float32 of unit length.
        dense: features for GEM's heat maps.
    """

    backbone: HfClip
    proposals: MaskSet
    embeddings: FloatArray
    dense: DenseFeatures


def relation_of(sentence: str) -> str | None:
    """The key of ``RELATIONS`` whose word is nearest to the head noun; None without any."""
    text = sentence.lower()
    head = primary_span(text, parse(sentence).target.noun) or (0, 0)
    words = [(match.group(), match.start()) for match in re.finditer(r"[a-z]+", text)]
    inside = [n for n, (_, start) in enumerate(words) if head[0] <= start < head[1]] or [0]
    found = [
        (min(abs(number - each) for each in inside), number, relation)
        for number, (word, _) in enumerate(words)
        for relation, keywords in RELATIONS.items()
        if word in keywords
    ]
    return min(found)[2] if found else None


def holds(relation: str, boxes: NDArray[Any], others: NDArray[Any]) -> Floats:
    """How far a relation holds between boxes ``(K, 4)`` and ``(M, 4)``, ``x0, y0, x1, y1``.

    Returns:
        ``(K, M)``: 1 or 0 by centres or areas of the boxes; for ``within`` the share of the first
        box that lies in the second.
    """
    first, second = boxes[:, None].astype(np.float64), others[None].astype(np.float64)
    areas, other_areas = (np.prod(each[..., 2:] - each[..., :2], -1) for each in (first, second))
    if relation == "within":
        low = np.maximum(first[..., :2], second[..., :2])
        high = np.minimum(first[..., 2:], second[..., 2:])
        return np.asarray((high - low).clip(min=0).prod(-1) / areas)
    if relation in ("big", "small"):
        return np.asarray(areas > other_areas if relation == "big" else areas < other_areas, float)
    axis = 0 if relation in ("left", "right") else 1
    shift = (first[..., axis] + first[..., axis + 2]) - (second[..., axis] + second[..., axis + 2])
    return np.asarray(shift < 0 if relation in ("left", "up") else shift > 0, float)


def relation_scores(
    relation: str | None,
    boxes: NDArray[Any],
    target: Floats,
    landmark: Floats | None,
    chosen: IntArray,
) -> Floats:
    """Spatial relationship guidance of the chosen masks.

    Args:
        relation: a key of ``RELATIONS``, None where none is said.
        boxes: ``(N, 4)`` of all masks.
        target: ``(N,)`` probability of each mask as the target.
        landmark: ``(N,)`` probability as a landmark; None where none is named.
        chosen: ``(K,)`` masks.

    Returns:
        ``(K,)`` softmax over the chosen ones.
    """
    if relation is None:
        return softmax(target[chosen])
    if landmark is None:
        others, weights = chosen, target[chosen]
    else:
        others = np.argsort(-landmark, kind="stable")[:LANDMARKS]
        weights = landmark[others]
    related = holds(relation, boxes[chosen], boxes[others]) * (chosen[:, None] != others[None])
    return softmax(target[chosen] * (related @ weights))


def ramp(sentence: str, relation: str | None, columns: int) -> FloatArray:
    """``(columns,)`` in [0, 1]: falls from the side, or from the middle, that a sentence says."""
    x = (np.arange(columns) + 0.5) / columns
    weights = np.ones(columns)
    if relation in ("left", "right"):
        weights = 1 - x if relation == "left" else x
    elif any(word in MIDDLE for word in re.findall(r"[a-z]+", sentence.lower())):
        weights = 1 - np.abs(2 * x - 1)
    return np.asarray(weights, np.float32)


def coherence_scores(heat: FloatArray, proposals: MaskSet, relation: str | None) -> Floats:
    """Spatial coherence guidance.

    Args:
        heat: ``(h, w)`` >= 0 over the whole image.
        proposals: ``N`` masks; one of everything has nothing outside.
        relation: a key of ``RELATIONS``, None where none is said.

    Returns:
        ``(N,)``; all are 0 where the map is.
    """
    weight = OUTSIDE.get(relation or "", USUAL_OUTSIDE)
    mean = float(resample(heat, proposals.shape).mean(dtype=np.float64))
    if mean <= 0:
        return np.zeros(len(proposals))
    inside = proposals.pool(heat).astype(np.float64) / mean
    total, areas = float(np.prod(proposals.shape)), proposals.areas
    outside = (total - inside * areas) / np.maximum(1, total - areas)  # the map's mean is 1 now
    return np.asarray((2 - weight) * inside - weight * np.where(areas < total, outside, 0))


def softmax(values: Floats) -> Floats:
    """Along the only axis."""
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def _prepare(model: Model, image: RGBImage, proposals: MaskSet) -> HybridImage:
    backbone = vit_of(model.backbone)
    dense = read_dense(backbone, image, GEM_READING)
    return HybridImage(backbone, proposals, hybrid_gl(backbone, image, proposals), dense)


def _answer(prepared: HybridImage, sentence: str) -> BoolArray:
    proposals, backbone = prepared.proposals, prepared.backbone
    if len(proposals) == 0:
        return np.zeros(proposals.shape, bool)
    target = _probabilities(prepared, mixed_text(backbone, sentence))
    chosen = np.argsort(-target, kind="stable")[:TARGETS]
    phrases = [each for each in other_phrases(sentence) if each.split()[-1] not in PARTS]
    landmark = _probabilities(prepared, _mean_text(backbone, phrases)) if phrases else None
    relation = relation_of(sentence)
    related = relation_scores(relation, proposals.boxes, target, landmark, chosen)
    (text,) = backbone.encode_texts([TEMPLATE.format(noun_phrase(sentence))])
    heat = stretched(prepared.dense.cosines(text[None])[..., 0])
    heat = heat * ramp(sentence, relation, heat.shape[1])
    coherent = coherence_scores(heat, proposals.take(chosen), relation)
    return proposals.mask(int(chosen[np.argmax(COHERENCE * coherent + RELATION * related)]))


def _mean_text(backbone: HfClip, phrases: Sequence[str]) -> FloatArray:
    mean = backbone.encode_texts([TEMPLATE.format(phrase) for phrase in phrases]).mean(0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _probabilities(prepared: HybridImage, text: FloatArray) -> Floats:
    """``(N,)`` softmax over masks of their similarity to a text."""
    cosines = (prepared.embeddings @ text).astype(np.float64)
    return softmax(prepared.backbone.logit_scale * cosines)


HYBRIDGL = ReferMethod(_prepare, _answer)
