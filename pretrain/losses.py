"""What the image tower is trained for: softmax cross-entropies of scaled cosines with texts.

* scene names for the image embedding, and captions (InfoNCE over the batch, both ways);
* dense labels of rendered scenes, of aerial tiles, of objects drawn on real scenes, and of mosaics
  of uniform real scenes;
* the same dense labels name the mask-guided embedding of every label's own region;
* labels of aerial tiles compete once more among the names of the tiles alone: there *vegetation*
  is a name of its own, and *sand* need not be told from bare soil. So do their connected
  components, by the mean probability inside them: there a small thing counts like a large one;
* partial labels of real scenes: every pixel shows one of the scene's candidate concepts. The
  target is the prediction itself, restricted to the candidates and sharpened (the progressive
  identification of partial-label learning);
* required concepts: the most probable share of the pixels must show them (multiple instances).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dgl_rsis.models.tiny_networks import ImageTower
from pretrain.concepts import CONCEPTS, GROUPS, LABELS, TILE_NAMES
from pretrain.data import Batch
from pretrain.dubai import components
from pretrain.precision import halves_are_fast

LEAST_REGION = 0.02  # share of the image that a region has at least to be named
SHARPENING = 1.3  # of the prediction that is the target of partial labels


@dataclass(frozen=True)
class Texts:
    """Unit features of what a step's images are compared with.

    Attributes:
        scenes: ``(S, D)`` names of whole images.
        captions: ``(n, D)`` one own caption for each real scene that has any.
        concepts: ``(K, D)`` concepts.
        tiles: ``(T, D)`` labels of the aerial tiles.
    """

    scenes: Tensor
    captions: Tensor
    concepts: Tensor
    tiles: Tensor

    def to(self, device: str) -> Texts:
        """The same on a device."""
        return Texts(*(t.to(device) for t in vars(self).values()))


@dataclass(frozen=True)
class Regions:
    """Mask-guided embeddings of the regions of one label each.

    Attributes:
        features: ``(m, D)`` of unit length.
        image: ``(m,)`` index among the images with dense labels.
        label: ``(m,)`` index into ``LABELS``.
    """

    features: Tensor
    image: Tensor
    label: Tensor


def losses(
    tower: ImageTower, batch: Batch, x: Tensor, texts: Texts, settings: dict[str, Any]
) -> dict[str, Tensor]:
    """All losses of a step, weighted.

    Args:
        tower: in training mode.
        batch: labels.
        x: ``(B, 3, s, s)`` input.
        texts: on the device of ``x``.
        settings: the ``image`` part of the configuration.
    """
    device = x.device.type
    with torch.autocast(device, torch.bfloat16, enabled=halves_are_fast(device)):
        maps = tower.maps(x)
        pooled, dense = tower.pool(maps[3]), tower.dense(maps)
    count = len(batch.scenes)
    scale = tower.dense_scale.exp()
    features = functional.normalize(dense.float(), dim=1)
    logits = scale * torch.einsum("bdhw,kd->bkhw", features, texts.concepts)
    result: dict[str, Tensor] = {}
    if count:
        result |= _whole_images(tower, batch, pooled[:count], texts, settings)
        result |= _partly_known(logits[:count].flatten(2).log_softmax(1), batch, settings)
    labels = torch.from_numpy(batch.dense.astype(np.int64)).to(x.device)
    logp = with_groups(_enlarged(logits[count:]).log_softmax(1))
    result["dense"] = settings["dense_weight"] * _cells(logp, among_concepts(labels))
    regions = embed_regions(tower, maps[3][count:].float(), labels)
    region_scale = tower.image_scale.exp()
    logp = with_groups((region_scale * regions.features @ texts.concepts.T).log_softmax(1))
    result["region"] = settings["region_weight"] * _mean_loss(logp, among_concepts(regions.label))
    tiles = range(len(labels))[batch.tiles]
    if tiles:
        own = features[count:][batch.tiles]
        logp = _enlarged(scale * torch.einsum("bdhw,kd->bkhw", own, texts.tiles)).log_softmax(1)
        cells = _cells(logp, among_tiles(labels[batch.tiles]))
        things = _components(logp, among_tiles(labels[batch.tiles]))
        inside = (regions.image >= tiles.start) & (regions.image < tiles.stop)
        logp = (region_scale * regions.features[inside] @ texts.tiles.T).log_softmax(1)
        whole = _mean_loss(logp, among_tiles(regions.label[inside]))
        result["tiles"] = settings["tile_weight"] * (
            settings["dense_weight"] * (cells + things) + settings["region_weight"] * whole
        )
    return result


def _whole_images(
    tower: ImageTower, batch: Batch, pooled: Tensor, texts: Texts, settings: dict[str, Any]
) -> dict[str, Tensor]:
    """Losses of the names and captions of real scenes, from their embeddings ``(n, D)``."""
    image, scale = functional.normalize(pooled.float(), dim=-1), tower.image_scale.exp()
    names = functional.cross_entropy(
        scale * image @ texts.scenes.T,
        torch.from_numpy(batch.scenes).to(image.device),
        label_smoothing=0.1,
    )
    captioned = torch.from_numpy(batch.captions >= 0).to(image.device)
    similar = scale * image[captioned] @ texts.captions.T
    return {"scene": names, "caption": settings["caption_weight"] * _pairs(similar)}


def _pairs(similar: Tensor) -> Tensor:
    """InfoNCE both ways of ``(n, n)`` logits whose diagonal is right; 0 where there are none."""
    if not len(similar):
        return similar.new_zeros(())
    own = torch.arange(len(similar), device=similar.device)
    return (functional.cross_entropy(similar, own) + functional.cross_entropy(similar.T, own)) / 2


def _partly_known(logp: Tensor, batch: Batch, settings: dict[str, Any]) -> dict[str, Tensor]:
    """Losses of the cells of real scenes, from log-probabilities of concepts ``(n, K, p)``."""
    allowed = torch.from_numpy(batch.candidates).to(logp.device).unsqueeze(-1)
    with torch.no_grad():
        target = (SHARPENING * logp).masked_fill(~allowed, -1e4).softmax(1)
    return {
        "partial": -settings["partial_weight"] * (target * logp).sum(1).mean(),
        "required": settings["required_weight"] * _required(logp, batch.required),
    }


def _required(logp: Tensor, share: np.ndarray[Any, Any]) -> Tensor:
    """Mean loss of required concepts, 0 where nothing is required.

    Args:
        logp: ``(n, K, p)``.
        share: ``(n, K)`` of the ``p`` cells that must show each concept, 0 where not required.
    """
    cells = logp.shape[-1]
    rows, concepts = np.nonzero(share)
    if not len(rows):
        return logp.new_zeros(())
    keep = torch.from_numpy(np.maximum(1, np.round(share[rows, concepts] * cells)))
    ranked = logp[rows, concepts].sort(dim=-1, descending=True).values  # (m, p)
    inside = (torch.arange(cells)[None] < keep[:, None]).to(logp.device)
    return -((ranked * inside).sum(-1) / inside.sum(-1)).mean()


def _enlarged(logits: Tensor) -> Tensor:
    """Cells of 4 pixels to cells of 2, as predictions are resampled in use."""
    return functional.interpolate(logits, scale_factor=2, mode="bilinear")


def _cells(logp: Tensor, labels: Tensor) -> Tensor:
    """Loss of cells of 2 pixels; ``labels`` are per pixel, -1 unlabelled."""
    return _mean_loss(logp, labels[:, 1::2, 1::2])


def _components(logp: Tensor, labels: Tensor) -> Tensor:
    """Loss of the mean probability inside connected components; every label counts alike.

    Args:
        logp: ``(n, C, h, w)`` of cells of 2 pixels.
        labels: ``(n, 2 h, 2 w)`` per pixel, -1 unlabelled.
    """
    numbers, owners = components(labels[:, 1::2, 1::2].cpu().numpy())
    if not len(owners):
        return logp.new_zeros(())
    place = torch.from_numpy(numbers).to(logp.device)
    own = torch.from_numpy(owners).to(logp.device)
    inside = place >= 0
    sums = logp.new_zeros(len(own), logp.shape[1])
    sums = sums.index_add(0, place[inside], logp.exp().permute(0, 2, 3, 1)[inside])
    means = sums / torch.bincount(place[inside], minlength=len(own))[:, None]
    share = 1 / torch.bincount(own)[own]
    costs = functional.nll_loss((means + 1e-6).log(), own, reduction="none")
    return (share * costs).sum() / share.sum()


def _mean_loss(logp: Tensor, labels: Tensor) -> Tensor:
    """Mean negative log-probability of the labels, 0 where all are -1."""
    total = functional.nll_loss(logp, labels, ignore_index=-1, reduction="sum")
    return total / (labels >= 0).sum().clamp(min=1)


def with_groups(logp: Tensor) -> Tensor:
    """Log-probabilities of groups behind those of the concepts: ``(B, K, ...) -> (B, K + G, ...)``.

    A group is the event that one of its concepts shows.
    """
    concepts = list(CONCEPTS)
    rows = [[concepts.index(name) for name in names] for names in GROUPS.values()]
    return torch.cat([logp, *(logp[:, k].logsumexp(1, keepdim=True) for k in rows)], dim=1)


def among_concepts(labels: Tensor) -> Tensor:
    """Indices into ``LABELS`` to those of concepts and groups; all others become -1."""
    return torch.where(labels < len(CONCEPTS) + len(GROUPS), labels, -1)


def among_tiles(labels: Tensor) -> Tensor:
    """Indices into ``LABELS`` to indices into ``TILE_NAMES``; all others become -1."""
    table = torch.full((len(LABELS) + 1,), -1, device=labels.device)
    for number, name in enumerate(TILE_NAMES):
        table[LABELS.index(name)] = number
    return table[labels]  # the last row is that of -1


def embed_regions(tower: ImageTower, top: Tensor, labels: Tensor) -> Regions:
    """Embed every label's own region by the attention pooling inside its mask.

    Args:
        tower: gives the head.
        top: ``(n, C, h, w)`` map under the head.
        labels: ``(n, s, s)`` into ``LABELS``, -1 unlabelled.
    """
    masks = functional.one_hot(labels + 1, len(LABELS) + 1)[..., 1:].permute(0, 3, 1, 2).float()
    shares = functional.adaptive_avg_pool2d(masks, (top.shape[-2], top.shape[-1])).flatten(2)
    image, label = torch.nonzero(shares.mean(-1) >= LEAST_REGION, as_tuple=True)
    head = tower.pool
    fields = head.fields(top).flatten(2)  # (n, heads + C, p)
    logits, values = fields[:, : head.heads], fields[:, head.heads :]
    weights = (logits[image] + (shares[image, label] + 1e-6).log()[:, None]).softmax(-1)
    grouped = values[image].unflatten(1, (head.heads, -1))  # (m, heads, c, p)
    embedded = head.project(torch.einsum("mhp,mhcp->mhc", weights, grouped).flatten(1))
    return Regions(functional.normalize(embedded, dim=-1), image, label)
