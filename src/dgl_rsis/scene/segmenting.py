"""A map of a scene of any size: class names in, a GeoTIFF or polygons out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dgl_rsis.errors import DglRsisError, InputError
from dgl_rsis.geo.regions import Rectangle
from dgl_rsis.geo.table_writer import write_tables
from dgl_rsis.geo.windows import Tile
from dgl_rsis.geo.writer import RASTER_SUFFIXES, VECTOR_SUFFIXES
from dgl_rsis.pipeline import Model, load
from dgl_rsis.progress import CancelledError, Progress, time_left
from dgl_rsis.scene.crew import Crew
from dgl_rsis.scene.executors import Executor
from dgl_rsis.scene.finished import FinishedMap
from dgl_rsis.scene.journal import Journal, open_journal, remove_journal
from dgl_rsis.scene.planning import TILE_SIZE, map_place, plan_work
from dgl_rsis.scene.run_facts import file_facts, run_facts
from dgl_rsis.scene.scene_map import SceneMap
from dgl_rsis.scene.schedule import Schedule, TileTask
from dgl_rsis.scene.source import SceneOptions, cache_limit
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.targets import check_targets
from dgl_rsis.scene.work import Cells, Painted, TileWorker, Work
from dgl_rsis.scene.writing import Writing


def segment_scene(
    images: str | Path | Sequence[str | Path],
    classes: Sequence[str],
    output: str | Path,
    *,
    scores: str | Path | None = None,
    other: str | bool | None = None,
    min_area: float = 0.0,
    simplify: float = 0.0,
    model: str | Model = "rs-tiny",
    preset: str = "default",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    reading: SceneOptions = SceneOptions(),
    tile_size: int | None = None,
    workers: int | None = None,
    ray: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    finish: Callable[[SceneMap], object] | None = None,
) -> SceneMap:
    """Map a scene of any size, in memory that does not grow with it.

    What is finished is recorded in a folder beside the output, which is removed at the end: a run
    that was cut off goes on with ``resume`` and gives the same bytes. Every tile sees the same
    stretch, margins and fill colour, and with ``local.global_bias`` the same embedding of the
    whole scene, so that no border between tiles shows.

    Args:
        images: a raster, a folder of rasters, a text file with a path or URL a line, a STAC
            ItemCollection or Item, the URL of one of these, or paths; several are one mosaic.
            Paths that GDAL resolves (``/vsi...``, ``https://...``) too.
        classes: names in any words.
        output: .tif, or .gpkg, .geojson, .parquet or .fgb for polygons.
        scores: a .tif file for the probability of the class; None for none.
        other: see ``Model.segment``.
        min_area: smaller regions become part of the neighbour around them; square metres, or
            pixels where the scene has no lengths.
        simplify: tolerance of polygons in CRS units, or pixels without a CRS.
        model: a name as for ``load``, or a model that is loaded already; with several workers or
            ``ray`` one that was loaded by its name.
        preset: of the settings, where ``model`` is a name.
        settings: over the preset, where ``model`` is a name.
        reading: bands, stretch, no data, part and working resolution.
        tile_size: side of a tile in pixels, rounded up to what the model's cells need; None for
            1,024, and more where a model reads at a fraction of the size.
        workers: processes that compute, each with a model of its own; None for one, and with
            ``ray`` for as many as the cluster has room for.
        ray: address of a Ray cluster whose nodes run the workers, see ``RayActors``; they find the
            images and the model under the same paths. None for this machine.
        resume: go on with a run that was cut off.
        overwrite: replace outputs, and drop what a run that was cut off left.
        progress: ``(tiles done, tiles, message) -> go on?``.
        finish: is called with the result before a killed run has nothing left to go on with: what
            it writes belongs to the outputs.

    Raises:
        InputError: the images, the classes or an option cannot be used, or what is to be resumed
            depended on something else.
        OutputError: an output cannot be written, or another run writes it.
        CancelledError: the callback asked to stop; what is finished is kept.
        MissingExtraError: ``ray`` is given, and Ray is not installed.
    """
    began = time.perf_counter()
    crew = Crew(workers, ray)
    crew.check(model)
    if min_area < 0 or simplify < 0:
        raise InputError("min_area and simplify are 0 or more")
    if tile_size is not None and tile_size < 1:
        raise InputError(f"a tile of {tile_size} pixels is no tile; take e.g. {TILE_SIZE}")
    target, scores_target = check_targets(
        images, output, scores, asset=reading.asset, resume=resume, overwrite=overwrite
    )
    source = plan_source(images, reading)
    before = file_facts(source.files)
    loaded = load(model, preset=preset, settings=settings) if isinstance(model, str) else model
    work = plan_work(
        source,
        loaded,
        classes,
        other=other,
        tile_size=tile_size,
        scores=scores is not None or target.suffix.lower() in VECTOR_SUFFIXES,
    )
    facts = run_facts(work, loaded, before, reading)
    with ExitStack() as stack:
        stack.enter_context(cache_limit())
        journal = stack.enter_context(
            open_journal(target, facts, resume=resume, overwrite=overwrite)
        )
        schedule = Schedule(work, journal)
        executor: Executor[TileTask, Cells | Painted] = stack.enter_context(
            crew.executor(TileWorker, work, loaded)
        )
        _compute(schedule, executor, progress)
        if file_facts(source.files) != before:
            raise InputError(
                f"{source.label} changed while it was read, so nothing was written; start anew "
                "with --overwrite"
            )
        failed = {str(tile): reason for tile, reason in journal.failed().items()}
        if len(failed) == len(work.grid):
            raise InputError(f"no tile could be computed: {next(iter(failed.values()))}")
        writing = Writing(progress, len(work.grid))
        try:
            finished, pixels, valid = _regions(work, journal, min_area, writing)
            _write(finished, target, scores_target, min_area, simplify, writing)
        except DglRsisError as error:
            raise type(error)(
                f"{error}; finished tiles are kept: run again with --resume"
            ) from error
        empty = sum(
            journal.is_painted(tile) and journal.painted(tile, "codes") is None
            for tile in work.grid
        )
        result = SceneMap(
            target,
            scores_target,
            work.chosen.names,
            pixels,
            valid,
            finished.frame,
            finished.merged,
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
        if finish is not None:
            finish(result)
        if not failed:
            remove_journal(target)
    return result


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


def _regions(
    work: Work, journal: Journal, min_area: float, writing: Writing
) -> tuple[FinishedMap, tuple[int, ...], int]:
    """The map without small regions, pixels of each class, and pixels that hold data."""
    if min_area > 0:
        writing.begin("merging small regions")
    finished = _finished(work, journal, writing).dissolved(min_area)
    writing.begin("counting pixels")
    return finished, *finished.count()


def _finished(work: Work, journal: Journal, writing: Writing) -> FinishedMap:
    """The map that the journal holds."""
    grid, extent = work.grid, work.grid.extent
    tile_of: dict[Rectangle, Tile] = {}
    for tile in grid:
        core = grid.core(tile)
        x0, y0 = core.x0 - extent.x0, core.y0 - extent.y0
        tile_of[y0, x0, core.y1 - extent.y0, core.x1 - extent.x0] = tile

    numbers = {rectangle: number for number, rectangle in enumerate(tile_of)}

    def reader(name: str) -> Callable[[Rectangle], NDArray[Any] | None]:
        def read(rectangle: Rectangle) -> NDArray[Any] | None:
            writing.saw(numbers[rectangle])
            return journal.painted(tile_of[rectangle], name)

        return read

    return FinishedMap(
        work.chosen.names,
        map_place(work.source),
        extent.shape,
        work.dtype,
        tuple(tile_of),
        reader("codes"),
        reader("scores"),
        min(512, grid.size & -grid.size),  # the largest power of two in a tile
    )


def _write(
    finished: FinishedMap,
    target: Path,
    scores: Path | None,
    min_area: float,
    simplify: float,
    writing: Writing,
) -> None:
    """Write the outputs.

    Raises:
        OutputError: one cannot be written.
        CancelledError: the callback asked to stop.
    """
    writing.begin(f"writing {target.name}")
    then = f"completing {target.name}"
    if target.suffix.lower() in RASTER_SUFFIXES:
        finished.write_classes(target, lambda parts: writing.through(parts, then))
    else:
        tables = finished.tables(min_area=min_area, simplify=simplify)
        write_tables(target, writing.through(tables, then))
    if scores is not None:
        writing.begin(f"writing {scores.name}")
        then = f"completing {scores.name}"
        finished.write_scores(scores, lambda parts: writing.through(parts, then))
