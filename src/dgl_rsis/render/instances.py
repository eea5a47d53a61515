"""The visible part of every painted object (docs/design.md 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from dgl_rsis.render.canvas import Canvas
from dgl_rsis.types import BoolArray

VISIBLE_PIXELS = 8


@dataclass(frozen=True)
class Instance:
    """One object of a scene, as far as it is visible.

    Attributes:
        id: number of the object, from 1, unique in the scene.
        kind: name of its kind.
        box: half-open ``x0, y0, x1, y1`` in the pixel frame.
        mask: ``(y1 - y0, x1 - x0)`` bool, the visible pixels inside the box.
        area: visible pixels.
        centroid: mean ``x, y`` of the visible pixel centres.
        attributes: facts that are true by construction: ``colour``, ``shape``, ``roof``,
            ``angle`` (of the long side, whole degrees from the x axis towards y, 0 to 179) and ``size`` (large,
            medium or small against the median of its kind).
    """

    id: int
    kind: str
    box: tuple[int, int, int, int]
    mask: BoolArray
    area: int
    centroid: tuple[float, float]
    attributes: Mapping[str, str]


def collect_instances(canvas: Canvas) -> tuple[Instance, ...]:
    """Measure all objects of a painted canvas; specks below 8 pixels are dropped."""
    areas = np.bincount(canvas.instances.ravel(), minlength=len(canvas.records) + 1)
    boxes = ndimage.find_objects(canvas.instances, max_label=len(canvas.records))
    found = []
    for number, (kind, attributes) in enumerate(canvas.records, start=1):
        window = boxes[number - 1]
        if window is None or areas[number] < VISIBLE_PIXELS:
            continue
        rows, columns = window
        mask = canvas.instances[rows, columns] == number
        y, x = np.nonzero(mask)
        found.append(
            Instance(
                id=number,
                kind=kind,
                box=(columns.start, rows.start, columns.stop, rows.stop),
                mask=mask,
                area=int(areas[number]),
                centroid=(
                    float(x.mean()) + columns.start + 0.5,
                    float(y.mean()) + rows.start + 0.5,
                ),
                attributes=attributes,
            )
        )
    return _with_sizes(found)


def _with_sizes(instances: list[Instance]) -> tuple[Instance, ...]:
    """Add the size word of each instance against the median of its kind."""
    medians = {
        kind: float(np.median([other.area for other in instances if other.kind == kind]))
        for kind in {instance.kind for instance in instances}
    }
    sized = []
    for instance in instances:
        ratio = instance.area / medians[instance.kind]
        word = "large" if ratio >= 1.5 else "small" if ratio <= 1 / 1.5 else "medium"
        sized.append(replace(instance, attributes={**instance.attributes, "size": word}))
    return tuple(sized)
