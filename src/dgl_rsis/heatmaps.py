"""Wiring of the activation of a sentence: which provider is asked what (docs/design.md 1.3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dgl_rsis.config import Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.prepared import PreparedImage
from dgl_rsis.stages import activation, cross_attention, local
from dgl_rsis.stages.activation import Provider, Window
from dgl_rsis.text.lexicon import Lexicon
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, Query


def heatmap(
    image: PreparedImage, query: Query, words: str, backbone: Backbone, settings: Settings
) -> FloatArray | None:
    """Enhanced activation of the target as a coarse map; None when the stage is off.

    Args:
        image: prepared image.
        query: what was understood of the sentence.
        words: the noun with the modifiers that the activation is to add; empty if there are none.
        backbone: the image-text model.
        settings: of all stages.

    Returns:
        ``(h, w)`` float32 in [0, 1], cells of the whole image.
    """
    options = settings.activation
    if not options.enabled:
        return None
    noun = query.target.noun if query.target.noun != ANYTHING else query.target.text
    expressions = [noun, words] if options.global_enhancement and words else [noun]
    return image.remembered(
        ("heat", *expressions),
        backbone,
        settings,
        lambda: _heatmap(image, noun, expressions, backbone, settings),
    )


def _heatmap(
    image: PreparedImage, noun: str, expressions: list[str], backbone: Backbone, settings: Settings
) -> FloatArray:
    options = settings.activation
    shape = image.raster.shape
    places = activation.windows(shape, options)
    if options.provider == "cross_attention":
        provider = _cross_attention(image, noun, expressions, settings.knowledge.words.lexicon)
    else:
        texts = _texts(noun, expressions, backbone, settings)
        if options.provider == "grad_cam":
            provider = _grad_cam(image, texts, len(expressions))
        else:
            provider = _dense_contrast(image, texts, len(expressions), backbone, settings)
            places = places[:1]  # its scales are those of the dense features
    maps = activation.cross_scale_activations(shape, places, provider)
    modified = maps[1] if len(maps) > 1 else None
    return activation.enhance(maps[0], modified, weight=options.enhancement)


def _texts(noun: str, expressions: list[str], backbone: Backbone, settings: Settings) -> FloatArray:
    """``(T, D)`` features of the expressions, one each, then of what competes with them.

    The noun is alone, without synonyms, so that modifiers are all that differs.
    """
    words = settings.knowledge.words
    rest = words.competitors([noun]) if settings.knowledge.background else []
    own = [words.class_prompts(said, knowledge=settings.knowledge.enabled) for said in expressions]
    others = [words.class_prompts(word, knowledge=False) for word in rest]
    return local.encode_classes(backbone, [each.alone() for each in own], others).features


def _grad_cam(image: PreparedImage, texts: FloatArray, count: int) -> Provider:
    """Competitive Grad-CAM of the backbone."""
    return lambda window: image.reader.activator(window)(texts, tuple(range(count)))


def _cross_attention(
    image: PreparedImage, noun: str, expressions: list[str], lexicon: Lexicon
) -> Provider:
    """Token-level Grad-CAM of a matcher's cross-attention, the noun emphasised."""
    read = image.reader.tokens
    assert read is not None  # a model has a matcher for this provider
    sentences = [cross_attention.wrap(words) for words in expressions]
    spans = [
        (
            cross_attention.primary_span(text, noun, lexicon),
            cross_attention.focus_spans(text, lexicon),
        )
        for text in sentences
    ]

    def provider(window: Window) -> tuple[FloatArray, FloatArray]:
        said = read(window)(sentences)
        maps = [
            cross_attention.sentence_map(tokens, *each)
            for tokens, each in zip(said, spans, strict=True)
        ]
        return np.stack(maps), np.array([tokens.probability for tokens in said], np.float32)

    return provider


def _dense_contrast(
    image: PreparedImage, texts: FloatArray, count: int, backbone: Backbone, settings: Settings
) -> Provider:
    """Calibrated probability of each expression against the competitors in every cell."""
    features = image.reader.features()
    if not settings.activation.cross_scale:
        features = replace(features, dense=features.dense[:1])
    maps = []
    for number in range(count):
        own = texts[[number, *range(count, len(texts))]]
        names = ("target", *map(str, range(1, len(own))))
        words = local.TextFeatures(names, 1, own, np.arange(len(own)))
        cells = local.dense_probabilities(
            features, words, backbone.dense_logit_scale, settings.local
        )
        maps.append(cells[..., 0])
    return lambda _: (np.stack(maps), np.ones(count, np.float32))
