"""Sentences in the format of REFER, the reader of RefCOCO: references beside COCO instances.

``instances.json`` lists images and annotations as COCO does. Another file lists references, as a
pickle or as JSON: each names its annotation, image and split, and has one or several sentences.
Fields as RefCOCO and gRefCOCO have them (general knowledge): ``ref_id``, ``image_id``, ``split``,
``ann_id`` (a number, or a list of them; -1 or an empty list for nothing) and ``sentences``, each
with the text as it was written, ``raw``, which is what RMSIN and LAVT evaluate (general knowledge),
or ``sent``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from dgl_rsis.benchmark.datasets.coco import decode_parts
from dgl_rsis.benchmark.datasets.pictures import read_picture
from dgl_rsis.benchmark.datasets.plain_pickle import read_plain_pickle
from dgl_rsis.benchmark.datasets.samples import ReferSample
from dgl_rsis.benchmark.datasets.sentence_files import arranged, read_json
from dgl_rsis.errors import InputError
from dgl_rsis.types import BoolArray

Combine: TypeAlias = Callable[[Sequence[BoolArray], tuple[int, int]], BoolArray]
"""Makes the true mask of the parts of all annotations that are meant, and of the image's size."""

Identifier: TypeAlias = int | str

_NOTHING = -1


@dataclass(frozen=True)
class Reference:
    """What one or several sentences refer to.

    Attributes:
        number: ``ref_id``.
        image: ``image_id``.
        annotations: ids of what is meant; none where there is no target.
        split: as the file has it.
        sentences: as they were written.
    """

    number: Identifier
    image: Identifier
    annotations: tuple[Identifier, ...]
    split: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Instances:
    """Images and annotations of ``instances.json``; masks are not decoded.

    Attributes:
        file: where they come from.
        images: ``image_id`` -> file name, height and width in pixels.
        segmentations: annotation id -> what ``coco.decode_parts`` reads.
    """

    file: Path
    images: Mapping[Identifier, tuple[str, int, int]]
    segmentations: Mapping[Identifier, Any]


def read_references(file: Path) -> tuple[Reference, ...]:
    """References of a ``.json`` file or, by the restricted reader, of a pickle.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    content = read_json(file) if file.suffix == ".json" else read_plain_pickle(file)
    try:
        return tuple(map(_reference, content))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file}: no list of references as REFER has it ({error!r:.80})"
        ) from error


def read_instances(file: Path) -> Instances:
    """Images and annotations; their boxes and areas are not looked at.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    content = read_json(file)
    try:
        images = {
            each["id"]: (str(each["file_name"]), int(each["height"]), int(each["width"]))
            for each in content["images"]
        }
        segmentations = {each["id"]: each["segmentation"] for each in content["annotations"]}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file}: no COCO annotations ({error!r:.80})") from error
    return Instances(file, images, segmentations)


def samples_of(
    references: Sequence[Reference],
    split: str,
    instances: Instances,
    pictures: Path,
    combine: Combine,
) -> tuple[ReferSample, ...]:
    """One sample for each sentence of each reference of a split, called ``ref_id#number``.

    Args:
        references: of all splits.
        split: which of them.
        instances: what they refer to.
        pictures: folder of the images.
        combine: makes the true mask.

    Raises:
        InputError: there is none, or an image or an annotation is missing.
    """
    present = {path.name for path in pictures.iterdir()}
    chosen = [reference for reference in references if reference.split == split]
    found = [
        sample
        for reference in chosen
        for sample in _samples(reference, instances, pictures, present, combine)
    ]
    return arranged(found, instances.file.parent, split)


def _samples(
    reference: Reference, instances: Instances, pictures: Path, present: set[str], combine: Combine
) -> Iterator[ReferSample]:
    unknown = [each for each in reference.annotations if each not in instances.segmentations]
    if reference.image not in instances.images or unknown:
        what = f"annotation {unknown[0]}" if unknown else f"image {reference.image}"
        raise InputError(f"{instances.file}: no {what}, which reference {reference.number} names")
    name, height, width = instances.images[reference.image]
    if name not in present:
        raise InputError(
            f"{pictures / name}: missing, reference {reference.number} needs it; unpack all images"
        )
    meant = [instances.segmentations[each] for each in reference.annotations]
    where = f"{instances.file}: the mask of reference {reference.number}"
    truth = partial(_true_mask, where, meant, (height, width), combine)
    for number, sentence in enumerate(reference.sentences):
        read_image = partial(read_picture, pictures / name)
        yield ReferSample(f"{reference.number}#{number}", name, sentence, read_image, truth)


def _true_mask(
    where: str, segmentations: Sequence[Any], shape: tuple[int, int], combine: Combine
) -> BoolArray:
    try:
        parts = [part for each in segmentations for part in decode_parts(each, shape)]
        return combine(parts, shape)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where} cannot be decoded ({error!r:.120})") from error


def _reference(entry: Mapping[str, Any]) -> Reference:
    meant = entry["ann_id"]
    annotations = meant if isinstance(meant, list | tuple) else [meant]
    return Reference(
        number=_identifier(entry["ref_id"]),
        image=_identifier(entry["image_id"]),
        annotations=tuple(_identifier(each) for each in annotations if each != _NOTHING),
        split=entry["split"],
        sentences=tuple(map(_sentence, entry["sentences"])),
    )


def _identifier(value: Any) -> Identifier:
    if not isinstance(value, int | str):
        raise TypeError(f"{value!r:.40} is no id")
    return value


def _sentence(entry: Mapping[str, Any]) -> str:
    text = entry["raw"] if "raw" in entry else entry["sent"]
    if not isinstance(text, str):
        raise TypeError(f"{text!r:.40} is no sentence")
    return text
