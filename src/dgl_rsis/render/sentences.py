"""Referring sentences whose answers follow from geometry (docs/design.md 3.2).

A sentence is kept only where its answer is clear by a margin: the largest is well larger than the
second, the one on the left is alone on the left. All positions are centroids of visible pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dgl_rsis.render.instances import Instance
from dgl_rsis.render.kinds import kind_index

TARGET_KINDS = (
    "storage tank",
    "tennis court",
    "swimming pool",
    "building",
    "plane",
    "ship",
    "bridge",
    "car park",
    "sports field",
    "runway",
    "car",
)
AREA_MARGIN = 1.3
POSITION_MARGIN = 0.06  # of the image side
DISTANCE_MARGIN = 1.6

_LOOKALIKES = {
    "red": {"brown"},
    "brown": {"red", "dark"},
    "grey": {"dark", "white"},
    "dark": {"grey", "brown"},
    "white": {"grey"},
}
_ORDINALS = ("first", "second", "third")
_COUNTS = {2: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class ReferringSentence:
    """A sentence and the objects it refers to.

    Attributes:
        text: the sentence, lower case, without final stop.
        instance_ids: ids of the instances that are the answer.
        kind_of_sentence: noun, attribute, position, superlative, relation, ordinal or group.
    """

    text: str
    instance_ids: tuple[int, ...]
    kind_of_sentence: str


@dataclass(frozen=True)
class _Rivals:
    """All visible instances of one kind; ``clear`` tells which are large enough to be asked for.

    Attributes:
        kind: name of the kind.
        members: the instances.
        places: ``(n, 2)`` centroids as fractions of width and height.
        areas: ``(n,)`` visible pixels.
        clear: ``(n,)`` bool.
    """

    kind: str
    members: tuple[Instance, ...]
    places: NDArray[np.float64]
    areas: NDArray[np.float64]
    clear: NDArray[np.bool_]


def sentences_for(
    instances: Sequence[Instance],
    class_map: NDArray[np.int16],
    rng: np.random.Generator,
    *,
    water_word: str = "water",
    limit: int = 12,
) -> tuple[ReferringSentence, ...]:
    """Make sentences of every kind that the scene supports.

    Args:
        instances: visible objects of the scene.
        class_map: ``(H, W)`` index into the kinds.
        rng: source of chance.
        water_word: what the water of the scene is called as an anchor.
        limit: number of sentences at most.

    Returns:
        Sentences in turns over their kinds, so that any first few are varied.
    """
    height, width = class_map.shape
    groups = [
        _rivals(kind, instances, height, width)
        for kind in TARGET_KINDS
        if any(instance.kind == kind for instance in instances)
    ]
    anchors = _anchors(groups, class_map, water_word)
    found: dict[str, list[ReferringSentence]] = {}
    for group in groups:
        if not group.clear.any() or _is_ambiguous(group.kind, groups):
            continue
        for sentence in (
            *_nouns(group),
            *_attributes(group),
            *_positions(group),
            *_superlatives(group),
            *_ordinals(group),
            *_relations(group, anchors),
        ):
            found.setdefault(sentence.kind_of_sentence, []).append(sentence)
    return _take_turns(found, rng, limit)


def _is_ambiguous(kind: str, groups: Sequence[_Rivals]) -> bool:
    """Whether a kind's name also covers another kind in the picture: a court is a sports field."""
    return kind == "sports field" and any(group.kind == "tennis court" for group in groups)


def _rivals(kind: str, instances: Sequence[Instance], height: int, width: int) -> _Rivals:
    """Gather the instances of a kind."""
    members = tuple(instance for instance in instances if instance.kind == kind)
    least = max(80.0, 5e-4 * height * width)
    areas = np.array([member.area for member in members], dtype=np.float64)
    places = np.array([member.centroid for member in members]) / (width, height)
    return _Rivals(kind, members, places, areas, areas >= least)


def _take_turns(
    found: dict[str, list[ReferringSentence]], rng: np.random.Generator, limit: int
) -> tuple[ReferringSentence, ...]:
    """Pick sentences kind after kind, in random order within each, the same text never twice."""
    order = ("noun", "superlative", "position", "group", "attribute", "relation", "ordinal")
    queues = []
    for name in order:
        pool = found.get(name, [])
        queues.append([pool[index] for index in rng.permutation(len(pool))])
    chosen: list[ReferringSentence] = []
    asked: dict[tuple[int, ...], int] = {}
    while any(queues) and len(chosen) < limit:
        for queue in queues:
            # The same object is not asked for over and over while others wait.
            queue.sort(key=lambda sentence: asked.get(sentence.instance_ids, 0))
            if queue and len(chosen) < limit:
                sentence = queue.pop(0)
                asked[sentence.instance_ids] = asked.get(sentence.instance_ids, 0) + 1
                chosen.append(sentence)
    return tuple(chosen)


def _one(text: str, member: Instance, kind_of_sentence: str) -> ReferringSentence:
    return ReferringSentence(text, (member.id,), kind_of_sentence)


def _nouns(group: _Rivals) -> Iterator[ReferringSentence]:
    """The only one of its kind, or all of them."""
    ids = tuple(member.id for member in group.members)
    if len(ids) == 1:
        yield ReferringSentence(f"the {group.kind}", ids, "noun")
    elif group.clear.all() and len(ids) <= 30:
        yield ReferringSentence(f"all {group.kind}s", ids, "group")
        if len(ids) in _COUNTS:
            yield ReferringSentence(f"the {_COUNTS[len(ids)]} {group.kind}s", ids, "group")


def _attributes(group: _Rivals) -> Iterator[ReferringSentence]:
    """The only one of its colour, where nothing of a similar colour competes."""
    if group.kind not in ("building", "ship", "car") or len(group.members) < 2:
        return
    colours = [member.attributes.get("colour", "") for member in group.members]
    for index in np.flatnonzero(group.clear):
        colour = colours[index]
        others = {other for at, other in enumerate(colours) if at != index}
        if colour and colour not in others and not others & _LOOKALIKES.get(colour, set()):
            yield _one(f"the {colour} {group.kind}", group.members[index], "attribute")


def _positions(group: _Rivals) -> Iterator[ReferringSentence]:
    """The only one in a part of the image; the others are clearly outside that part."""
    if len(group.members) < 2:
        return
    x, y = group.places[:, 0], group.places[:, 1]
    depths = {
        "on the left": 0.5 - x,
        "on the right": x - 0.5,
        "at the top": 0.5 - y,
        "at the bottom": y - 0.5,
        "in the upper left": np.minimum(0.5 - x, 0.5 - y),
        "in the upper right": np.minimum(x - 0.5, 0.5 - y),
        "in the lower left": np.minimum(0.5 - x, y - 0.5),
        "in the lower right": np.minimum(x - 0.5, y - 0.5),
        "in the center": 0.25 - np.hypot(x - 0.5, y - 0.5),
    }
    for words, depth in depths.items():
        inside = np.flatnonzero(depth > -POSITION_MARGIN)
        if len(inside) == 1 and depth[inside[0]] > 0.12 and group.clear[inside[0]]:
            yield _one(f"the {group.kind} {words}", group.members[inside[0]], "position")


def _superlatives(group: _Rivals) -> Iterator[ReferringSentence]:
    """Largest and smallest by a factor, leftmost and the like by a distance."""
    if len(group.members) < 2:
        return
    x, y = group.places[:, 0], group.places[:, 1]
    least = np.log(AREA_MARGIN)
    keys = (
        ("largest", np.log(group.areas), least),
        ("smallest", -np.log(group.areas), least),
        ("leftmost", -x, POSITION_MARGIN),
        ("rightmost", x, POSITION_MARGIN),
        ("topmost", -y, POSITION_MARGIN),
        ("bottommost", y, POSITION_MARGIN),
    )
    for word, values, margin in keys:
        order = np.argsort(-values, kind="stable")
        if group.clear[order[0]] and values[order[0]] - values[order[1]] > margin:
            yield _one(f"the {word} {group.kind}", group.members[order[0]], "superlative")


def _ordinals(group: _Rivals) -> Iterator[ReferringSentence]:
    """The second or third from a side, among a few that are well apart."""
    if not 3 <= len(group.members) <= 8:
        return
    sides = {"left": group.places[:, 0], "right": -group.places[:, 0]}
    sides |= {"top": group.places[:, 1], "bottom": -group.places[:, 1]}
    for side, values in sides.items():
        order = np.argsort(values, kind="stable")
        gaps = np.diff(values[order]) > POSITION_MARGIN
        for rank in (1, 2):
            apart = bool(gaps[: rank + 1].all())
            if apart and group.clear[order[: rank + 1]].all():
                text = f"the {_ORDINALS[rank]} {group.kind} from the {side}"
                yield _one(text, group.members[order[rank]], "ordinal")


def _anchors(
    groups: Sequence[_Rivals], class_map: NDArray[np.int16], water_word: str
) -> dict[str, NDArray[np.float64]]:
    """Things that are there once, as ``(m, 2)`` points of their outlines in the pixel frame."""
    anchors = {}
    for group in groups:
        if len(group.members) == 1 and group.clear[0] and not _is_ambiguous(group.kind, groups):
            anchors[group.kind] = outline_points(group.members[0])
    water = class_map == kind_index("water")
    if water.mean() > 0.02:
        parts, _ = ndimage.label(water)
        sizes = np.bincount(parts.ravel())[1:]
        if sizes.max() > 0.97 * sizes.sum() or water_word == "river":
            anchors[water_word] = _edge_points(water, 0, 0)
    return anchors


def outline_points(instance: Instance) -> NDArray[np.float64]:
    """Pixel centres on the border of an instance: ``(m, 2)`` x, y in the pixel frame, m <= 400."""
    return _edge_points(instance.mask, instance.box[0], instance.box[1])


def _edge_points(mask: NDArray[np.bool_], x0: int, y0: int) -> NDArray[np.float64]:
    inner = ndimage.binary_erosion(mask)
    y, x = np.nonzero(mask & ~inner)
    step = -(-len(x) // 400)
    return np.stack([x[::step] + x0 + 0.5, y[::step] + y0 + 0.5], axis=1)


def _gap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Shortest distance between two sets of points."""
    offsets = first[:, None] - second[None]
    return float(np.sqrt((offsets**2).sum(axis=2).min()))


def _relations(
    group: _Rivals, anchors: dict[str, NDArray[np.float64]]
) -> Iterator[ReferringSentence]:
    """The only one on a side of an anchor, the closest one to it, the only one next to it."""
    if not 2 <= len(group.members) <= 40:
        return
    borders = [outline_points(member) for member in group.members]
    centres = np.array([member.centroid for member in group.members])
    scale = centres[0] / group.places[0]  # width, height in pixels
    diagonal = float(np.hypot(*scale))
    for name, points in anchors.items():
        if name == group.kind:
            continue
        if name not in ("water", "river", "lake"):
            yield from _sides(group, name, points / scale)
        distances = np.array([_gap(border, points) for border in borders])
        order = np.argsort(distances, kind="stable")
        best, nearest, next_best = order[0], distances[order[0]], distances[order[1]]
        if not group.clear[best]:
            continue
        if next_best > DISTANCE_MARGIN * nearest + 0.05 * diagonal:
            yield _one(f"the {group.kind} closest to the {name}", group.members[best], "relation")
            if nearest < 0.05 * diagonal and next_best > 0.2 * diagonal:
                yield _one(f"the {group.kind} next to the {name}", group.members[best], "relation")


def _sides(group: _Rivals, name: str, points: NDArray[np.float64]) -> Iterator[ReferringSentence]:
    """The only one left of, right of, above or below an anchor."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    x, y = group.places[:, 0], group.places[:, 1]
    depths = {
        "left of": middle[0] - x,
        "right of": x - middle[0],
        "above": middle[1] - y,
        "below": y - middle[1],
    }
    for words, depth in depths.items():
        inside = np.flatnonzero(depth > -POSITION_MARGIN)
        if len(inside) == 1 and depth[inside[0]] > 0.1 and group.clear[inside[0]]:
            yield _one(f"the {group.kind} {words} the {name}", group.members[inside[0]], "relation")
