"""A map of a scene of any size: class names in, a GeoTIFF out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from dgl_rsis import __version__
from dgl_rsis.errors import DglRsisError, InputError, OutputError
from dgl_rsis.geo.windows import Box, TileGrid, make_grid
from dgl_rsis.geo.writer import (
    RASTER_SUFFIXES,
    Blocks,
    check_output,
    stored_dtype,
    write_class_blocks,
    write_float_blocks,
)
from dgl_rsis.models.base import ModelCard
from dgl_rsis.pipeline import CancelledError, Model, Progress, load
from dgl_rsis.scene.executors import Executor, InProcess, Processes
from dgl_rsis.scene.journal import Journal, journal_folder, open_journal, remove_journal
from dgl_rsis.scene.schedule import Schedule, TileTask
from dgl_rsis.scene.source import (
    SceneOptions,
    SceneSource,
    cache_limit,
    file_facts,
    placed,
    plan_source,
)
from dgl_rsis.scene.work import (
    ALIGNMENT,
    Cells,
    Painted,
    TileWorker,
    Work,
    WorkerMaker,
    cell_of,
    scene_factors,
)
from dgl_rsis.stages import local
from dgl_rsis.text.classes import read_classes
from dgl_rsis.types import MapFrame

TILE_SIZE = 1024
"""Least side of a tile in pixels, unless another one is asked for."""
TILE_READ = 640
"""Least side of what the model reads of a tile without its halo, likewise."""
CONTEXT = 160
"""Pixels of what the model reads at its finest factor that it sees around a tile: what rs-tiny says
of the blended cells does then not depend on where tiles end."""
THREADS = 2
"""Of a run with one worker: what one of them does beside the model costs no time."""


@dataclass(frozen=True)
class SceneMap:
    """What a run over a scene made.

    Attributes:
        path: the map, 0 for no data or no class, k + 1 for class k.
        scores: probabilities of the classes; None if they were not asked for.
        classes: names.
        pixels: how many of each class.
        valid: pixels that hold data.
        frame: where the map lies.
        source: how the scene was read.
        grid: tiles it was computed in.
        empty: tiles without data.
        failed: ``ROW_COLUMN`` of tiles that could not be computed -> why; they are no data.
        seconds: how long this run took.
        model_seconds: time in the model in this run, all workers together.
        computed: tasks that this run computed; fewer than twice the tiles where it was resumed.
        card: of the model.
        facts: what the run depended on.
    """

    path: Path
    scores: Path | None
    classes: tuple[str, ...]
    pixels: tuple[int, ...]
    valid: int
    frame: MapFrame | None
    source: SceneSource
    grid: TileGrid
    empty: int
    failed: Mapping[str, str]
    seconds: float
    model_seconds: float
    computed: int
    card: ModelCard
    facts: Mapping[str, Any]

    @property
    def shares(self) -> dict[str, float]:
        """Share of the valid pixels in each class."""
        total = max(1, self.valid)
        return {name: count / total for name, count in zip(self.classes, self.pixels, strict=True)}


def segment_scene(
    images: str | Path | Sequence[str | Path],
    classes: Sequence[str],
    output: str | Path,
    *,
    scores: str | Path | None = None,
    other: str | bool | None = None,
    model: str | Model = "rs-tiny",
    preset: str = "default",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    reading: SceneOptions = SceneOptions(),
    tile_size: int | None = None,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SceneMap:
    """Map a scene of any size, in memory that does not grow with it.

    What is finished is recorded in a folder beside the output, which is removed at the end: a run
    that was cut off goes on with ``resume`` and gives the same bytes. Every tile sees the same
    stretch, margins and fill colour, and with ``local.global_bias`` the same embedding of the
    whole scene, so that no border between tiles shows.

    Args:
        images: a raster, a folder of rasters, a text file with a path a line, or paths; several
            are one mosaic. Paths that GDAL resolves (``/vsi...``, ``https://...``) too.
        classes: names in any words.
        output: a .tif file.
        scores: a .tif file for the probability of the class; None for none.
        other: see ``Model.segment``.
        model: a name as for ``load``, or a model that is loaded already; with several workers one
            that was loaded by its name.
        preset: of the settings, where ``model`` is a name.
        settings: over the preset, where ``model`` is a name.
        reading: bands, stretch, no data, part and working resolution.
        tile_size: side of a tile in pixels, rounded up to what the model's cells need; None for
            1,024, and more where a model reads at a fraction of the size.
        workers: processes that compute, each with a model of its own.
        resume: go on with a run that was cut off.
        overwrite: replace outputs, and drop what a run that was cut off left.
        progress: ``(tiles done, tiles, message) -> go on?``.

    Raises:
        InputError: the images, the classes or an option cannot be used, or what is to be resumed
            depended on something else.
        OutputError: an output cannot be written, or another run writes it.
        CancelledError: the callback asked to stop; what is finished is kept.
    """
    began = time.perf_counter()
    if workers < 1:
        raise InputError(f"{workers} workers compute nothing; take 1 or more")
    if tile_size is not None and tile_size < 1:
        raise InputError(f"a tile of {tile_size} pixels is no tile; take e.g. {TILE_SIZE}")
    # an output is there too where a run was cut off between writing it and cleaning up
    replace = overwrite or (resume and journal_folder(Path(output)).exists())
    target = check_output(output, overwrite=replace, suffixes=RASTER_SUFFIXES)
    scores_target = None
    if scores is not None:
        scores_target = check_output(scores, overwrite=replace, suffixes=RASTER_SUFFIXES)
    if not isinstance(model, str) and model.name is None and workers > 1:
        raise InputError("workers load a model by its name; pass the name, or take one worker")
    _check_apart(images, target)
    source = plan_source(images, reading)
    before = file_facts(source.files)
    loaded = load(model, preset=preset, settings=settings) if isinstance(model, str) else model
    work = plan_work(
        source, loaded, classes, other=other, tile_size=tile_size, scores=scores is not None
    )
    facts = run_facts(work, loaded, before, reading)
    with ExitStack() as stack:
        stack.enter_context(cache_limit())
        journal = stack.enter_context(
            open_journal(target, facts, resume=resume, overwrite=overwrite)
        )
        schedule = Schedule(work, journal)
        executor: Executor[TileTask, Cells | Painted]
        if workers == 1:
            worker = TileWorker(work, loaded, THREADS)
            stack.callback(worker.close)
            executor = InProcess(worker, THREADS)
        else:
            assert loaded.name is not None  # checked above
            executor = Processes(WorkerMaker(work, loaded.name, loaded.settings), workers)
        _compute(schedule, executor, progress)
        if file_facts(source.files) != before:
            raise InputError(
                f"{source.label} changed while it was read, so nothing was written; start anew "
                "with --overwrite"
            )
        failed = {str(tile): reason for tile, reason in journal.failed().items()}
        if len(failed) == len(work.grid):
            raise InputError(f"no tile could be computed: {next(iter(failed.values()))}")
        pixels, valid, empty = _write(work, journal, target, scores_target)
        if not failed:
            remove_journal(target)
    return SceneMap(
        target,
        scores_target,
        work.chosen.names,
        pixels,
        valid,
        map_place(source),
        source,
        work.grid,
        empty,
        failed,
        time.perf_counter() - began,
        schedule.model_seconds,
        schedule.computed,
        loaded.backbone.card,
        facts,
    )


def plan_work(
    source: SceneSource,
    model: Model,
    classes: Sequence[str],
    *,
    other: str | bool | None = None,
    tile_size: int | None = None,
    scores: bool = False,
) -> Work:
    """Everything that is decided before the first tile.

    Args:
        source: the scene.
        model: that will compute.
        classes: names.
        other: see ``Model.segment``.
        tile_size: wanted side of a tile in pixels; None chooses.
        scores: whether they are wanted.

    Raises:
        InputError: the classes or the size cannot be used.
    """
    settings = model.settings
    chosen = read_classes(
        classes,
        other=other,
        knowledge=settings.knowledge.enabled,
        background=settings.knowledge.background,
    )
    factors, grid = plan_grid(source, model, tile_size)
    return Work(
        source,
        grid,
        grid.step if settings.paint.painter == "dense" else grid.halo,
        factors,
        chosen,
        local.encode_classes(model.backbone, chosen.prompts, chosen.competitors),
        local.whole_embedding(source.sample, model.backbone, settings.local),
        stored_dtype(chosen.names),
        scores,
    )


def plan_grid(
    source: SceneSource, model: Model, tile_size: int | None
) -> tuple[tuple[Fraction, ...], TileGrid]:
    """Factors of the image size at which a model reads a scene, and tiles that suit them.

    Args:
        source: the scene.
        model: that will compute.
        tile_size: wanted side of a tile in pixels; None chooses.

    Raises:
        InputError: the size cannot be used.
    """
    factors = scene_factors(ground_side(source.frame), model.settings.local)
    cell = cell_of(model.backbone)
    grid = make_grid(
        source.shape,
        source.extent,
        factors=factors,
        cell=cell,
        alignment=ALIGNMENT if ALIGNMENT % cell == 0 else cell,
        size=tile_size or default_tile_size(factors),
        context=CONTEXT,
        origin=source.origin,
    )
    return factors, grid


def default_tile_size(factors: tuple[Fraction, ...]) -> int:
    """Side of tiles in pixels: large enough that a halo costs no more than it must."""
    return max(TILE_SIZE, int(TILE_READ / factors[0]))


def ground_side(frame: MapFrame | None) -> float | None:
    """Side of a square with the ground area of a pixel, in metres; None where it is unknown."""
    area = None if frame is None else frame.pixel_area_m2
    return None if area is None else float(np.sqrt(area))


def run_facts(
    work: Work, model: Model, files: Mapping[str, Any], reading: SceneOptions
) -> dict[str, Any]:
    """What the result of a run depends on, in JSON types: a run may be resumed if it is equal."""
    card = model.backbone.card
    aoi = None if reading.aoi is None else files_digest([Path(reading.aoi)])
    return {
        "version": __version__,
        "input": {"files": dict(files), **work.source.facts, "aoi": aoi},
        "model": {
            "name": card.name,
            "revision": card.revision,
            "weights": weights_digest(Path(card.source)),
        },
        "classes": list(work.chosen.names),
        "competitors": len(work.chosen.competitors),
        "scores": work.scores,
        "settings": model.settings.model_dump(mode="json"),
        "tiles": {
            "size": work.grid.size,
            "halo": work.grid.halo,
            "phase": list(work.grid.phase),
            "ramp": work.grid.ramp,
            "count": len(work.grid),
            "factors": [float(factor) for factor in work.factors],
            "pixels_of_cell": work.grid.step / work.grid.step_cells,
        },
    }


def map_place(source: SceneSource) -> MapFrame | None:
    """Where the part of a scene that is mapped lies."""
    extent = source.extent
    if extent == Box(0, 0, source.shape[1], source.shape[0]):
        return source.frame
    return placed(source.frame or MapFrame(Affine.identity()[:6]), extent)


def _check_apart(images: str | Path | Sequence[str | Path], target: Path) -> None:
    """Refuse an output that the next run would take for a part of its mosaic.

    Raises:
        OutputError: it lies in the folder of the images.
    """
    folder = Path(images) if isinstance(images, str | Path) else None
    if folder is not None and folder.is_dir() and folder.resolve() == target.parent.resolve():
        raise OutputError(f"{target} would lie among the images; choose another folder for it")


def _compute(
    schedule: Schedule, executor: Executor[TileTask, Cells | Painted], progress: Progress | None
) -> None:
    """Run all tasks and record their results.

    Raises:
        CancelledError: the callback asked to stop.
    """
    total = len(schedule.work.grid)
    began, tiles, share = time.perf_counter(), schedule.finished, schedule.share
    results = executor.run(schedule.tasks())
    try:
        for task, result in results:
            schedule.take(task, result)
            seconds = time.perf_counter() - began
            rate = (schedule.finished - tiles) / seconds
            left = seconds * (1 - schedule.share) / max(schedule.share - share, 1e-9)
            message = f"{rate:.2g} tiles/s, {time_left(left)} left"
            if progress is not None and not progress(schedule.finished, total, message):
                raise CancelledError(
                    f"cancelled with {schedule.finished} of {total} tiles finished; "
                    "run again with --resume to go on"
                )
    finally:
        results.close()
    if schedule.finished < total:
        raise RuntimeError(f"only {schedule.finished} of {total} tiles were finished")


def _write(
    work: Work, journal: Journal, target: Path, scores: Path | None
) -> tuple[tuple[int, ...], int, int]:
    """Write the outputs; returns pixels of each class, of valid ones, and the empty tiles."""
    grid, extent = work.grid, work.grid.extent
    side = min(512, grid.size & -grid.size)  # the largest power of two in a tile
    counts = np.zeros(len(work.chosen.names) + 1, np.int64)
    valid = empty = 0

    def parts(name: str) -> Iterator[tuple[int, int, NDArray[Any]]]:
        for tile in grid:
            values = journal.painted(tile, name)
            if values is not None:
                core = grid.core(tile)
                yield core.x0 - extent.x0, core.y0 - extent.y0, values

    def counted() -> Iterator[tuple[int, int, NDArray[Any]]]:
        nonlocal counts
        for column, row, values in parts("classes"):
            counts += np.bincount(values.ravel(), minlength=len(counts))
            yield column, row, values

    frame = map_place(work.source)
    try:
        blocks = Blocks(extent.shape, work.dtype, counted(), side)
        write_class_blocks(target, blocks, work.chosen.names, frame=frame)
        if scores is not None:
            blocks = Blocks(extent.shape, "float32", parts("scores"), side)
            write_float_blocks(scores, blocks, frame=frame, description="score")
    except DglRsisError as error:
        raise type(error)(f"{error}; finished tiles are kept: run again with --resume") from error
    for tile in grid:
        found = journal.painted(tile, "valid")
        valid += 0 if found is None else int(found)
        empty += found is None and journal.is_painted(tile)
    return tuple(counts[1:].tolist()), valid, empty


def weights_digest(source: Path) -> str | None:
    """Digest of the weights; None for a model that does not lie in files."""
    if source.is_file():
        return files_digest([source])
    kinds = (".safetensors", ".bin", ".pt", ".json")
    files = sorted(file for file in source.glob("*") if file.suffix in kinds)
    return files_digest(files) if files else None


def files_digest(files: Sequence[Path]) -> str:
    """Digest of the contents of files."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "blake2b").digest())
    return digest.hexdigest()


def time_left(seconds: float) -> str:
    """Seconds as a clock shows them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def describe_tiles(result: SceneMap) -> dict[str, Any]:
    """Tile grid and what became of it, for the manifest."""
    return {
        **asdict(result.grid),
        "count": len(result.grid),
        "empty": result.empty,
        "failed": dict(result.failed),
        **json.loads(json.dumps(result.facts["tiles"])),
    }
