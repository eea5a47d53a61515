"""Own sentences about annotated images, as a set for referring expression segmentation.

The sentences are in this package, ``sentences/<dataset>.yaml``: image file -> construction, sentence,
and the instances that are meant, by their place among the annotations of the image. The truth is the
union of these instances; a sentence that means none has no target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dgl_rsis.benchmark.datasets.annotated import AnnotatedImage
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.pictures import read_picture
from dgl_rsis.benchmark.datasets.samples import ClassMap, ReferDataset, ReferSample
from dgl_rsis.benchmark.datasets.sentence_files import arranged
from dgl_rsis.benchmark.votes import paint_masks
from dgl_rsis.errors import InputError
from dgl_rsis.text.yaml_file import read_yaml
from dgl_rsis.types import BoolArray

SENTENCES = Path(__file__).resolve().parent / "sentences"

ReadImages: TypeAlias = Callable[[Path], tuple[AnnotatedImage, ...]]
"""Reads all images of a folder with their instances."""


@dataclass(frozen=True)
class InstanceSentence:
    """A sentence and what it means.

    Attributes:
        construction: what the sentence is made of.
        text: English.
        answer: instances that are meant, ascending from 0; none where there is no target.
    """

    construction: str
    text: str
    answer: tuple[int, ...]


def read_sentences(dataset: str) -> dict[str, tuple[InstanceSentence, ...]]:
    """Name of an image file -> sentences about it."""
    return {
        image: tuple(
            InstanceSentence(each["construction"], each["sentence"], tuple(each["answer"]))
            for each in entries
        )
        for image, entries in read_yaml(SENTENCES / f"{dataset}.yaml").items()
    }


def sentence_set(
    dataset: str,
    folder: Path,
    split: str,
    read_images: ReadImages,
    *,
    annotations: tuple[str, ...],
) -> ReferDataset:
    """The own sentences about a data set, called ``image#number``.

    Args:
        dataset: its name in the registry.
        folder: where its images and annotations lie.
        split: ``all``.
        read_images: called once, when the first mask is asked for.
        annotations: files that it reads.

    Raises:
        InputError: the split is unknown or a file is missing.
    """
    layout = Layout(dataset, folder)
    layout.check_split(split)
    sentences = read_sentences(dataset)
    layout.require(*annotations, *sentences)
    samples = arranged(_samples(folder, sentences, read_images), folder, split)
    has_none = any(not each.answer for entries in sentences.values() for each in entries)
    return ReferDataset(f"{dataset}/{split}", samples, no_target=has_none)


def _samples(
    folder: Path, sentences: Mapping[str, tuple[InstanceSentence, ...]], read_images: ReadImages
) -> Iterator[ReferSample]:
    for image, entries in sentences.items():
        for number, entry in enumerate(entries):
            yield ReferSample(
                f"{image}#{number}",
                image,
                entry.text,
                partial(read_picture, folder / image),
                partial(_true_mask, read_images, folder / image, entry.answer),
                partial(_true_classes, read_images, folder / image),
            )


def _true_mask(read_images: ReadImages, path: Path, answer: tuple[int, ...]) -> BoolArray:
    image = _annotated_image(read_images, path)
    count = len(image.instances)
    if max(answer, default=-1) >= count:
        raise InputError(f"{path}: {count} instances are annotated; copy the annotations again")
    mask = np.zeros(image.instances.shape, bool)
    for index in answer:
        mask |= image.instances.mask(index)
    return mask


def _true_classes(read_images: ReadImages, path: Path) -> ClassMap:
    image = _annotated_image(read_images, path)
    names = tuple(dict.fromkeys(image.names))
    classes = np.array([names.index(name) for name in image.names], np.int64)
    nothing = np.full(image.instances.shape, -1, np.int16)
    return ClassMap(names, paint_masks(classes, image.instances, nothing))


def _annotated_image(read_images: ReadImages, path: Path) -> AnnotatedImage:
    image = _annotated(read_images, path.parent).get(path.name)
    if image is None:
        raise InputError(f"{path}: 0 instances are annotated; copy the annotations again")
    return image


@lru_cache(maxsize=1)
def _annotated(read_images: ReadImages, folder: Path) -> Mapping[str, AnnotatedImage]:
    """All images of a folder by name; sentence after sentence asks for them."""
    return {image.path.name: image for image in read_images(folder)}
