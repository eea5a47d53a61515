"""Small tensor helpers that every backbone shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from dgl_rsis.types import FloatArray, RGBImage

_BICUBIC = Image.Resampling.BICUBIC


def squeeze(image: RGBImage, size: int, resample: Image.Resampling = _BICUBIC) -> RGBImage:
    """Resize to a square regardless of aspect, with antialiasing."""
    return resize(image, (size, size), resample)


def resize(
    image: RGBImage, shape: tuple[int, int], resample: Image.Resampling = _BICUBIC
) -> RGBImage:
    """Resize to ``(height, width)``, with antialiasing; an image of that size stays as it is."""
    if image.shape[:2] == shape:
        return image
    return np.asarray(Image.fromarray(image).resize(shape[::-1], resample))


def to_tensor(
    images: Sequence[RGBImage], mean: Sequence[float], std: Sequence[float], device: str
) -> Tensor:
    """uint8 images of one size to ``(B, 3, H, W)`` float32, ``(x / 255 - mean) / std``."""
    pixels = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float() / 255
    shape = (1, 3, 1, 1)
    return (pixels - torch.tensor(mean, device=device).view(shape)) / torch.tensor(
        std, device=device
    ).view(shape)


def to_unit(features: Tensor, dim: int = -1) -> FloatArray:
    """Unit length along ``dim``, as a float32 array."""
    return functional.normalize(features.float(), dim=dim).cpu().numpy()


def competitive_grad_cam(
    maps: Tensor, embedding: Tensor, texts: Tensor, targets: Sequence[int], scale: float
) -> tuple[FloatArray, FloatArray]:
    """Grad-CAM of competitive log-softmax logits (Selvaraju et al. 2017; Lin et al. 2023).

    The softmax against background words (CLIP-ES, section 3.2) makes gradients discriminate:
    the logit of a word alone rises with anything that looks salient. Targets do not compete with
    each other: a noun and the same noun with its modifiers are both to be found.

    Args:
        maps: ``(1, C, h, w)`` activations that ``embedding`` was computed from, with gradient.
        embedding: ``(1, D)`` image embedding, not normalised.
        texts: ``(T, D)`` unit-length text features.
        targets: rows of ``texts`` to explain; all other rows are the rivals of each of them.
        scale: inverse temperature.

    Returns:
        ``(len(targets), h, w)`` rectified maps and ``(len(targets),)`` probabilities.
    """
    logits = (scale * functional.normalize(embedding, dim=-1) @ texts.T)[0]
    logp = competitive_log_probabilities(logits, targets)
    cams = [maps.new_zeros((0, *maps.shape[2:]))]
    for number in range(len(targets)):
        (gradient,) = torch.autograd.grad(
            logp[number], maps, retain_graph=number + 1 < len(targets)
        )
        weights = gradient.mean((2, 3), keepdim=True)  # (1, C, 1, 1)
        cams.append((weights * maps).sum(1).clamp(min=0).detach())
    probabilities = logp.detach().exp()
    return torch.cat(cams).float().cpu().numpy(), probabilities.float().cpu().numpy()


def competitive_log_probabilities(logits: Tensor, targets: Sequence[int]) -> Tensor:
    """Log-probability of each target against all texts that are no targets.

    Args:
        logits: ``(..., T)``.
        targets: ``n`` numbers of texts.

    Returns:
        ``(..., n)``.
    """
    own = logits[..., list(targets)]
    rivals = logits[..., [row for row in range(logits.shape[-1]) if row not in set(targets)]]
    return own - torch.logaddexp(own, rivals.logsumexp(-1, keepdim=True))


def use_one_thread() -> None:
    """Compute with one thread in this process: for processes that share the cores of a machine.

    The last bits of sums then do not depend on how many cores there are.
    """
    torch.set_num_threads(1)
