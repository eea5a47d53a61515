"""Mask-guided embeddings of all proposals from one forward pass (docs/design.md 1.6).

*With a class token*: mask tokens are copies of it. In every block each attends to itself and to the
patches of its mask, and nobody attends to them (after MaskCLIP in ODISE, Xu et al. 2023, and the
region tokens of CorrCLIP, Zhang et al. 2025). So the image tokens are those of the ordinary forward
pass: they are computed once, and a mask costs one token, not a share of a longer sequence. *With a
pooling probe*: the probe attends to the patches of the mask only.

A mask has the patches that it covers by at least half; one that covers none so far has the patch
with most of it. A mask of everything sees what the class token or the probe sees, and gives the
image embedding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from dgl_rsis.models.vision_tower import Block, ProbeTower, VisionTower, attend
from dgl_rsis.types import IntArray, Proposals

PASS = 2048  # masks of one forward pass: their tokens stay in memory from block to block
CHUNK = 256  # masks computed at a time: bounds memory, and each sees the keys of the others


def covered_patches(proposals: Proposals, shape: tuple[int, int], patch: int) -> csr_array:
    """Which patches belong to each proposal.

    Args:
        proposals: of the image, at any size.
        shape: height and width in pixels that the image is read at; what exceeds a multiple of
            the patch counts to the last one.
        patch: side of a patch in pixels.

    Returns:
        Sparse ``(N, patches)`` bool, row by row; at least one patch for each proposal.
    """
    rows, columns = (
        _cells(length, read, patch) for length, read in zip(proposals.shape, shape, strict=True)
    )
    shares = proposals.coverage(rows, columns)
    owner = np.repeat(np.arange(len(proposals)), np.diff(shares.indptr))
    inside = shares.data >= 0.5 - 1e-9  # shares of nodes are sums of those of leaves
    lacking = np.bincount(owner[inside], minlength=len(proposals)) == 0
    small = np.flatnonzero(lacking[owner])
    share = np.round(shares.data[small], 9)  # of equals the first patch, whatever the rounding
    order = small[np.lexsort((shares.indices[small], -share, owner[small]))]
    inside[order[np.diff(owner[order], prepend=-1) > 0]] = True
    pairs = (owner[inside], shares.indices[inside])
    return csr_array((np.ones(len(pairs[0]), bool), pairs), shape=shares.shape)


def mask_embeddings(tower: VisionTower, pixels: Tensor, covered: csr_array) -> Tensor:
    """One embedding for each mask, ``(N, D)`` in the joint space, not normalised.

    Args:
        tower: the image tower.
        pixels: ``(1, 3, H, W)`` normalised.
        covered: ``(N, patches)`` of ``covered_patches``.
    """
    if isinstance(tower, ProbeTower):
        tokens = tower.before(pixels, 0)
        chunks = tower.pool(tokens, _chunks(covered, pixels.device))
        return torch.cat(chunks) if chunks else tokens.new_zeros((0, tower.dim))
    parts = [
        _one_pass(tower, pixels, covered[start : start + PASS])
        for start in range(0, covered.shape[0], PASS)
    ]
    return torch.cat(parts) if parts else pixels.new_zeros((0, tower.dim))


def _one_pass(tower: VisionTower, pixels: Tensor, covered: csr_array) -> Tensor:
    """The embeddings of at least one mask, see ``mask_embeddings``, by a class token."""
    tokens = tower.embed(pixels)
    masks = [_with_itself(seen) for seen in _chunks(covered, pixels.device)]
    chunks = [tokens[:, :1].expand(-1, len(mask), -1) for mask in masks]
    for number, block in enumerate(tower.blocks, start=1):
        tokens, chunks = _step(block, tokens, chunks, masks, last=number == len(tower.blocks))
    return tower.joint(torch.cat(chunks, 1))[0]


def _step(
    block: Block, tokens: Tensor, chunks: list[Tensor], masks: list[Tensor], *, last: bool
) -> tuple[Tensor, list[Tensor]]:
    """Image and mask tokens through a block; the first mask tokens share matrix products with them.

    Args:
        block: the block.
        tokens: ``(1, 1 + patches, d)`` image tokens that enter it, the class token first.
        chunks: mask tokens ``(1, n, d)`` that enter it, at least one chunk.
        masks: for each chunk ``(n, patches + n)`` bool, True where attention may go.
        last: whether nobody needs the image tokens any more.

    Returns:
        Image tokens and mask tokens behind the block; image tokens are not computed in the last.
    """
    count = tokens.shape[1]
    joined = torch.cat([tokens, chunks[0]], 1)
    query, key, value = block.heads(block.norm(joined))
    patches = slice(1, count)
    mixed = [] if last else [attend(*(part[:, :, :count] for part in (query, key, value)))]
    mixed.append(attend(query[:, :, count:], key[:, :, 1:], value[:, :, 1:], masks[0]))
    joined = block.finish(joined[:, count:] if last else joined, torch.cat(mixed, 2))
    behind = [joined if last else joined[:, count:]]
    for chunk, mask in zip(chunks[1:], masks[1:], strict=True):
        own_query, own_key, own_value = block.heads(block.norm(chunk))
        keys = torch.cat([key[:, :, patches], own_key], 2)
        values = torch.cat([value[:, :, patches], own_value], 2)
        behind.append(block.finish(chunk, attend(own_query, keys, values, mask)))
    return tokens if last else joined[:, :count], behind


def _with_itself(seen: Tensor) -> Tensor:
    """Patches that may be seen ``(n, patches)``, and of the ``n`` mask tokens the own one."""
    own = torch.eye(len(seen), dtype=torch.bool, device=seen.device)
    return torch.cat([seen, own], 1)


def _chunks(covered: csr_array, device: torch.device) -> Iterator[Tensor]:
    """Dense bool rows ``(n, patches)``, at most ``CHUNK`` of them at a time."""
    for start in range(0, covered.shape[0], CHUNK):
        rows: NDArray[np.bool_] = covered[start : start + CHUNK].toarray()
        yield torch.from_numpy(rows).to(device)


def _cells(length: int, read: int, patch: int) -> IntArray:
    """Patch along one axis that the centre of each pixel lies in, ``(length,)``."""
    cells = ((np.arange(length) + 0.5) * (read / length) / patch).astype(np.int64)
    return np.minimum(cells, read // patch - 1)
