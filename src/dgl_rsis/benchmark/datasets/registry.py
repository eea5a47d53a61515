"""The data sets that evaluations know by name, with what a user must know to get them.

Readers are functions ``(folder, split)``; their modules are imported when they are asked for.
Terms of use are as best known: the page of a set decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, TypeAlias

from dgl_rsis.benchmark.datasets.samples import MapDataset, ReferDataset
from dgl_rsis.errors import InputError

Kind = Literal["map", "refer"]
Reader: TypeAlias = Callable[[Path, str], MapDataset | ReferDataset]


@dataclass(frozen=True)
class DatasetEntry:
    """What is known of a data set without its files.

    Attributes:
        kind: ``map`` for class maps (OVSS), ``refer`` for sentences (RES).
        module: full name of the module with its reader.
        reader: name of the function in it.
        title: what it shows, in a few words.
        splits: those that can be asked for, the usual one of evaluations first; empty where the
            reader decides.
        tree: folders and files below FOLDER, in one line.
        licence: in a few words.
        page: address of its home page; empty for the user's own.
    """

    kind: Kind
    module: str
    reader: str
    title: str
    splits: tuple[str, ...]
    tree: str
    licence: str
    page: str

    def load(self) -> Reader:
        """The reader of the set."""
        reader: Reader = getattr(import_module(self.module), self.reader)
        return reader


def find_entry(name: str) -> DatasetEntry:
    """The entry of a set.

    Raises:
        InputError: there is none of that name.
    """
    if name not in DATASETS:
        raise InputError(f"no data set {name!r}; choose one of {', '.join(DATASETS)}")
    return DATASETS[name]


def read_dataset(name: str, folder: Path, split: str | None = None) -> MapDataset | ReferDataset:
    """A data set by its name.

    Args:
        name: key of ``DATASETS``.
        folder: where its files are.
        split: None for the usual one.

    Raises:
        InputError: there is no such set or split, or the folder does not hold it; the line says
            what is missing and what was expected.
    """
    entry = find_entry(name)
    return entry.load()(folder, entry.splits[0] if split is None else split)


_ISAID_TREE = (
    "FOLDER/{img_dir,ann_dir}/SPLIT/ID_Y0_Y1_X0_X1{,_instance_color_RGB}.png (patches), or "
    "FOLDER/SPLIT/images/**/ID.png with FOLDER/SPLIT/Semantic_masks/**/"
    "ID_instance_color_RGB.png (whole images)"
)
_ISAID_TERMS = "academic use only (images of Google Earth, GF-2 and JL-1)"
_MASSACHUSETTS_TREE = (
    "FOLDER/SPLIT/{sat,map}/ID.{tiff,tif,png}, or FOLDER/{SPLIT,SPLIT_labels}/ID.{tiff,tif,png}"
)
_UNKNOWN_TERMS = "see its page"

DATASETS: dict[str, DatasetEntry] = {
    "isaid": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.isaid",
        reader="read_isaid",
        title="15 kinds of objects and background, patches of 896 px",
        splits=("val", "train"),
        tree=_ISAID_TREE,
        licence=_ISAID_TERMS,
        page="https://captain-whu.github.io/iSAID/",
    ),
    "isaid-foreground": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.isaid",
        reader="read_isaid_foreground",
        title="iSAID without its background: only pixels of objects count",
        splits=("val", "train"),
        tree=_ISAID_TREE,
        licence=_ISAID_TERMS,
        page="https://captain-whu.github.io/iSAID/",
    ),
    "loveda": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.loveda",
        reader="read_loveda",
        title="7 kinds of land cover in towns and countryside, 0.3 m",
        splits=("val", "train"),
        tree=(
            "FOLDER/{img_dir,ann_dir}/{val,train}/ID.png, or "
            "FOLDER/{Val,Train}/{Urban,Rural}/{images_png,masks_png}/ID.png"
        ),
        licence="CC BY-NC-SA 4.0",
        page="https://github.com/Junjue-Wang/LoveDA",
    ),
    "potsdam": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.isprs",
        reader="read_potsdam",
        title="6 kinds of urban land cover, RGB, 0.05 m, clips of 512 px",
        splits=("val", "train"),
        tree=(
            "FOLDER/{img_dir,ann_dir}/{val,train}/R_C_X0_Y0_X1_Y1.png (clips), or "
            "FOLDER/2_Ortho_RGB/top_potsdam_R_C_RGB.tif with "
            "FOLDER/5_Labels_all_noBoundary/top_potsdam_R_C_label_noBoundary.tif (whole images)"
        ),
        licence="research use (ISPRS)",
        page="https://www.isprs.org/education/benchmarks/UrbanSemLab/2d-sem-label-potsdam.aspx",
    ),
    "vaihingen": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.isprs",
        reader="read_vaihingen",
        title="6 kinds of urban land cover, near infrared, red and green, 0.09 m, clips of 512 px",
        splits=("val", "train"),
        tree=(
            "FOLDER/{img_dir,ann_dir}/{val,train}/areaN_X0_Y0_X1_Y1.png (clips), or "
            "FOLDER/top/top_mosaic_09cm_areaN.tif with "
            "FOLDER/**/top_mosaic_09cm_areaN_noBoundary.tif (whole images)"
        ),
        licence="research use (ISPRS)",
        page="https://www.isprs.org/education/benchmarks/UrbanSemLab/2d-sem-label-vaihingen.aspx",
    ),
    "openearthmap": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.openearthmap",
        reader="read_openearthmap",
        title="8 kinds of land cover and background all over the world, without xBD",
        splits=("val", "train"),
        tree=(
            "FOLDER/{val,train}.txt (a file name per line) and "
            "FOLDER/REGION/{images,labels}/REGION_N.tif, FOLDER being OpenEarthMap_wo_xBD"
        ),
        licence="labels CC BY-NC-SA 4.0, images by their sources",
        page="https://open-earth-map.org",
    ),
    "uavid": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.drones",
        reader="read_uavid",
        title="7 classes of streets in slanted drone images, patches of 1280 x 1080 px",
        splits=("test", "val", "train"),
        tree="FOLDER/uavid_SPLIT/seqN/{Images,Labels}/ID.png",
        licence="CC BY-NC-SA 4.0",
        page="https://uavid.nl",
    ),
    "udd5": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.drones",
        reader="read_udd5",
        title="5 classes of campus and town in drone images",
        splits=("val", "train"),
        tree="FOLDER/{val,train}/{src/ID.JPG,gt/ID.png}",
        licence=_UNKNOWN_TERMS,
        page="https://github.com/MarcWong/UDD",
    ),
    "vdd": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.drones",
        reader="read_vdd",
        title="7 classes of towns, villages and nature in drone images",
        splits=("test", "val", "train"),
        tree="FOLDER/SPLIT/{src/ID.JPG,gt/ID.png}",
        licence=_UNKNOWN_TERMS,
        page="https://github.com/RussRobin/VDD",
    ),
    "dlrsd": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.dlrsd",
        reader="read_dlrsd",
        title="17 classes in the 2,100 images of UC Merced, 0.3 m",
        splits=("all",),
        tree="FOLDER/{Images/SCENE/ID.tif,Labels/SCENE/ID.png}",
        licence="research use",
        page="https://sites.google.com/view/zhouwx/dataset",
    ),
    "dubai": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.dubai",
        reader="read_dubai",
        title="5 kinds of land cover in six tiles; the first five trained rs-tiny",
        splits=("tile6", "tile1", "tile2", "tile3", "tile4", "tile5", "all"),
        tree="FOLDER/{images/tileN_image_part_NNN.jpg,labels/tileN_image_part_NNN.png}",
        licence="CC0",
        page="https://humansintheloop.org/resources/datasets/semantic-segmentation-dataset-2/",
    ),
    "whu": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.binary",
        reader="read_whu",
        title="buildings, aerial (0.3 m) or satellite II (0.45 m), 512 px",
        splits=("test", "val", "train"),
        tree="FOLDER/SPLIT/{image,label}/ID.{tif,png}",
        licence=_UNKNOWN_TERMS,
        page="http://gpcv.whu.edu.cn/data/building_dataset.html",
    ),
    "inria": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.binary",
        reader="read_inria",
        title="buildings of five cities, 0.3 m, patches of 1000 px",
        splits=("val", "train", "all"),
        tree="FOLDER/train/{images,gt}/CITYN.tif, FOLDER being AerialImageDataset",
        licence=_UNKNOWN_TERMS,
        page="https://project.inria.fr/aerialimagelabeling/",
    ),
    "massachusetts-buildings": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.binary",
        reader="read_massachusetts_buildings",
        title="buildings around Boston, 1 m, 1500 px",
        splits=("test", "val", "valid", "train"),
        tree=_MASSACHUSETTS_TREE,
        licence=_UNKNOWN_TERMS,
        page="https://www.cs.toronto.edu/~vmnih/data/",
    ),
    "massachusetts-roads": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.binary",
        reader="read_massachusetts_roads",
        title="roads of Massachusetts, 1 m, 1500 px",
        splits=("test", "val", "valid", "train"),
        tree=_MASSACHUSETTS_TREE,
        licence=_UNKNOWN_TERMS,
        page="https://www.cs.toronto.edu/~vmnih/data/",
    ),
    "folder": DatasetEntry(
        kind="map",
        module="dgl_rsis.benchmark.datasets.own_maps",
        reader="read_own_folder",
        title="your own images with masks of class numbers",
        splits=("all",),
        tree=(
            "FOLDER/images/NAME.{png,jpg,tif}, FOLDER/masks/NAME.{png,tif} (grey values are "
            "classes) and FOLDER/classes.{txt,csv,json}; for a split FOLDER/{images,masks}/SPLIT"
        ),
        licence="yours",
        page="",
    ),
}
"""By the name on the command line."""
