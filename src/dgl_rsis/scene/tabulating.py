"""Make the table of a scene that sentences are answered from: tile by tile, resumably."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dgl_rsis import __version__
from dgl_rsis.config import Settings, make_settings, preset_names
from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import opened_by_gdal
from dgl_rsis.geo.mosaic import scene_files
from dgl_rsis.geo.windows import Tile
from dgl_rsis.pipeline import Model
from dgl_rsis.progress import Progress
from dgl_rsis.scene.crew import Crew
from dgl_rsis.scene.executors import Executor
from dgl_rsis.scene.journal import (
    Journal,
    differences,
    open_journal,
    remove_journal,
    shortened,
)
from dgl_rsis.scene.part_table import PartTable, read_table
from dgl_rsis.scene.part_work import PartWork, PartWorker
from dgl_rsis.scene.part_writer import write_table
from dgl_rsis.scene.parts import Parts
from dgl_rsis.scene.planning import plan_grid
from dgl_rsis.scene.run_facts import file_facts, files_digest, weights_digest
from dgl_rsis.scene.source import SceneOptions, SceneSource, cache_limit
from dgl_rsis.scene.tile_run import compute_tiles
from dgl_rsis.scene.work import ReadTile
from dgl_rsis.scene.writing import Writing
from dgl_rsis.stages import local

Images = str | Path | Sequence[str | Path]
_STAGES = ("backbone", "local", "proposals")  # whose settings the parts depend on
_READING = ("own_scale", "thing_cells", "thing_spread")  # of the stage instances, likewise


def plan_parts(source: SceneSource, model: Model, tile_size: int | None) -> PartWork:
    """Everything that is decided before the first tile.

    Args:
        source: the scene.
        model: that will compute.
        tile_size: wanted side of a tile in pixels; None chooses.
    """
    factors, grid = plan_grid(source, model, tile_size)
    return PartWork(source, grid, factors)


def table_facts(
    images: Images, reading: SceneOptions, model: Model, tile_size: int | None
) -> dict[str, Any]:
    """What a table depends on, in JSON types, without a look at any pixel.

    Raises:
        ImageError: a file is gone.
    """
    files = scene_files(images, reading.asset)
    card = model.backbone.card
    aoi = None if reading.aoi is None else files_digest([Path(reading.aoi)])
    return {
        "version": __version__,
        "input": {
            "files": {name: None for name in files if opened_by_gdal(name)} | file_facts(files),
            **asdict(reading),
            "aoi": aoi,
        },
        "model": {
            "name": card.name,
            "revision": card.revision,
            "weights": weights_digest(Path(card.source)),
        },
        "settings": _settings_of_parts(model.settings),
        "tile_size": tile_size,
    }


def _settings_of_parts(settings: Settings) -> dict[str, Any]:
    """What the parts of a table depend on, in JSON types."""
    every = settings.model_dump(mode="json")
    return {stage: every[stage] for stage in _STAGES} | {
        "instances": {option: every["instances"][option] for option in _READING}
    }


def check_table(table: PartTable, facts: Mapping[str, Any]) -> None:
    """Refuse a table that was made of something else.

    Args:
        table: as it lies on disk.
        facts: what it should be made of, see ``table_facts``.

    Raises:
        InputError: it was not; with what differs.
    """
    made_of = table.header["facts"]
    found = list(differences(made_of, json.loads(json.dumps(facts, default=str))))
    if not found:
        return
    path, old, new = found[0]
    said = f"{' '.join(path)} was {shortened(old)} and is {shortened(new)}"
    if len(found) > 1:
        said += f", and {len(found) - 1} more"
    before, now = (_presets(each["settings"]) for each in (made_of, facts))
    if before and now and before != now and all(each[0][0] == "settings" for each in found):
        raise InputError(
            f"{table.folder} was made with the preset {before[0]}, and {now[0]} is asked for; pass "
            f"--preset {before[0]}, choose another folder with --table, or make the table anew with "
            "--overwrite"
        )
    raise InputError(
        f"{table.folder} was made of something else: {said}; put that back, choose another folder "
        "with --table, or make the table anew with --overwrite"
    )


def _presets(settings: Mapping[str, Any]) -> list[str]:
    """Presets that give these settings of parts, wherever the model computes."""
    own = {stage: options for stage, options in settings.items() if stage != "backbone"}
    return [
        name
        for name in preset_names()
        if own.items() <= _settings_of_parts(make_settings(name)).items()
    ]


def make_table(
    folder: Path,
    source: SceneSource,
    facts: Mapping[str, Any],
    model: Model,
    *,
    tile_size: int | None = None,
    crew: Crew = Crew(),
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    worker_of: type[PartWorker] = PartWorker,
) -> PartTable:
    """Make the table of a scene.

    Args:
        folder: where it is put.
        source: the scene.
        facts: what it depends on, see ``table_facts``.
        model: that computes; unless this process does it alone, one that was loaded by its name.
        tile_size: side of a tile in pixels; None chooses.
        crew: who computes.
        resume: go on with a run that was cut off.
        overwrite: drop what such a run left.
        progress: ``(tiles done, tiles, message) -> go on?``.
        worker_of: what computes.

    Raises:
        InputError: no tile can be computed, or what is to be resumed depended on something else.
        OutputError: the table cannot be written, or another run writes it.
        CancelledError: the callback asked to stop; what is finished is kept.
    """
    crew.check(model)
    work = plan_parts(source, model, tile_size)
    with ExitStack() as stack:
        stack.enter_context(cache_limit())
        journal = stack.enter_context(
            open_journal(folder, facts, resume=resume, overwrite=overwrite)
        )
        executor: Executor[ReadTile, Parts | None] = stack.enter_context(
            crew.executor(worker_of, work, model)
        )
        compute_tiles(list(work.grid), journal, executor, _arrays, progress)
        failed = {str(tile): reason for tile, reason in journal.failed().items()}
        if len(failed) == len(work.grid):
            raise InputError(f"no tile could be computed: {next(iter(failed.values()))}")
        if file_facts(source.files) != {
            name: fact for name, fact in facts["input"]["files"].items() if fact is not None
        }:
            raise InputError(
                f"{source.label} changed while it was read, so no table was made; start anew with "
                "--overwrite"
            )
        writing = Writing(progress, len(work.grid))
        writing.begin(f"writing {folder.name}")
        write_table(folder, _header(work, model, facts, failed), _kept(work, journal, writing))
        if not failed:
            remove_journal(folder)
    return read_table(folder)


def _arrays(parts: Parts | None) -> dict[str, NDArray[Any]]:
    return parts.arrays() if parts is not None and len(parts) else {}


def _kept(work: PartWork, journal: Journal, writing: Writing) -> Iterator[tuple[int, Tile, Parts]]:
    for number, tile in enumerate(work.grid):
        writing.saw(number)
        arrays = journal.painted_arrays(tile)
        if arrays:
            yield number, tile, Parts(**arrays)


def _header(
    work: PartWork, model: Model, facts: Mapping[str, Any], failed: Mapping[str, str]
) -> dict[str, Any]:
    source, frame = work.source, work.source.frame
    whole = local.whole_embedding(source.sample, model.backbone, model.settings.local)
    notes = list(source.notes)
    if failed:
        reason = next(iter(failed.values()))
        notes.append(
            f"{len(failed)} of {len(work.grid)} tiles could not be computed and hold nothing "
            f"(--resume tries them again): {reason}"
        )
    return {
        "facts": dict(facts),
        "place": {
            "shape": list(source.shape),
            "frame": None if frame is None else asdict(frame),
        },
        "source": dict(source.facts),
        "notes": notes,
        "tiles": {"count": len(work.grid), "failed": dict(failed), **asdict(work.grid)},
        "factors": [float(factor) for factor in work.factors],
        "cell": work.grid.step / work.grid.step_cells,
        "whole": None if whole is None else np.asarray(whole, float).tolist(),
    }
