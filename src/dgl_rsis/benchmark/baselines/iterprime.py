"""IteRPrimE: an activation refined by hiding what it found, and the mask that holds its peak.

Wang et al., AAAI 2025: primary word emphasis, iterative Grad-CAM refinement, mask selection. With a
matcher (BLIP, theirs is ALBEF) the activation is that of its cross-attention with the primary word
emphasised (``stages.cross_attention``), and what was found is hidden from the cross-attention.
Without one it is competitive Grad-CAM of the backbone, and what was found is painted over with
the mean colour of the image.

Not as in the paper: heads are averaged before the primary word is emphasised, not behind it; the
emphasised map is gated by the gradient once, as part of the word's own map, not twice; and where
another word lights more than the primary one, it is 0 instead of negative.

Where the description leaves a choice: what is hidden is what the *latest* map shows by at least half
(its steep sigmoid, rounded), as the blended map would never show anything new; the first refinement
always counts, as nothing stands before it; components join at corners; without any mask that passes
both rules, all masks compete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from dgl_rsis.benchmark.baselines.grad_cam import competing_texts
from dgl_rsis.benchmark.baselines.methods import ReferMethod, best_mask, stretched
from dgl_rsis.benchmark.baselines.prompts import background_features
from dgl_rsis.errors import InputError
from dgl_rsis.models.base import Backbone, TokenActivations, activator_of
from dgl_rsis.models.hf_blip import HfBlip
from dgl_rsis.models.torch_tools import squeeze, to_tensor
from dgl_rsis.pipeline import Model
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.stages.cross_attention import focus_spans, primary_span, sentence_map, wrap
from dgl_rsis.stages.fields import resample
from dgl_rsis.text.parse import parse
from dgl_rsis.types import BoolArray, FloatArray, RGBImage

ITERATIONS = 3
BLEND = 0.2  # share of the new map
FOUND = 0.5  # activation from which on something is found
MOST_PARTS = 12

Look: TypeAlias = Callable[[BoolArray | None], tuple[FloatArray, float]]
"""Cells ``(h, w)`` that may be seen, None for all, to a map ``(h, w)`` >= 0 and a match in [0, 1]."""


@dataclass(frozen=True)
class LookedAt:
    """An image that can be looked at for any sentence.

    Attributes:
        proposals: ``N`` masks.
        looker: sentence to what shows where it looks.
    """

    proposals: MaskSet
    looker: Callable[[str], Look]


def refined(look: Look) -> FloatArray:
    """Iterative refinement: look again without what was found, and blend.

    It stops when the match times the share of what is not hidden falls below the one before, or
    when everything is hidden.

    Args:
        look: shows where a sentence looks.

    Returns:
        ``(h, w)`` float32 in [0, 1].
    """
    latest = stretched(look(None)[0])
    heat, seen, worth = latest, np.ones(latest.shape, bool), 0.0
    for _ in range(ITERATIONS):
        seen = seen & (latest < FOUND)
        if not seen.any():
            break
        found, match = look(seen)
        if match * seen.mean() < worth:
            break
        worth = match * float(seen.mean())
        latest = stretched(found)
        heat = (1 - BLEND) * heat + BLEND * latest
    return stretched(heat)


def mask_scores(heat: FloatArray, proposals: MaskSet) -> FloatArray:
    """``sum(mask + mask * heat) / area`` of the masks that pass both rules, else minus infinity.

    The rules: a mask holds a pixel with the largest activation, and has at most ``MOST_PARTS``
    connected parts. Where none passes, the rules are off.

    Args:
        heat: ``(h, w)`` in [0, 1] over the whole image.
        proposals: ``N`` masks.

    Returns:
        ``(N,)`` float32.
    """
    scores = 1 + proposals.pool(heat)
    full = resample(heat, proposals.shape)
    peak = full >= full.max()
    passes = np.zeros(len(proposals), bool)
    for index, (x0, y0, x1, y1) in enumerate(proposals.boxes.tolist()):
        crop = proposals.crop(index)
        holds_peak = bool((peak[y0:y1, x0:x1] & crop).any())
        passes[index] = holds_peak and ndimage.label(crop, np.ones((3, 3)))[1] <= MOST_PARTS
    return np.where(passes, scores, -np.inf).astype(np.float32) if passes.any() else scores


@torch.no_grad()
def vision_tokens(matcher: HfBlip, image: RGBImage) -> Tensor:
    """The image, squeezed to the input size, as ``(1, 1 + patches, d)`` tokens."""
    facts = matcher.preprocessing
    pixels = to_tensor([squeeze(image, matcher.input_size)], facts.mean, facts.std, matcher.device)
    tokens: Tensor = matcher.model.vision_model(pixel_values=pixels).last_hidden_state
    return tokens


def token_activations(
    matcher: HfBlip, vision: Tensor, text: str, seen: BoolArray | None
) -> TokenActivations:
    """Where the tokens of a text look among the patches that may be seen.

    As ``HfBlip.read``, without the tokens of the other patches, whose maps are zero. (A mask of
    cross-attention would do as well, but transformers 5.23 ignores that of BLIP.)

    Args:
        matcher: the matching model.
        vision: of ``vision_tokens``.
        text: as it is asked.
        seen: ``(h, w)`` bool, at least one True; None for all.
    """
    tokens = matcher.tokenizer(
        [text],
        truncation=True,
        max_length=matcher.model.config.text_config.max_position_embeddings,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    side = matcher.input_size // matcher.patch
    kept = np.ones(side * side, bool) if seen is None else seen.ravel()
    visible = torch.from_numpy(np.append(True, kept)).to(matcher.device)
    encoder = matcher.model.text_encoder
    with torch.enable_grad():
        words = encoder.embeddings(input_ids=tokens.input_ids.to(matcher.device))
        output = encoder(
            encoder_embeds=words.detach().requires_grad_(True),
            attention_mask=tokens.attention_mask.to(matcher.device),
            encoder_hidden_states=vision[:, visible],
            output_attentions=True,
        )
        attention = output.cross_attentions[matcher.layer]  # (1, heads, tokens, 1 + seen)
        logits = matcher.model.itm_head(output.last_hidden_state[:, 0])[0]  # (2,)
        (gradient,) = torch.autograd.grad(logits[1], attention)
    cams = (attention.detach() * gradient.clamp(min=0)).mean(1)[0, :, 1:]
    maps = np.zeros((len(cams), side * side), np.float32)
    maps[:, kept] = cams.float().cpu().numpy()
    return TokenActivations(
        maps.reshape(-1, side, side),
        tokens.offset_mapping[0].numpy().astype(np.int64),
        logits.detach().float().cpu().numpy(),
    )


def _token_look(matcher: HfBlip, vision: Tensor, sentence: str) -> Look:
    text = wrap(sentence)
    primary, focus = primary_span(text, parse(sentence).target.noun), focus_spans(text)

    def look(seen: BoolArray | None) -> tuple[FloatArray, float]:
        tokens = token_activations(matcher, vision, text, seen)
        return sentence_map(tokens, primary, focus), tokens.probability

    return look


def _grad_cam_look(
    backbone: Backbone, image: RGBImage, background: FloatArray, sentence: str
) -> Look:
    texts = competing_texts(backbone, sentence, background)
    mean = np.rint(image.reshape(-1, 3).mean(0)).astype(np.uint8)
    shape = (int(image.shape[0]), int(image.shape[1]))

    def look(seen: BoolArray | None) -> tuple[FloatArray, float]:
        picture = image
        if seen is not None:
            picture = np.where(resample(seen, shape)[..., None] >= 0.5, image, mean)
        maps, matches = activator_of(backbone, picture)(texts, (0,))
        return maps[0], float(matches[0])

    return look


def _prepare(model: Model, image: RGBImage, proposals: MaskSet) -> LookedAt:
    matcher = model.explainer
    if matcher is None:
        background = background_features(model.backbone)
        return LookedAt(proposals, partial(_grad_cam_look, model.backbone, image, background))
    if not isinstance(matcher, HfBlip):
        name = matcher.card.name
        raise InputError(f"{name}: iterprime hides patches of a BLIP; pass one, or no matcher")
    vision = vision_tokens(matcher, image)
    return LookedAt(proposals, partial(_token_look, matcher, vision))


def _answer(prepared: LookedAt, sentence: str) -> BoolArray:
    heat = refined(prepared.looker(sentence))
    return best_mask(prepared.proposals, mask_scores(heat, prepared.proposals))


ITERPRIME = ReferMethod(_prepare, _answer)
