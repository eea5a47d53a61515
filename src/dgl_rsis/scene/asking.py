"""Sentences about a scene of any size: they are answered from its table, not from its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from dgl_rsis import referring
from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.explanation import StepReport
from dgl_rsis.geo.dataset import opened_by_gdal
from dgl_rsis.geo.output_file import check_folder
from dgl_rsis.pipeline import Model, load
from dgl_rsis.progress import Progress
from dgl_rsis.results import SceneAnswer, SceneMatch
from dgl_rsis.scene.candidates import Gatherer
from dgl_rsis.scene.crew import Crew
from dgl_rsis.scene.journal import check_journal, is_unfinished, remove_remains
from dgl_rsis.scene.part_table import HEADER, PartTable, read_table, table_folder
from dgl_rsis.scene.scoring import NounScores, PartScorer
from dgl_rsis.scene.source import SceneOptions
from dgl_rsis.scene.survey import plan_source
from dgl_rsis.scene.tabulating import Images, check_table, make_table, table_facts
from dgl_rsis.scene.windows import Windows
from dgl_rsis.stages import spatial
from dgl_rsis.stages.candidates import CandidateTable
from dgl_rsis.stages.decouple import understand
from dgl_rsis.text.program.tree import program_of
from dgl_rsis.text.program.vocabulary import ANYTHING
from dgl_rsis.types import FloatArray, IntArray, Query


@dataclass(frozen=True)
class OpenScene:
    """A scene with its table, ready for sentences.

    Attributes:
        table: parts of the scene.
        model: that it was made with.
        windows: reads the image around the best candidates; None where it is not at hand.
    """

    table: PartTable
    model: Model
    windows: Windows | None = None

    @cached_property
    def _scorer(self) -> PartScorer:
        return PartScorer(self.table, self.model.backbone, self.model.settings)

    def scores(self, nouns: Sequence[str]) -> Mapping[str, NounScores]:
        """Scores of the parts for all nouns of a sentence."""
        return self._scorer.scores(nouns)

    def refer(self, sentence: str) -> SceneAnswer:
        """What a sentence refers to, among everything in the scene.

        Args:
            sentence: noun phrase or sentence in English.

        Raises:
            InputError: the sentence cannot be used, or the program is switched off.
        """
        settings = self.model.settings
        if not (settings.select.enabled and settings.program.enabled):
            raise InputError(
                "scenes are answered from a table, which needs select.enabled and program.enabled; "
                "leave both on"
            )
        query = understand(sentence, settings)
        nouns = referring.nouns_of(query)
        scores = self.scores([noun for noun in nouns if noun != ANYTHING])
        program = program_of(query)
        table = Gatherer(self.table, settings).candidates(program, nouns, scores)
        execution = spatial.execute(
            program, table, settings=settings.program, lexicon=settings.knowledge.words.lexicon
        )
        everywhere = np.ones(len(table), np.float32)
        assert table.objectness is not None  # the table has them
        terms = {
            "probability": table.probabilities.get(query.target.noun, everywhere),
            "objectness": table.objectness,
            "program": execution.values,
            "attribute": execution.attributes,
        }
        notes = execution.notes
        words = referring.modified_words(query, execution.unmeasured, settings)
        if words and self.windows is not None and settings.activation.enabled:
            order = _best(execution.instances, referring.scores_of_terms(terms, settings))
            activation, told = self.windows.activations(query, words, table, order)
            terms["activation"], notes = activation, (*notes, *told)
        is_union = execution.is_union and settings.text.decouple
        chosen, totals = referring.choose(
            None, query, execution.instances, terms, is_union, settings, given=True
        )
        own = table.instances[query.target.noun]
        rest = np.setdiff1d(np.union1d(execution.instances, own), chosen)
        ranking = [*chosen, *_best(rest, totals).tolist()][
            : max(settings.select.top_k, len(chosen))
        ]

        def reason(index: int) -> str:
            return referring.why_not(
                index, chosen, query, terms, totals, execution.trace, table, settings
            )

        picked = set(chosen)
        matches = tuple(
            _match(index, table, totals, terms, "" if index in picked else reason(index), picked)
            for index in ranking
        )
        if not chosen:
            notes = (referring.nothing_matched(query, matches), *notes)
        return SceneAnswer(
            matches,
            query,
            self.table.shape,
            self.table.frame,
            (*notes, *_left(query), *self.table.notes),
            StepReport.of(execution.trace, table),
        )


def open_scene(
    images: Images,
    *,
    model: str | Model = "rs-tiny",
    preset: str = "default",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    reading: SceneOptions = SceneOptions(),
    table: str | Path | None = None,
    tile_size: int | None = None,
    workers: int | None = None,
    ray: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> OpenScene:
    """Open a scene for sentences; its table is made where there is none yet.

    Making it takes one pass over the image in tiles; what is finished is recorded, and a run that
    was cut off goes on with ``resume``. Sentences then do not look at the image, except where words
    are left to the model: then around the best few candidates.

    Args:
        images: a raster, a folder of rasters, a text file with a path or URL a line, a STAC
            ItemCollection or Item, the URL of one of these, or paths; several are one mosaic.
        model: a name as for ``load``, or a model that is loaded already; with several workers or
            ``ray`` one that was loaded by its name.
        preset: of the settings, where ``model`` is a name.
        settings: over the preset, where ``model`` is a name.
        reading: bands, stretch, no data, part and working resolution.
        table: folder of the table; None puts it beside the scene.
        tile_size: side of a tile in pixels; None chooses.
        workers: processes that make the table, each with a model of its own; None for one, and
            with ``ray`` for as many as the cluster has room for.
        ray: address of a Ray cluster whose nodes run the workers, as in ``segment_scene``.
        resume: go on with a run that was cut off.
        overwrite: drop what such a run left, and a table that was made of something else.
        progress: ``(tiles done, tiles, message) -> go on?``.

    Raises:
        InputError: the images or an option cannot be used, or the table was made of something else;
            it says what differs.
        ModelError: a model is not there.
        OutputError: the table cannot be written.
        CancelledError: the callback asked to stop; what is finished is kept.
        MissingExtraError: ``ray`` is given, and Ray is not installed.
    """
    crew = Crew(workers, ray)
    crew.check(model)
    folder = check_place(images, table, resume=resume, overwrite=overwrite)
    loaded = load(model, preset=preset, settings=settings) if isinstance(model, str) else model
    facts = table_facts(images, reading, loaded, tile_size)
    windows = Windows(images, reading, loaded, loaded.explainer)
    is_there = (folder / HEADER).exists()
    if is_there and not (resume and is_unfinished(folder)):
        found = read_table(folder)
        try:
            check_table(found, facts)
        except InputError:
            if not overwrite:
                raise
        else:
            remove_remains(folder)
            return OpenScene(found, loaded, windows)
    source = plan_source(images, reading)
    made = make_table(
        folder,
        source,
        facts,
        loaded,
        tile_size=tile_size,
        crew=crew,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
    )
    return OpenScene(made, loaded, windows)


def check_place(
    images: Images, table: str | Path | None, *, resume: bool = False, overwrite: bool = False
) -> Path:
    """The folder of a table, before a model is loaded.

    Args:
        images: as for ``open_scene``, like all others.
        table: folder of the table; None puts it beside the scene.
        resume: go on with a run that was cut off.
        overwrite: drop what such a run left.

    Raises:
        InputError: several paths have no common place.
        OutputError: the folder is something else or cannot be made, another run makes the table,
            or one was cut off.
    """
    folder = place_of_table(images) if table is None else Path(table)
    if not (folder / HEADER).exists():
        if folder.exists():
            raise OutputError(f"{folder} is there and no table; choose another folder with --table")
        check_folder(folder.parent, f"{folder.name}, the table of the scene (--table)")
        check_journal(folder, resume=resume, overwrite=overwrite)
    return folder


def place_of_table(images: Images) -> Path:
    """Where the table of a scene lies unless another place is asked for.

    Raises:
        InputError: several paths have no common place.
    """
    if not isinstance(images, str | Path):
        if len(images) != 1:
            raise InputError("several images have no place for their table; pass a folder for it")
        images = images[0]
    if opened_by_gdal(str(images)) or not Path(images).exists():
        raise InputError(f"{images} is no local file; pass a folder for its table")
    return table_folder(Path(images))


def _best(indices: IntArray, scores: FloatArray) -> IntArray:
    return np.asarray(indices[np.argsort(-scores[indices], kind="stable")])


def _match(
    index: int,
    table: CandidateTable,
    scores: FloatArray,
    terms: Mapping[str, FloatArray],
    reason: str,
    chosen: set[int],
) -> SceneMatch:
    assert table.polygons is not None  # the table has them
    x0, y0, x1, y1 = (int(side) for side in table.boxes[index])
    return SceneMatch(
        shapely.get_parts(table.polygons[index]),
        (x0, y0, x1, y1),
        float(scores[index]),
        {name: float(values[index]) for name, values in terms.items()},
        index in chosen,
        index,
        reason,
    )


def _left(query: Query) -> tuple[str, ...]:
    return tuple(f"'{words}' is left to the vision-language model" for words in query.unexecuted)
