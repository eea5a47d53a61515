"""Score the nouns of a sentence over candidates, and find the whole things that they name.

Candidates for the target are the user's, where they gave some, else what a detector found for the
noun, else the instances of the noun in the region tree and among the flat masks of other
proposers. Anchors (*left of the river*) are instances in the tree in both cases: a user who
gives boxes of ships need not give the river.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dgl_rsis.config import InstanceSettings, Settings
from dgl_rsis.models.base import Backbone
from dgl_rsis.own_scale import OwnScale, against_others, placed, whole_masks
from dgl_rsis.prepared import Candidates, PreparedImage
from dgl_rsis.proposals.filters import Overlaps, flatten_tree
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposing import flat_masks
from dgl_rsis.stages import local
from dgl_rsis.stages.instances import Mask, instance_masks, mask_instances
from dgl_rsis.text.inflection import singular
from dgl_rsis.text.lexicon import Lexicon, is_kind_of_head
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import BoolArray, FloatArray, IntArray, Proposals


@dataclass(frozen=True)
class ScoredNouns:
    """Nouns of a sentence, scored over all candidates.

    Attributes:
        candidates: ``N`` masks that the sentence is about; the user's come first.
        probabilities: noun -> ``(N,)`` float32 in [0, 1], against the other nouns and the rest.
        instances: noun -> candidates that are whole things of that kind; a noun that is missing
            is looked for by probability alone.
        settled: nouns that the names of all candidates or a detector decide, without the model.
        notes: what the names of candidates did not settle.
    """

    candidates: Candidates
    probabilities: dict[str, FloatArray]
    instances: dict[str, IntArray]
    settled: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def score_nouns(
    image: PreparedImage, target: str, nouns: Sequence[str], backbone: Backbone, settings: Settings
) -> ScoredNouns:
    """Score all nouns of a sentence.

    Args:
        image: prepared image.
        target: noun of the target; ``ANYTHING`` where the sentence names none.
        nouns: all distinct nouns, the target's first, ``ANYTHING`` among them where it is used.
        backbone: the image-text model.
        settings: of all stages.
    """
    seen = [noun for noun in nouns if noun != ANYTHING]
    lexicon = settings.knowledge.words.lexicon
    named = meant_by_names(image.names, seen, lexicon)
    detected = {noun: image.detected[noun] for noun in nouns if noun in image.detected}
    unnamed = "" in image.names
    texts, dense = (
        _dense(image, seen, backbone, settings)
        if unnamed or not set(seen) <= named.keys() | detected.keys()
        else (None, None)
    )
    own_scale = None if texts is None else OwnScale(image, seen, texts, backbone, settings)
    masks, instances, in_tree = _masks(image, target, nouns, dense, own_scale, named, settings)
    flat = flat_masks(image.proposals)
    competes = flat is not None and not image.given  # with what evidence finds in the tree
    instances |= {} if competes else in_tree
    candidates = Candidates.measure(masks, image.picture, image.lab)
    if image.given:  # they are things because the user says so, however they look
        candidates.objectness[: len(image.proposals)] = 1.0
    probabilities: dict[str, FloatArray] = {}
    if texts is not None and dense is not None and own_scale is not None:
        features = image.reader.features()
        by_noun = partial(_by_noun, image, masks, seen, texts, backbone=backbone, settings=settings)
        pooled = local.pooled_probabilities(backbone, masks, features, texts, dense, settings.local)
        probabilities |= by_noun(seen, pooled)
        if own_scale.nouns:
            for noun, seen_whole in by_noun(
                own_scale.nouns, own_scale.probabilities(masks)
            ).items():
                probabilities[noun] = np.maximum(probabilities[noun], seen_whole)
        if flat is not None and competes and settings.program.enabled:
            for noun in [noun for noun in seen if noun not in instances]:
                among = np.append(np.arange(len(flat)), in_tree.get(noun, ())).astype(np.int64)
                view = against_others(dense, seen, seen.index(noun), lexicon)
                likely = probabilities[noun] if noun in own_scale.nouns else None
                whole = _whole_masks(candidates, among, view, likely, settings.instances)
                instances[noun] = among[whole]
    for noun, meant in named.items():
        probabilities[noun] = _settled(
            image, meant, probabilities.get(noun), len(masks), settings.select.name_mismatch
        )
    for noun, own in detected.items():
        assert flat is not None  # detections are flat masks, the first of them
        probabilities[noun] = np.full(len(masks), settings.select.name_mismatch, np.float32)
        probabilities[noun][own] = flat.known_quality[own]
    notes: tuple[str, ...] = ()
    if target in probabilities and target not in named and any(image.names):
        otherwise = _called_otherwise(image.names, target, lexicon)
        probabilities[target][otherwise] = settings.select.name_mismatch
        rest = ": the image decides" if len(otherwise) < len(image.names) else ""
        notes = (f"no candidate is called '{target}'{rest}",)
    settled = frozenset(detected) if unnamed else frozenset(named | detected)
    return ScoredNouns(candidates, probabilities, instances, settled, notes)


def _whole_masks(
    candidates: Candidates,
    among: IntArray,
    dense: FloatArray,
    likely: FloatArray | None,
    settings: InstanceSettings,
) -> IntArray:
    """Places in ``among`` of flat masks that are whole things of a noun.

    A flat mask does not tell by itself that it is one thing, and what ranks first among hundreds of
    masks is easily one that is mistaken for the noun; so they bring evidence as regions of a tree do.

    Args:
        candidates: ``N`` of them.
        among: those that may be meant.
        dense: ``(h, w, k)`` probabilities of the cells, the noun's first.
        likely: ``(N,)`` probability of the noun, of a noun that is read at scales of its own.
        settings: price and thresholds.
    """
    assert isinstance(candidates.masks, MaskSet)  # there are flat ones among them
    overlaps = Overlaps(candidates.masks.take(among))
    found = mask_instances(overlaps, dense, 0, settings)
    if likely is None:
        return found
    looks = candidates.objectness[among]
    return whole_masks(overlaps, found, likely[among], looks, dense[..., 0], settings)


def _by_noun(
    image: PreparedImage,
    masks: Proposals,
    seen: Sequence[str],
    texts: local.TextFeatures,
    nouns: Sequence[str],
    pooled: FloatArray,
    *,
    backbone: Backbone,
    settings: Settings,
) -> dict[str, FloatArray]:
    """Probabilities of nouns over all masks, against the others that they do not overlap with."""
    aligned = local.align(
        image.reader.crops, backbone, masks, image.reader.features(), texts, pooled,
        settings.local, rank_by=range(len(seen)),
    )  # fmt: skip
    lexicon = settings.knowledge.words.lexicon
    return {noun: against_others(aligned, seen, seen.index(noun), lexicon)[:, 0] for noun in nouns}


def meant_by_names(
    names: Sequence[str], nouns: Sequence[str], lexicon: Lexicon
) -> dict[str, BoolArray]:
    """Which candidates each noun means by their names, where any is meant.

    The same word comes first, in the singular or the plural, then the head of a compound that nobody knows (a *platform* may be
    *the oil platform*), a synonym, a kind of it, something more general: where a *ship* and a
    *boat* are named, *the boat* is the boat.

    Args:
        names: normalised, one per candidate, "" where it has none.
        nouns: of a sentence.
        lexicon: the words that are known.
    """

    def as_singular(name: str) -> str:
        form = lexicon.noun_forms.get(name)
        return form.singular if form is not None else singular(name)

    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda name, noun: as_singular(name) == as_singular(noun),
        lambda name, noun: lexicon.noun_forms.get(noun) is None and is_kind_of_head(noun, name),
        lambda name, noun: (
            lexicon.find(name) is not None and lexicon.find(name) == lexicon.find(noun)
        ),
        lambda name, noun: (
            (own := lexicon.find(noun)) is not None and own.name in lexicon.kinds(name)
        ),
        lexicon.overlap,
    )
    found = {}
    for noun in nouns:
        for test in tests:
            meant = np.array([name != "" and test(name, noun) for name in names], bool)
            if meant.any():
                found[noun] = meant
                break
    return found


def _called_otherwise(names: Sequence[str], noun: str, lexicon: Lexicon) -> IntArray:
    """Candidates with a known name, where the noun is known, too, and none of them is called so."""
    if lexicon.find(noun) is None:
        return np.empty(0, np.int64)
    return np.flatnonzero([name != "" and lexicon.find(name) is not None for name in names])


def _settled(
    image: PreparedImage, meant: BoolArray, seen: FloatArray | None, count: int, mismatch: float
) -> FloatArray:
    """``(count,)``: ``mismatch`` where the names mean something else, as seen without a name.

    What the names mean has the user's scores, or 1.
    """
    result = np.full(count, mismatch, np.float32)
    result[: len(meant)][meant] = 1.0 if image.scores is None else image.scores[meant]
    unnamed = np.flatnonzero([name == "" for name in image.names])
    if seen is not None:
        result[unnamed] = seen[unnamed]
    return result


def _dense(
    image: PreparedImage, nouns: Sequence[str], backbone: Backbone, settings: Settings
) -> tuple[local.TextFeatures, FloatArray]:
    knowledge = settings.knowledge
    # A sentence that was not decoupled is no noun that some background word could mean as well.
    own = nouns if settings.text.decouple else []
    words = knowledge.words
    rest = words.competitors(own) if knowledge.background else []
    texts = local.encode_classes(
        backbone,
        [words.class_prompts(noun, knowledge=knowledge.enabled) for noun in nouns],
        [words.class_prompts(word, knowledge=False) for word in rest],
    )
    scale = backbone.dense_logit_scale
    return texts, local.dense_probabilities(image.reader.features(), texts, scale, settings.local)


def _masks(
    image: PreparedImage,
    target: str,
    nouns: Sequence[str],
    dense: FloatArray | None,
    own_scale: OwnScale | None,
    named: dict[str, BoolArray],
    settings: Settings,
) -> tuple[Proposals, dict[str, IntArray], dict[str, IntArray]]:
    """Candidates of a sentence, which of them are instances of which noun, and which in the tree.

    What is named or detected is an instance for sure; what evidence finds in the tree is one where
    no flat masks compete with it.
    """
    proposals, tree = image.proposals, image.tree
    own = np.arange(len(proposals))
    instances: dict[str, IntArray] = dict(image.detected)
    in_tree: dict[str, IntArray] = {}
    masks: list[Mask] = []
    flat = flat_masks(proposals)
    if image.given:
        # Names decide which of the user's candidates are meant; else all of them may be.
        instances = {target: own, ANYTHING: own}
        instances |= {
            noun: np.flatnonzero(meant | np.array([name == "" for name in image.names]))
            for noun, meant in named.items()
        }
    if tree is None:
        return proposals, instances, in_tree
    if flat is not None:
        masks = [placed(flat, index) for index in range(len(flat))]
    given = len(masks)
    seen = [noun for noun in nouns if noun != ANYTHING]
    for noun in nouns:
        if noun in instances:
            continue
        if noun == ANYTHING or dense is None or own_scale is None:
            nodes = flatten_tree(tree, image.nodes.objectness)
            found = [placed(nodes, index) for index in range(len(nodes))]
        else:
            lexicon = settings.knowledge.words.lexicon
            view = against_others(dense, seen, seen.index(noun), lexicon)
            found = instance_masks(tree, view, 0, image.nodes.objectness, settings.instances)
            if noun in own_scale.nouns and len(tree):
                found = own_scale.whole_things(noun, found, view)
        in_tree[noun] = np.arange(len(masks), len(masks) + len(found))
        masks += found
    quality = None
    if flat is not None and flat.quality is not None:
        quality = np.append(flat.quality, np.full(len(masks) - given, np.nan, np.float32))
    corners = [(x0, y0) for _, x0, y0 in masks]
    crops = [crop for crop, _, _ in masks]
    return MaskSet.from_crops(crops, corners, tree.shape, quality=quality), instances, in_tree
