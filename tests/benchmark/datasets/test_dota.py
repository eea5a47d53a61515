"""Reading oriented boxes of a tiny data set that is written here."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dgl_rsis.benchmark.datasets.dota import read_boxes, read_dota
from dgl_rsis.errors import InputError

LABELS = """imagesource:GoogleEarth
gsd:0.25
1 1 5 1 5 3 1 3 small-vehicle 0
6 0 10 4 6 8 2 4 harbor 1

7 5 14 5 14 7 7 7 ship 0
"""


def write(folder: Path, labels: str = LABELS) -> None:
    Image.new("RGB", (12, 8)).save(folder / "P1.png")
    (folder / "P1.txt").write_text(labels)


def test_boxes_are_filled_as_they_are_turned(tmp_path: Path) -> None:
    write(tmp_path)
    (image,) = read_dota(tmp_path)
    assert image.path == tmp_path / "P1.png"
    assert image.names == ("small-vehicle", "harbor", "ship")
    assert image.instances.shape == (8, 12)
    assert image.instances.boxes[0].tolist() == [1, 1, 5, 3]
    assert image.instances.areas.tolist()[0] == 8
    # A square on its corner with a diagonal of 8 pixels holds half of its box.
    assert image.instances.areas.tolist()[1] == pytest.approx(32, abs=4)
    np.testing.assert_allclose(image.instances.centroids[1], (6, 4), atol=0.5)


def test_what_reaches_beyond_the_image_is_cut(tmp_path: Path) -> None:
    write(tmp_path)
    (image,) = read_dota(tmp_path)
    assert image.instances.boxes[2].tolist() == [7, 5, 12, 7]


def test_images_come_by_name_and_may_be_empty(tmp_path: Path) -> None:
    write(tmp_path)
    Image.new("RGB", (4, 4)).save(tmp_path / "P0.jpg")
    (tmp_path / "P0.txt").write_text("imagesource:GoogleEarth\ngsd:null\n")
    images = read_dota(tmp_path)
    assert [image.path.name for image in images] == ["P0.jpg", "P1.png"]
    assert len(images[0].instances) == 0


@pytest.mark.parametrize("line", ["1 1 5 1 5 3 1 3", "1 1 5 1 5 3 1 ship 0", "ship"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, LABELS + line)
    with pytest.raises(InputError, match=rf"P1\.txt:7: '{line}' is no oriented box"):
        read_boxes(tmp_path / "P1.txt")


def test_labels_without_an_image(tmp_path: Path) -> None:
    (tmp_path / "P1.txt").write_text(LABELS)
    with pytest.raises(InputError, match=r"P1\.txt: no image of that name"):
        read_dota(tmp_path)


def test_a_folder_without_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no text files"):
        read_dota(tmp_path)
