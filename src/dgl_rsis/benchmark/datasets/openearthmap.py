"""OpenEarthMap (Xia et al. 2023) without the images of xBD; lists say which images a split has."""

from __future__ import annotations

from pathlib import Path

from dgl_rsis.benchmark.datasets.labels import Coding, consecutive
from dgl_rsis.benchmark.datasets.layout import Layout
from dgl_rsis.benchmark.datasets.map_samples import whole_samples
from dgl_rsis.benchmark.datasets.samples import MapDataset

# In the order of the labels: class, what is asked for, colour of the legend.
CLASSES = (
    ("background", "background", (0, 0, 0)),
    ("bareland", "bare ground", (128, 0, 0)),
    ("grass", "grass", (0, 255, 36)),
    ("pavement", "pavement", (148, 148, 148)),
    ("road", "road", (255, 255, 255)),
    ("tree", "tree", (34, 97, 38)),
    ("water", "water", (0, 69, 255)),
    ("cropland", "cropland", (75, 181, 73)),
    ("building", "building", (222, 31, 7)),
)
CODING = Coding(
    values=consecutive(len(CLASSES)),
    colours={colour: index for index, (_, _, colour) in enumerate(CLASSES)},
)


def read_openearthmap(folder: Path, split: str) -> MapDataset:
    """The images that ``val.txt`` or ``train.txt`` lists; value 0, background, is evaluated.

    Args:
        folder: ``OpenEarthMap_wo_xBD``, with a folder of ``images`` and ``labels`` for each
            region (general knowledge).
        split: ``val`` or ``train``.

    Raises:
        InputError: the list is missing, or a file that it names.
    """
    layout = Layout("openearthmap", folder)
    layout.check_split(split)
    file = folder / f"{split}.txt"
    if not file.is_file():
        raise layout.error(f"{file.name} is missing")
    names = sorted(
        Path(line.strip()).stem
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
    if not names:
        raise layout.error(f"{file.name} lists no image")
    paths = {
        kind: {name: folder / name.rpartition("_")[0] / kind / f"{name}.tif" for name in names}
        for kind in ("images", "labels")
    }
    absent = [path for kind in paths.values() for path in kind.values() if not path.is_file()]
    if absent:
        raise layout.error(
            f"{len(absent)} of {2 * len(names)} files of {file.name} are missing, e.g. "
            f"{absent[0]} (take lines of images that you cannot have out of the list)"
        )
    samples = whole_samples(layout.pairs(paths["images"], paths["labels"]), CODING)
    classes, words, _ = zip(*CLASSES, strict=True)
    return MapDataset(f"openearthmap/{split}", classes, words, 0, samples)
