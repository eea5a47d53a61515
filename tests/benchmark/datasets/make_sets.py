"""Tiny copies of data sets in the layouts in which they are distributed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]
Colour = tuple[int, int, int]

ISPRS_COLOURS: dict[int, Colour] = {
    0: (0, 0, 0), 1: (255, 255, 255), 2: (0, 0, 255), 3: (0, 255, 255), 4: (0, 255, 0),
    5: (255, 255, 0), 6: (255, 0, 0),
}  # fmt: skip
"""By the value of converted labels."""
POTSDAM_VAL = [
    "2_13", "2_14", "3_13", "3_14", "4_13", "4_14", "4_15",
    "5_13", "5_14", "5_15", "6_13", "6_14", "6_15", "7_13",
]  # fmt: skip
VAIHINGEN_VAL = [2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 27, 29, 31, 33, 35, 38]


def save(path: Path, pixels: Pixels, mode: str | None = None) -> None:
    """Write an image, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)


def picture(height: int, width: int, seed: int = 0) -> Pixels:
    """A picture in which every row and column differs."""
    rows, columns = np.mgrid[:height, :width]
    bands = (rows % 251, columns % 241, (rows // 251 + columns // 241 + seed) % 256)
    return np.stack(bands, axis=2).astype(np.uint8)


def values(height: int, width: int, choices: list[int]) -> NDArray[np.uint8]:
    """Label values in stripes of three columns, each choice in its turn."""
    stripes = np.asarray(choices, np.uint8)[np.arange(width) // 3 % len(choices)]
    return np.tile(stripes, (height, 1))


def coloured(labels: NDArray[np.uint8], colours: Mapping[int, Colour]) -> Pixels:
    """Labels painted in the colours of their values."""
    painted = np.zeros((*labels.shape, 3), np.uint8)
    for value, colour in colours.items():
        painted[labels == value] = colour
    return painted


def make_isaid(folder: Path, shape: tuple[int, int] = (60, 90), split: str = "val") -> Pixels:
    """One whole image with a ship in its first 40 x 30 pixels and a harbor at its lower right."""
    colours = np.zeros((*shape, 3), np.uint8)
    colours[:30, :40] = (0, 0, 63)
    colours[-20:, -10:] = (0, 100, 155)
    save(folder / split / "images" / "images" / "P0003.png", picture(*shape))
    mask = folder / split / "Semantic_masks" / "images" / "P0003_instance_color_RGB.png"
    save(mask, colours)
    return colours


def make_isaid_patches(folder: Path, split: str = "val") -> None:
    for name in ("P0003_0_896_404_1300", "P0003_0_896_0_896"):
        save(folder / "img_dir" / split / f"{name}.png", picture(6, 9))
        labels = values(6, 9, [0, 15, 255])
        save(folder / "ann_dir" / split / f"{name}_instance_color_RGB.png", labels)


def make_loveda(folder: Path) -> None:
    for part, number in (("Urban", 3514), ("Rural", 2522)):
        save(folder / "Val" / part / "images_png" / f"{number}.png", picture(6, 24))
        labels = values(6, 24, [0, 1, 2, 3, 4, 5, 6, 7])
        save(folder / "Val" / part / "masks_png" / f"{number}.png", labels)


def make_loveda_converted(folder: Path) -> None:
    save(folder / "img_dir" / "val" / "2522.png", picture(6, 24))
    save(folder / "ann_dir" / "val" / "2522.png", values(6, 24, [0, 1, 2, 3, 4, 5, 6, 7]))


def make_potsdam(folder: Path, shape: tuple[int, int] = (7, 21)) -> None:
    for tile in [*POTSDAM_VAL, "2_10"]:
        save(folder / "2_Ortho_RGB" / f"top_potsdam_{tile}_RGB.tif", picture(*shape))
        labels = coloured(values(*shape, [0, 1, 2, 3, 4, 5, 6]), ISPRS_COLOURS)
        place = folder / "5_Labels_all_noBoundary"
        save(place / f"top_potsdam_{tile}_label_noBoundary.tif", labels)


def make_potsdam_clips(folder: Path) -> None:
    save(folder / "img_dir" / "val" / "2_13_0_0_512_512.png", picture(7, 21))
    save(folder / "ann_dir" / "val" / "2_13_0_0_512_512.png", values(7, 21, list(range(7))))


def make_vaihingen(folder: Path, shape: tuple[int, int] = (7, 21)) -> None:
    for area in [*VAIHINGEN_VAL, 1]:
        save(folder / "top" / f"top_mosaic_09cm_area{area}.tif", picture(*shape))
        labels = coloured(values(*shape, [0, 1, 2, 3, 4, 5, 6]), ISPRS_COLOURS)
        place = folder / "ground_truth_eroded_COMPLETE"
        save(place / f"top_mosaic_09cm_area{area}_noBoundary.tif", labels)


def make_openearthmap(folder: Path) -> None:
    names = ["tokyo_12", "aachen_1", "santiago_de_chile_3"]
    for name in names:
        region = folder / name.rpartition("_")[0]
        save(region / "images" / f"{name}.tif", picture(6, 27))
        save(region / "labels" / f"{name}.tif", values(6, 27, list(range(9))))
    (folder / "val.txt").write_text("".join(f"{name}.tif\n" for name in names))


def make_uavid(folder: Path) -> None:
    colours = {
        0: (0, 0, 0), 1: (128, 0, 0), 2: (128, 64, 128), 3: (192, 0, 192), 4: (0, 128, 0),
        5: (128, 128, 0), 6: (64, 64, 0), 7: (64, 0, 128),
    }  # fmt: skip
    for sequence in ("seq21", "seq22"):
        place = folder / "uavid_test" / sequence
        save(place / "Images" / "000000.png", picture(6, 24))
        save(place / "Labels" / "000000.png", coloured(values(6, 24, list(range(8))), colours))


def make_udd5(folder: Path) -> None:
    colours = {
        0: (107, 142, 35), 1: (102, 102, 156), 2: (128, 64, 128), 3: (0, 0, 142), 4: (0, 0, 0),
    }  # fmt: skip
    save(folder / "val" / "src" / "DJI_0285.JPG", picture(6, 15))
    save(folder / "val" / "gt" / "DJI_0285.png", coloured(values(6, 15, list(range(5))), colours))


def make_vdd(folder: Path) -> None:
    save(folder / "test" / "src" / "DJI_0001.JPG", picture(6, 21))
    save(folder / "test" / "gt" / "DJI_0001.png", values(6, 21, list(range(7))))


def make_dlrsd(folder: Path) -> None:
    for scene in ("agricultural", "runway"):
        save(folder / "Images" / scene / f"{scene}00.tif", picture(6, 51))
        labels = Image.fromarray(values(6, 51, list(range(1, 18))))
        labels.putpalette([channel for value in range(18) for channel in (value, 0, 255 - value)])
        path = folder / "Labels" / scene / f"{scene}00.png"
        path.parent.mkdir(parents=True)
        labels.save(path)


def make_dubai(folder: Path) -> None:
    for tile, part in ((6, 2), (6, 1), (1, 1)):
        name = f"tile{tile}_image_part_{part:03}"
        save(folder / "images" / f"{name}.jpg", picture(6, 21))
        save(folder / "labels" / f"{name}.png", values(6, 21, [0, 1, 2, 3, 4, 5, 255]))


def make_whu(folder: Path) -> None:
    save(folder / "test" / "image" / "1.tif", picture(6, 12))
    save(folder / "test" / "label" / "1.tif", values(6, 12, [0, 255]))


def make_inria(folder: Path) -> None:
    for name in ("austin1", "austin5", "austin6", "austin15", "tyrol-w2", "tyrol-w36"):
        save(folder / "train" / "images" / f"{name}.tif", picture(6, 12))
        save(folder / "train" / "gt" / f"{name}.tif", values(6, 12, [0, 255]))


def make_massachusetts_buildings(folder: Path) -> None:
    save(folder / "test" / "sat" / "22828930_15.tiff", picture(6, 12))
    red = coloured(values(6, 12, [0, 255]), {255: (255, 0, 0)})
    save(folder / "test" / "map" / "22828930_15.tif", red)


def make_massachusetts_roads(folder: Path) -> None:
    save(folder / "test" / "10378780_15.tiff", picture(6, 12))
    save(folder / "test_labels" / "10378780_15.tif", values(6, 12, [0, 255]))


def make_own_folder(folder: Path) -> None:
    save(folder / "images" / "site a.jpg", picture(6, 12))
    save(folder / "masks" / "site a.png", values(6, 12, [0, 1, 2, 255]))
    (folder / "classes.txt").write_text("background\nhangar\ntaxiway\n")


MAKERS: dict[str, Callable[[Path], object]] = {
    "isaid": make_isaid,
    "isaid-foreground": make_isaid,
    "loveda": make_loveda,
    "potsdam": make_potsdam,
    "vaihingen": make_vaihingen,
    "openearthmap": make_openearthmap,
    "uavid": make_uavid,
    "udd5": make_udd5,
    "vdd": make_vdd,
    "dlrsd": make_dlrsd,
    "dubai": make_dubai,
    "whu": make_whu,
    "inria": make_inria,
    "massachusetts-buildings": make_massachusetts_buildings,
    "massachusetts-roads": make_massachusetts_roads,
    "own-maps": make_own_folder,
}
"""The usual split of each set, by its name in the registry."""
