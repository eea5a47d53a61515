"""The patches of iSAID, cut already or cut here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import make_isaid, make_isaid_patches, picture, save

from dgl_rsis.benchmark.datasets.isaid import (
    CODING,
    isaid_patches,
    read_isaid,
    read_isaid_foreground,
)
from dgl_rsis.errors import InputError

# Of 1000 x 1300 pixels: rows from 0 and 104, columns from 0 and 404, in the order of the names.
NAMES = [
    "P0003_0_896_0_896",
    "P0003_0_896_404_1300",
    "P0003_104_1000_0_896",
    "P0003_104_1000_404_1300",
]


def test_offsets_and_counts_of_patches() -> None:
    assert [patch.x0 for patch in isaid_patches(896, 2000)] == [0, 512, 1024, 1104]
    assert len(isaid_patches(4000, 4000)) == 8 * 8
    assert len(isaid_patches(1000, 1300)) == 2 * 2


def test_whole_images_are_cut_with_the_names_of_the_converter(tmp_path: Path) -> None:
    make_isaid(tmp_path, (1000, 1300))
    dataset = read_isaid(tmp_path, "val")
    assert [sample.name for sample in dataset.samples] == NAMES
    image = picture(1000, 1300)
    for sample in dataset.samples:
        y0, y1, x0, x1 = (int(part) for part in sample.name.split("_")[1:])
        np.testing.assert_array_equal(sample.read_image(), image[y0:y1, x0:x1])
    first, *_, last = (sample.read_labels() for sample in dataset.samples)
    assert np.bincount(first.ravel(), minlength=16).tolist() == [896 * 896 - 1200, 1200] + [0] * 14
    assert (last[-20:, -10:] == 15).all()
    assert (last == 15).sum() == 200


def test_small_images_are_padded(tmp_path: Path) -> None:
    make_isaid(tmp_path, (100, 1300))
    samples = read_isaid(tmp_path, "val").samples
    assert [sample.name for sample in samples] == ["P0003_0_896_0_896", "P0003_0_896_404_1300"]
    image, labels = samples[1].read_image(), samples[1].read_labels()
    assert image.shape == (896, 896, 3)
    assert not image[100:].any()
    assert (labels[100:] == -1).all()
    assert (labels[:100] >= 0).all()


def test_cut_patches_are_read_as_they_are(tmp_path: Path) -> None:
    make_isaid_patches(tmp_path)
    dataset = read_isaid(tmp_path, "val")
    assert [sample.name for sample in dataset.samples] == NAMES[:2]
    assert dataset.samples[0].read_labels()[0].tolist() == [0] * 3 + [15] * 3 + [-1] * 3
    np.testing.assert_array_equal(dataset.samples[1].read_image(), picture(6, 9))


def test_both_ways_give_the_same(tmp_path: Path) -> None:
    colours = make_isaid(tmp_path / "whole", (1000, 1300))
    values = np.zeros(colours.shape[:2], np.uint8)
    for colour, value in CODING.colours.items():
        values[(colours == colour).all(2)] = value
    image = picture(*values.shape)
    for name in NAMES:
        y0, y1, x0, x1 = (int(part) for part in name.split("_")[1:])
        converted = tmp_path / "converted"
        save(converted / "img_dir" / "val" / f"{name}.png", image[y0:y1, x0:x1])
        path = converted / "ann_dir" / "val" / f"{name}_instance_color_RGB.png"
        save(path, values[y0:y1, x0:x1])
    pairs = zip(
        read_isaid(tmp_path / "whole", "val").samples,
        read_isaid(tmp_path / "converted", "val").samples,
        strict=True,
    )
    for whole, patch in pairs:
        assert whole.name == patch.name
        assert whole.image == patch.image == "P0003"
        np.testing.assert_array_equal(whole.read_image(), patch.read_image())
        np.testing.assert_array_equal(whole.read_labels(), patch.read_labels())


def test_the_colours_of_the_classes() -> None:
    dataset_colours = list(CODING.colours)
    assert dataset_colours[2] == (0, 63, 63)  # storage tank
    assert dataset_colours[9] == (0, 0, 127)  # small vehicle
    assert dataset_colours[15] == (0, 100, 155)  # harbor
    assert len(dataset_colours) == 16


def test_without_background(tmp_path: Path) -> None:
    make_isaid(tmp_path)
    whole = read_isaid(tmp_path, "val")
    assert (whole.classes[0], whole.background) == ("background", 0)
    assert whole.words[13] == "soccer field"
    dataset = read_isaid_foreground(tmp_path, "val")
    assert dataset.name == "isaid-foreground/val"
    assert dataset.classes == whole.classes[1:]
    assert dataset.words == whole.words[1:]
    assert dataset.background is None
    labels = dataset.samples[0].read_labels()
    assert labels.dtype == np.int16
    assert (labels[:30, :40] == 0).all()
    assert (labels[40:60, 80:90] == 14).all()
    assert (labels >= 0).sum() == 1200 + 200


def test_a_foreign_colour_is_named(tmp_path: Path) -> None:
    make_isaid(tmp_path)
    mask = tmp_path / "val" / "Semantic_masks" / "images" / "P0003_instance_color_RGB.png"
    save(mask, np.full((60, 90, 3), 7, np.uint8))
    samples = read_isaid(tmp_path, "val").samples
    with pytest.raises(InputError, match=r"P0003_instance_color_RGB\.png: colour \(7, 7, 7\)"):
        samples[0].read_labels()


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    make_isaid(tmp_path)
    save(tmp_path / "val" / "images" / "images" / "P0003.png", picture(60, 89))
    with pytest.raises(InputError, match=r"has 90 x 60 pixels, its image .* 89 x 60"):
        read_isaid(tmp_path, "val").samples[0].read_labels()


def test_an_image_without_a_mask(tmp_path: Path) -> None:
    make_isaid(tmp_path)
    save(tmp_path / "val" / "images" / "part2" / "P0004.png", picture(4, 4))
    with pytest.raises(InputError, match=r"1 of 2 files lack their labels, e\.g\. .*P0004\.png"):
        read_isaid(tmp_path, "val")
