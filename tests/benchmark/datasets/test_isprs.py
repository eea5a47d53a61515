"""The clips of Potsdam and Vaihingen, cut already or cut here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets.make_sets import (
    ISPRS_COLOURS,
    POTSDAM_VAL,
    VAIHINGEN_VAL,
    coloured,
    make_potsdam,
    make_potsdam_clips,
    make_vaihingen,
    picture,
    save,
    values,
)

from dgl_rsis.benchmark.datasets.isprs import clips, read_potsdam, read_vaihingen
from dgl_rsis.errors import InputError

REDUCED = [-1, 0, 1, 2, 3, 4, 5]  # of 0..6


def test_counts_of_clips() -> None:
    assert len(clips(6000, 6000)) == 144
    assert 14 * len(clips(6000, 6000)) == 2016
    assert len(clips(2569, 1919)) == 6 * 4
    assert clips(6000, 6000)[11].x0 == 6000 - 512


def test_clips_of_potsdam(tmp_path: Path) -> None:
    make_potsdam(tmp_path)
    shape = (600, 1030)
    save(tmp_path / "2_Ortho_RGB" / "top_potsdam_2_13_RGB.tif", picture(*shape))
    labels = coloured(values(*shape, list(range(7))), ISPRS_COLOURS)
    path = tmp_path / "5_Labels_all_noBoundary" / "top_potsdam_2_13_label_noBoundary.tif"
    save(path, labels)
    dataset = read_potsdam(tmp_path, "val")
    assert dataset.name == "potsdam/val"
    found = {sample.name: sample for sample in dataset.samples}
    assert [name for name in found if name.startswith("2_13_")] == [
        "2_13_0_0_512_512",
        "2_13_0_88_512_600",
        "2_13_512_0_1024_512",
        "2_13_512_88_1024_600",
        "2_13_518_0_1030_512",
        "2_13_518_88_1030_600",
    ]
    sample = found["2_13_518_88_1030_600"]
    np.testing.assert_array_equal(sample.read_image(), picture(*shape)[88:600, 518:1030])
    truth = values(*shape, list(range(7)))[88:600, 518:1030].astype(int) - 1
    np.testing.assert_array_equal(sample.read_labels(), truth)


def test_splits_of_potsdam(tmp_path: Path) -> None:
    make_potsdam(tmp_path)
    images = {"_".join(s.name.split("_")[:2]) for s in read_potsdam(tmp_path, "val").samples}
    assert images == set(POTSDAM_VAL)
    (sample,) = read_potsdam(tmp_path, "train").samples
    assert sample.name == "2_10_0_0_512_512"
    labels = sample.read_labels()
    assert labels[0, :21:3].tolist() == REDUCED
    assert (labels[7:] == -1).all()  # beyond the image


def test_a_missing_tile_of_val_is_named(tmp_path: Path) -> None:
    make_potsdam(tmp_path)
    (tmp_path / "2_Ortho_RGB" / "top_potsdam_5_14_RGB.tif").unlink()
    with pytest.raises(InputError, match="images of val are missing: 5_14; potsdam is FOLDER"):
        read_potsdam(tmp_path, "val")


def test_a_split_without_images(tmp_path: Path) -> None:
    make_potsdam(tmp_path)
    (tmp_path / "2_Ortho_RGB" / "top_potsdam_2_10_RGB.tif").unlink()
    (tmp_path / "5_Labels_all_noBoundary" / "top_potsdam_2_10_label_noBoundary.tif").unlink()
    with pytest.raises(InputError, match="there is no image of train"):
        read_potsdam(tmp_path, "train")


def test_converted_clips(tmp_path: Path) -> None:
    make_potsdam_clips(tmp_path)
    (sample,) = read_potsdam(tmp_path, "val").samples
    assert sample.name == "2_13_0_0_512_512"
    assert sample.image == "2_13"
    assert sample.read_labels()[0, ::3].tolist() == REDUCED


def test_areas_of_vaihingen(tmp_path: Path) -> None:
    make_vaihingen(tmp_path)
    dataset = read_vaihingen(tmp_path, "val")
    assert dataset.name == "vaihingen/val"
    assert {s.name for s in dataset.samples} == {f"area{n}_0_0_512_512" for n in VAIHINGEN_VAL}
    assert dataset.samples[0].read_labels()[0, :21:3].tolist() == REDUCED
    (sample,) = read_vaihingen(tmp_path, "train").samples
    assert sample.name == "area1_0_0_512_512"


def test_clutter_is_everything_else_and_stray_colours_are_not_counted(tmp_path: Path) -> None:
    make_potsdam(tmp_path)
    strange = np.full((7, 21, 3), (252, 255, 0), np.uint8)
    path = tmp_path / "5_Labels_all_noBoundary" / "top_potsdam_2_10_label_noBoundary.tif"
    save(path, strange)
    dataset = read_potsdam(tmp_path, "train")
    assert dataset.classes[dataset.background or 0] == "clutter"
    assert (dataset.samples[0].read_labels() == -1).all()
