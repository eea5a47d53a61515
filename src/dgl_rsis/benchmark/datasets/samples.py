"""What an evaluation asks of any data set: images with true maps, sentences with true masks.

Nothing is read before it is asked for, so a list of samples is small however large the set is.
Readers are functions of a folder and a split; they check that the layout is there and name the
expected tree where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dgl_rsis.types import BoolArray, Raster, RGBImage


@dataclass(frozen=True)
class MapSample:
    """An image with a true class map.

    Attributes:
        name: unique within the set, the same on every machine.
        image: name of the image that it shows or is cut from; patches of one image share it, so
            that intervals resample them together.
        read_image: gives ``(H, W, 3)`` uint8.
        read_labels: gives ``(H, W)`` int16, index into ``MapDataset.classes``; -1 is not counted.
    """

    name: str
    image: str
    read_image: Callable[[], RGBImage]
    read_labels: Callable[[], NDArray[np.int16]]


@dataclass(frozen=True)
class MapDataset:
    """A set for open-vocabulary semantic segmentation (OVSS).

    Attributes:
        name: as the command line calls it, with its split: ``isaid/val``.
        classes: as the data set spells them, in the order of its labels.
        words: what is asked for, one entry for each class; several names are separated by commas.
        background: index of the class that stands for everything else; None where there is none.
        samples: in the order of the set.
    """

    name: str
    classes: tuple[str, ...]
    words: tuple[str, ...]
    background: int | None
    samples: Sequence[MapSample]


@dataclass(frozen=True)
class ClassMap:
    """True classes of the pixels of an image.

    Attributes:
        names: of the classes, as the data set spells them.
        labels: ``(H, W)`` int16, index into ``names``; -1 where the set knows no class.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int16]


@dataclass(frozen=True)
class ReferSample:
    """A sentence about an image, with the mask of what it refers to.

    Attributes:
        name: unique within the set, the same on every machine.
        image: name of the image; sentences about one image share it.
        sentence: as the data set has it.
        read_image: gives ``(H, W, 3)`` uint8, or a raster where the ground belongs to the task.
        read_mask: gives ``(H', W')`` bool, not always of the size of the image; nothing is True
            where the sentence has no target. A set of boxes gives filled boxes.
        read_classes: gives the true classes of the image; None where the set knows nothing but
            what its sentences refer to.
    """

    name: str
    image: str
    sentence: str
    read_image: Callable[[], RGBImage | Raster]
    read_mask: Callable[[], BoolArray]
    read_classes: Callable[[], ClassMap] | None = None


@dataclass(frozen=True)
class ReferDataset:
    """A set for referring expression segmentation (RES).

    Attributes:
        name: as the command line calls it, with its split: ``rrsis-d/test``.
        samples: in the order of the set, sentences about one image next to each other.
        side: image side in pixels, mask and answer are brought to this square before they are
            compared, by nearest neighbour; None compares at the size of the true mask.
        boxes: whether the truth is boxes, so that answers count by their bounding box.
        no_target: whether sentences without a target occur, so that gIoU and N-acc are reported.
    """

    name: str
    samples: Sequence[ReferSample]
    side: int | None = None
    boxes: bool = False
    no_target: bool = False
