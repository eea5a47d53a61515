"""Who lets the tiles of a scene vote on polygons, and what is recorded of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dgl_rsis import __version__
from dgl_rsis.errors import ImageError, InputError
from dgl_rsis.geo.windows import Box, Tile
from dgl_rsis.pipeline import Model
from dgl_rsis.progress import Progress, Teller
from dgl_rsis.scene.crew import Crew
from dgl_rsis.scene.executors import Executor
from dgl_rsis.scene.journal import open_journal
from dgl_rsis.scene.run_facts import file_facts, input_facts, weights_digest
from dgl_rsis.scene.source import SceneOptions, SceneSource, cache_limit
from dgl_rsis.scene.tile_run import compute_tiles
from dgl_rsis.scene.votes import Reading, TileVotes, Votes
from dgl_rsis.scene.work import ReadTile
from dgl_rsis.scene.worker import SceneWorker
from dgl_rsis.types import Raster


@dataclass(frozen=True)
class Place:
    """A tile that polygons touch.

    Attributes:
        core: what it answers for.
        outer: the same with the halo.
        numbers: of the polygons.
    """

    core: Box
    outer: Box
    numbers: list[int]


@dataclass(frozen=True)
class VoteWork:
    """All that a worker needs beside the model.

    Attributes:
        source: the scene.
        places: of the tiles.
        votes: on the polygons, none yet.
        reading: how the model reads tiles.
    """

    source: SceneSource
    places: Mapping[Tile, Place]
    votes: Votes
    reading: Reading


class VoteWorker(SceneWorker[VoteWork]):
    """Lets tiles vote."""

    def __call__(self, task: ReadTile) -> TileVotes:
        """What a tile says."""
        place = self.work.places[task.tile]
        pixels = self.pixels(place.outer)
        with self.in_model:
            return self.work.votes.of_tile(
                self.model, self.work.reading, pixels, place.core, place.outer, place.numbers
            )


@dataclass(frozen=True)
class Recording:
    """Where what is finished is recorded.

    Attributes:
        output: that the run makes; the journal lies beside it.
        resume: go on with a run that was cut off.
        overwrite: drop what such a run left.
    """

    output: Path
    resume: bool = False
    overwrite: bool = False


def vote(
    work: VoteWork,
    model: Model,
    crew: Crew,
    recording: Recording,
    facts: Mapping[str, Any],
    progress: Progress | None,
) -> dict[Tile, str]:
    """Let all tiles vote, and count the votes in the order of the tiles.

    Returns:
        Tiles that could not be computed, and why.

    Raises:
        InputError: a run that was cut off depended on something else, or the image changed.
        ImageError: no tile could be computed.
        OutputError: another run makes the output, or one was cut off.
        CancelledError: the callback asked to stop; what is finished is kept.
    """
    with ExitStack() as stack:
        stack.enter_context(cache_limit())
        journal = stack.enter_context(
            open_journal(
                recording.output, facts, resume=recording.resume, overwrite=recording.overwrite
            )
        )
        executor: Executor[ReadTile, TileVotes] = stack.enter_context(
            crew.executor(VoteWorker, work, model)
        )
        compute_tiles(list(work.places), journal, executor, vars, progress)
        if file_facts(work.source.files) != facts["input"]["files"]:
            raise InputError(
                f"{work.source.label} changed while it was read, so nothing was written; start "
                "anew with --overwrite"
            )
        failed = journal.failed()
        if len(failed) == len(work.places):
            raise ImageError(next(iter(failed.values())))
        for tile, place in work.places.items():
            arrays = journal.painted_arrays(tile)
            missing = tile in failed or not arrays
            work.votes.take(
                work.votes.missing(place.numbers, place.core) if missing else TileVotes(**arrays)
            )
    return failed


def vote_here(
    places: Mapping[Tile, Place],
    read: Callable[[Box], Raster],
    votes: Votes,
    model: Model,
    reading: Reading,
    progress: Progress | None,
) -> dict[Tile, str]:
    """Let all tiles vote, one after the other.

    Returns:
        Tiles that cannot be read, and why.

    Raises:
        ImageError: none can be read.
        CancelledError: the progress callback asked to stop.
    """
    tell = Teller(progress, len(places))
    failed: dict[Tile, str] = {}
    for number, (tile, place) in enumerate(places.items(), start=1):
        tell(f"tile {number} of {len(places)}")
        core, outer, numbers = place.core, place.outer, place.numbers
        try:
            part = _read(read, outer)
        except ImageError as error:
            failed[tile] = str(error)
            votes.take(votes.missing(numbers, core))
        else:
            votes.take(votes.of_tile(model, reading, part, core, outer, numbers))
    if places and len(failed) == len(places):
        raise ImageError(next(iter(failed.values())))
    tell("done")
    return failed


def _read(read: Callable[[Box], Raster], box: Box) -> Raster:
    """Read a part of a scene, if need be at the second attempt.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        return read(box)
    except ImageError:  # told if it fails again
        return read(box)


def vote_facts(
    work: VoteWork, model: Model, reading: SceneOptions, polygons: NDArray[np.object_]
) -> dict[str, Any]:
    """What votes depend on, in JSON types: a run may be resumed as long as this is the same."""
    card = model.backbone.card
    boxes = [[*vars(place.outer).values()] for place in work.places.values()]
    return {
        "version": __version__,
        "input": input_facts(work.source, file_facts(work.source.files), reading),
        "polygons": polygons_digest(polygons),
        "model": {
            "name": card.name,
            "revision": card.revision,
            "weights": weights_digest(Path(card.source)),
        },
        "names": list(work.reading.texts.names),
        "settings": model.settings.model_dump(mode="json"),
        "tiles": {"count": len(boxes), "first": boxes[0], "factors": list(work.reading.factors)},
    }


def polygons_digest(polygons: NDArray[np.object_]) -> str:
    """Digest of shapes, in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for text in shapely.to_wkb(polygons):
        digest.update(text or b"none")
    return digest.hexdigest()
