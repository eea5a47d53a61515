"""LoveDA, OpenEarthMap, DLRSD and Dubai: values, lists and splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmark.datasets.make_sets import (
    make_dlrsd,
    make_dubai,
    make_loveda,
    make_loveda_converted,
    make_openearthmap,
    save,
    values,
)

from dgl_rsis.benchmark.datasets.dlrsd import read_dlrsd
from dgl_rsis.benchmark.datasets.dubai import read_dubai
from dgl_rsis.benchmark.datasets.loveda import read_loveda
from dgl_rsis.benchmark.datasets.openearthmap import read_openearthmap
from dgl_rsis.errors import InputError


def test_loveda_of_town_and_countryside(tmp_path: Path) -> None:
    make_loveda(tmp_path)
    dataset = read_loveda(tmp_path, "val")
    assert dataset.classes[6] == "agriculture"
    assert dataset.background == 0
    assert [sample.name for sample in dataset.samples] == ["2522", "3514"]
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == [-1, 0, 1, 2, 3, 4, 5, 6]


def test_loveda_converted(tmp_path: Path) -> None:
    make_loveda_converted(tmp_path)
    (sample,) = read_loveda(tmp_path, "val").samples
    assert sample.name == "2522"
    assert sample.read_labels()[0, ::3].tolist() == [-1, 0, 1, 2, 3, 4, 5, 6]


def test_openearthmap_goes_by_its_list(tmp_path: Path) -> None:
    make_openearthmap(tmp_path)
    save(tmp_path / "tokyo" / "images" / "tokyo_99.tif", values(3, 3, [0]))  # not in the list
    dataset = read_openearthmap(tmp_path, "val")
    names = [sample.name for sample in dataset.samples]
    assert names == ["aachen_1", "santiago_de_chile_3", "tokyo_12"]
    assert dataset.samples[1].read_labels()[0, ::3].tolist() == list(range(9))
    assert dataset.background == 0  # and it is evaluated


def test_openearthmap_names_what_its_list_lacks(tmp_path: Path) -> None:
    make_openearthmap(tmp_path)
    (tmp_path / "aachen" / "labels" / "aachen_1.tif").unlink()
    with pytest.raises(InputError, match=r"1 of 6 files of val\.txt are missing, e\.g\. .*aachen"):
        read_openearthmap(tmp_path, "val")
    (tmp_path / "val.txt").write_text("\n")
    with pytest.raises(InputError, match=r"val\.txt lists no image"):
        read_openearthmap(tmp_path, "val")
    (tmp_path / "val.txt").unlink()
    with pytest.raises(InputError, match=r"val\.txt is missing; openearthmap is"):
        read_openearthmap(tmp_path, "val")


def test_dlrsd_counts_from_one_in_palettes(tmp_path: Path) -> None:
    make_dlrsd(tmp_path)
    dataset = read_dlrsd(tmp_path, "all")
    assert [sample.name for sample in dataset.samples] == ["agricultural00", "runway00"]
    assert dataset.samples[1].read_labels()[0, ::3].tolist() == list(range(17))
    assert dataset.background is None
    assert dataset.words[14] == "storage tank"


def test_tiles_of_dubai(tmp_path: Path) -> None:
    make_dubai(tmp_path)
    dataset = read_dubai(tmp_path, "tile6")
    assert [s.name for s in dataset.samples] == ["tile6_image_part_001", "tile6_image_part_002"]
    assert dataset.samples[0].read_labels()[0, ::3].tolist() == [-1, 0, 1, 2, 3, 4, -1]
    assert dataset.words == ("water", "sand", "road", "building", "vegetation")
    (sample,) = read_dubai(tmp_path, "tile1").samples
    assert sample.name == "tile1_image_part_001"
    assert len(read_dubai(tmp_path, "all").samples) == 3
    with pytest.raises(InputError, match="images holds no file of this set"):
        read_dubai(tmp_path, "tile2")
