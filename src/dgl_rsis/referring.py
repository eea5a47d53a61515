"""Wiring of referring expression segmentation: one sentence over one prepared image.

understand (text decoupling) -> score the nouns (local alignment) -> activation (global alignment)
-> execute the program -> select. A stage that is switched off is not called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dgl_rsis.config import Settings
from dgl_rsis.errors import InputError
from dgl_rsis.models.base import Backbone
from dgl_rsis.proposals.filters import mask_iou
from dgl_rsis.proposals.masks import MaskSet
from dgl_rsis.proposals.objectness import colour_field, objectness
from dgl_rsis.proposals.region_tree import RegionTree
from dgl_rsis.results import Match, ReferResult
from dgl_rsis.stages import activation, local, select, spatial
from dgl_rsis.stages.decouple import decouple, undivided
from dgl_rsis.stages.fields import resample
from dgl_rsis.stages.instances import Mask, instance_masks
from dgl_rsis.text.knowledge import class_prompts, competitors, normalise_name
from dgl_rsis.text.lexicon import default_lexicon
from dgl_rsis.text.program import ANYTHING, Node, nouns_in
from dgl_rsis.types import FloatArray, IntArray, Proposals, Query, Raster, RGBImage

NAME_MISMATCH = 0.01  # probability of a candidate whose name is another noun's
NEAR_BEST = 0.5  # share of the best score from which a mask joins a group
HEATMAP_THRESHOLD = 0.5  # of the answer when mask selection is switched off


@dataclass(frozen=True)
class Scene:
    """One image with everything that does not depend on the words.

    Attributes:
        raster: as it was read.
        picture: its pixels, filled where there is no data.
        proposals: ``N`` candidates.
        features: of the image.
        lab: ``(h, w, 3)`` CIE Lab over the whole image.
        objectness: ``(N,)`` in [0, 1].
        colours: ``(N, 3)`` mean Lab.
        names: one per candidate, normalised; empty when the user gave none.
        given: whether the candidates are the user's own.
    """

    raster: Raster
    picture: RGBImage
    proposals: Proposals
    features: local.ImageFeatures
    lab: FloatArray
    objectness: FloatArray
    colours: FloatArray
    names: tuple[str, ...]
    given: bool

    @classmethod
    def prepare(
        cls,
        raster: Raster,
        picture: RGBImage,
        proposals: Proposals,
        features: local.ImageFeatures,
        *,
        names: Sequence[str] | None,
        given: bool,
    ) -> Scene:
        """Measure what all sentences share.

        Raises:
            InputError: there is not one name per candidate.
        """
        if names is not None and len(names) != len(proposals):
            raise InputError(
                f"{len(names)} names for {len(proposals)} candidates; give one name each"
            )
        lab = colour_field(picture, raster.valid)
        return cls(
            raster,
            picture,
            proposals,
            features,
            lab,
            _objectness(proposals, lab),
            proposals.pool(lab),
            tuple(normalise_name(name) for name in names or ()),
            given,
        )

    def narrowed(self, candidates: Proposals) -> Scene:
        """The same image with other candidates."""
        if candidates is self.proposals:
            return self
        return replace(
            self,
            proposals=candidates,
            objectness=_objectness(candidates, self.lab),
            colours=candidates.pool(self.lab),
        )


def _objectness(proposals: Proposals, lab: FloatArray) -> FloatArray:
    if len(proposals) > 0 and isinstance(proposals, RegionTree | MaskSet):
        return objectness(proposals, lab)
    return np.ones(len(proposals), np.float32)


def understand(sentence: str, settings: Settings) -> Query:
    """Decouple a sentence, or keep it whole where the stage is off."""
    return decouple(sentence) if settings.text.decouple else undivided(sentence)


def answer(scene: Scene, query: Query, backbone: Backbone, settings: Settings) -> ReferResult:
    """Find what a sentence refers to in a prepared image."""
    program = _node(query)
    nouns = dict.fromkeys([query.target.noun, *nouns_in(program)])
    scored = [noun for noun in nouns if noun != ANYTHING]
    narrow = len(scored) == len(nouns)  # "the one on the left" may be anything
    nouns_scored = _score_nouns(scene, scored, backbone, settings, narrow=narrow)
    scene = scene.narrowed(nouns_scored.candidates)
    everywhere = np.ones(len(scene.proposals), np.float32)
    target = nouns_scored.probabilities.get(query.target.noun, everywhere)
    heatmap = _heatmap(scene, query, backbone, settings)
    if not settings.select.enabled:
        return _pixel_answer(scene, query, heatmap)
    terms = {"probability": target, "objectness": scene.objectness}
    if heatmap is not None:
        terms["activation"] = activation.activation_terms(heatmap, scene.proposals, settings.select)
    notes: tuple[str, ...] = ()
    is_union = False
    if settings.program.enabled:
        execution = spatial.execute(program, _table(scene, nouns_scored))
        terms["program"] = execution.values
        alive, notes, is_union = execution.instances, execution.notes, execution.is_union
    else:
        alive = _without_program(target)
    scores = _scores(terms, settings)
    order = alive[np.argsort(-scores[alive], kind="stable")]
    chosen = _choose(scene, query, order, scores, target, is_union, settings)
    if not chosen:
        notes = (*notes, _nothing(query, target))
    matches = _matches(scene, order, chosen, terms, scores, settings.select.top_k)
    return _result(scene, query, matches, heatmap, notes)


def refine_matches(result: ReferResult, tree: Proposals) -> ReferResult:
    """Replace the mask of every match by the region of the tree that fits it best."""
    refined = []
    for match in result.matches:
        box = MaskSet.from_crops([match.crop], [(match.box[0], match.box[1])], match.shape)
        best = int(mask_iou(tree, box)[:, 0].argmax())
        x0, y0, x1, y1 = (int(v) for v in tree.boxes[best])
        refined.append(replace(match, crop=tree.crop(best), box=(x0, y0, x1, y1)))
    mask = np.zeros(result.raster.shape, bool)
    for match in refined:
        if match.chosen:
            mask |= match.mask
    return replace(result, matches=tuple(refined), mask=mask)


def _node(query: Query) -> Node:
    return query.program  # type: ignore[return-value]  # the types module knows no nodes


@dataclass(frozen=True)
class _Nouns:
    """Nouns of a sentence, scored over all candidates.

    Attributes:
        candidates: ``N`` masks that the sentence is about.
        probabilities: noun -> ``(N,)`` in [0, 1], against the other nouns and the rest.
        instances: noun -> candidates that are whole things of that kind; empty where the
            candidates are no tree.
    """

    candidates: Proposals
    probabilities: dict[str, FloatArray]
    instances: dict[str, IntArray]


def _score_nouns(
    scene: Scene, nouns: Sequence[str], backbone: Backbone, settings: Settings, *, narrow: bool
) -> _Nouns:
    named = _by_name(scene, nouns)
    if named is not None or not nouns:
        return _Nouns(scene.proposals, named or {}, {})
    knowledge = settings.knowledge
    rest = competitors(nouns) if knowledge.background else []
    texts = local.encode_classes(
        backbone,
        [class_prompts(noun, knowledge=knowledge.enabled) for noun in nouns],
        [class_prompts(word, knowledge=False) for word in rest],
    )
    dense = local.dense_probabilities(
        scene.features, texts, backbone.dense_logit_scale, settings.local
    )
    candidates: Proposals = scene.proposals
    instances: dict[str, IntArray] = {}
    if narrow and isinstance(scene.proposals, RegionTree):
        candidates, instances = _instances(scene, scene.proposals, nouns, dense)
    aligned = local.align(
        scene.picture, backbone, candidates, scene.features, texts, dense,
        settings.local, rank_by=range(len(nouns)),
    )  # fmt: skip
    probabilities = {noun: aligned[:, index] for index, noun in enumerate(nouns)}
    return _Nouns(candidates, probabilities, instances)


def _instances(
    scene: Scene, tree: RegionTree, nouns: Sequence[str], dense: FloatArray
) -> tuple[Proposals, dict[str, IntArray]]:
    """Masks of the instances of all nouns, and which of them are of which noun."""
    masks: list[Mask] = []
    instances = {}
    for index, noun in enumerate(nouns):
        found = instance_masks(tree, dense, index, scene.objectness)
        instances[noun] = np.arange(len(masks), len(masks) + len(found))
        masks += found
    crops = [crop for crop, _, _ in masks]
    return MaskSet.from_crops(crops, [(x0, y0) for _, x0, y0 in masks], tree.shape), instances


def _by_name(scene: Scene, nouns: Sequence[str]) -> dict[str, FloatArray] | None:
    """Probabilities from the candidates' own names; None where no name means the target."""
    if not scene.names or not nouns:
        return None
    lexicon = default_lexicon()

    def match(noun: str) -> FloatArray:
        same = [name == noun or lexicon.overlap(name, noun) for name in scene.names]
        return np.where(same, 1.0, NAME_MISMATCH).astype(np.float32)

    result = {noun: match(noun) for noun in nouns}
    return result if result[nouns[0]].max(initial=0) == 1 else None


def _heatmap(
    scene: Scene, query: Query, backbone: Backbone, settings: Settings
) -> FloatArray | None:
    """Enhanced activation of the target as a coarse map in [0, 1]; None when it is off."""
    options = settings.activation
    if not options.enabled:
        return None
    noun = query.target.noun if query.target.noun != ANYTHING else query.target.text
    words = _modified(query, settings)
    groups = [class_prompts(noun, knowledge=settings.knowledge.enabled)]
    texts = local.encode_classes(
        backbone, groups, [class_prompts(w, knowledge=False) for w in competitors([noun])]
    )
    own = texts.features[texts.owner == 0].mean(0, keepdims=True)
    rows = [own / np.linalg.norm(own)]
    if options.global_enhancement and words:
        full = local.encode_classes(
            backbone, [class_prompts(words, knowledge=settings.knowledge.enabled)]
        )
        rows.append(full.features[:1])
    features = np.concatenate([*rows, texts.features[texts.owner > 0]]).astype(np.float32)
    maps = activation.cross_scale_activations(
        scene.picture, backbone, features, tuple(range(len(rows))), options
    )
    modified = maps[1] if len(rows) > 1 else None
    return activation.enhance(maps[0], modified, weight=options.enhancement)


def _modified(query: Query, settings: Settings) -> str:
    """The noun with the modifiers that the activation is to add; empty if there are none."""
    if settings.activation.modifiers == "all" or not settings.program.enabled:
        return query.text if query.text.strip() != query.target.noun else ""
    if not query.unexecuted:
        return ""
    return " ".join((query.target.text or query.target.noun, *query.unexecuted))


def _table(scene: Scene, nouns: _Nouns) -> spatial.CandidateTable:
    proposals = scene.proposals
    return spatial.CandidateTable(
        scene.raster.shape,
        proposals.areas,
        proposals.boxes,
        proposals.centroids,
        proposals.crop,
        nouns.probabilities,
        objectness=scene.objectness,
        colours=scene.colours,
        frame=scene.raster.frame,
        instances=nouns.instances,
        are_instances=scene.given,
    )


def _without_program(target: FloatArray) -> IntArray:
    """All candidates near the best, where no program says which are instances."""
    if len(target) == 0:
        return np.zeros(0, np.int64)
    return np.flatnonzero(target >= NEAR_BEST * target.max())


def _scores(terms: dict[str, FloatArray], settings: Settings) -> FloatArray:
    options = settings.select
    weights = {
        "probability": options.probability_weight,
        "program": options.program_weight,
        "activation": options.activation_weight,
        "objectness": options.objectness_weight,
    }
    return select.combined_score(terms, weights)


def _choose(
    scene: Scene,
    query: Query,
    order: IntArray,
    scores: FloatArray,
    target: FloatArray,
    is_union: bool,
    settings: Settings,
) -> list[int]:
    """Candidates of the answer, best first; none when nothing is plausible."""
    plausible = order[target[order] >= settings.select.least_probability]
    if is_union:
        return [int(index) for index in plausible]
    if query.count is None and len(plausible):
        plausible = plausible[scores[plausible] >= NEAR_BEST * scores[plausible[0]]]
    return select.distinct(scene.proposals, plausible, limit=query.count)


def _matches(
    scene: Scene,
    order: IntArray,
    chosen: Sequence[int],
    terms: dict[str, FloatArray],
    scores: FloatArray,
    top_k: int,
) -> tuple[Match, ...]:
    picked = set(chosen)
    ranking = [*chosen, *(int(i) for i in order if int(i) not in picked)]
    rivals = select.distinct(scene.proposals, ranking, limit=max(top_k, len(chosen)))
    listed = [*chosen, *(index for index in rivals if index not in picked)]
    matches = []
    for index in listed[: max(top_k, len(chosen))]:
        x0, y0, x1, y1 = (int(v) for v in scene.proposals.boxes[index])
        matches.append(
            Match(
                scene.proposals.crop(index),
                (x0, y0, x1, y1),
                scene.raster.shape,
                float(scores[index]),
                {name: float(values[index]) for name, values in terms.items()},
                index in picked,
                index,
            )
        )
    return tuple(matches)


def _nothing(query: Query, target: FloatArray) -> str:
    best = float(target.max(initial=0))
    return f"nothing matches: the best '{query.target.noun}' has probability {best:.2f}"


def _pixel_answer(scene: Scene, query: Query, heatmap: FloatArray | None) -> ReferResult:
    """The thresholded heat map: what remains without mask selection."""
    if heatmap is None:
        raise InputError(
            "select.enabled and activation.enabled are both off, nothing is left to answer with; "
            "switch one of them on"
        )
    result = _result(scene, query, (), heatmap, ("mask selection is off: the heat map decides",))
    return replace(result, mask=(result.heatmap >= HEATMAP_THRESHOLD) & scene.raster.valid)


def _result(
    scene: Scene,
    query: Query,
    matches: tuple[Match, ...],
    heatmap: FloatArray | None,
    notes: tuple[str, ...],
) -> ReferResult:
    shape = scene.raster.shape
    mask = np.zeros(shape, bool)
    for match in matches:
        if match.chosen:
            x0, y0, x1, y1 = match.box
            mask[y0:y1, x0:x1] |= match.crop
    full = np.zeros(shape, np.float32) if heatmap is None else resample(heatmap, shape)
    return ReferResult(mask, matches, query, full, scene.raster, notes)
