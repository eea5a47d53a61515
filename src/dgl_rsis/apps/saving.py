"""What commands leave on disk: the files that were asked for, and a manifest beside the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame

    from dgl_rsis.pipeline import Model
    from dgl_rsis.results import ReferResult, SceneAnswer, SegmentResult
    from dgl_rsis.types import Raster


def save_map(
    result: SegmentResult,
    target: Path | None,
    scores: Path | None = None,
    *,
    min_area: float = 0.0,
    simplify: float = 0.0,
) -> list[Path]:
    """Write a map and its scores.

    Args:
        result: the map.
        target: .tif, a vector file or .png; None if it is not wanted.
        scores: .tif; None if it is not wanted.
        min_area: of polygons, in square metres, or pixels where the image has no lengths.
        simplify: tolerance of polygons in CRS units, or pixels without a CRS.

    Returns:
        The files, the map first.

    Raises:
        OutputError: a file cannot be written.
    """
    from dgl_rsis import outputs

    return _write(
        (target, partial(outputs.save_segment, result, min_area=min_area, simplify=simplify)),
        (scores, partial(outputs.save_scores, result)),
    )


def save_answers(
    results: Sequence[ReferResult | SceneAnswer],
    target: Path | None,
    heatmap: Path | None = None,
    explain: Path | None = None,
    *,
    attributes: DataFrame | None = None,
    outlines: NDArray[np.object_] | None = None,
) -> list[Path]:
    """Write the answers to sentences about one image.

    Args:
        results: at least one, all about an image or all about a scene.
        target: a vector file or .json, or .png for the answer to a single sentence; None if it is
            not wanted.
        heatmap: .tif of the first sentence; None if it is not wanted.
        explain: .png or .json of the first sentence; None if it is not wanted.
        attributes: of the user's candidates, for the vector file.
        outlines: of the user's candidates, for the vector file; None follows the masks.

    Returns:
        The files, the answers first.

    Raises:
        OutputError: a file cannot be written.
    """
    from dgl_rsis import outputs
    from dgl_rsis.results import SceneAnswer

    first = results[0]
    if isinstance(first, SceneAnswer):
        return _write(
            (target, partial(outputs.save_answers, results)),
            (explain, partial(outputs.save_answers, [first])),
        )
    answers = (
        partial(outputs.save_refer, first, attributes=attributes, outlines=outlines)
        if len(results) == 1
        else partial(outputs.save_answers, results, attributes=attributes, outlines=outlines)
    )
    return _write(
        (target, answers),
        (heatmap, partial(outputs.save_heatmap, first)),
        (explain, partial(outputs.save_refer, first)),
    )


def _write(*files: tuple[Path | None, Callable[[Path], None]]) -> list[Path]:
    """Write each file that has a path, in order; side files come behind the file they belong to."""
    from dgl_rsis.geo.side_file import side_file

    written = []
    for path, write in files:
        if path is not None:
            write(path)
            written += [each for each in (path, side_file(path)) if each.exists()]
    return written


def record_map(
    result: SegmentResult,
    paths: Sequence[Path],
    model: Model,
    *,
    options: Mapping[str, Any],
    seconds: float,
) -> list[Path]:
    """Write the manifest of a map; see ``record``."""
    from dgl_rsis.geo.palette import class_colours

    classes = [
        {"name": name, "value": index + 1, "colour": colour, "share": result.shares[name]}
        for index, (name, colour) in enumerate(
            zip(result.classes, class_colours(result.classes), strict=True)
        )
    ]
    return record(
        "segment",
        paths,
        options=options,
        raster=result.raster,
        seconds=seconds,
        model=model,
        facts={"classes": classes, "painter": result.painter},
        notes=result.notes,
    )


def record_answers(
    results: Sequence[ReferResult],
    paths: Sequence[Path],
    model: Model,
    *,
    options: Mapping[str, Any],
    seconds: float,
    notes: Sequence[str] = (),
) -> list[Path]:
    """Write the manifest of answers; see ``record``."""
    from dgl_rsis.manifest import describe_query

    answers = [
        {**describe_query(result.query), "chosen": len(result.chosen), "notes": list(result.notes)}
        for result in results
    ]
    return record(
        "refer",
        paths,
        options=options,
        raster=results[0].raster,
        seconds=seconds,
        model=model,
        facts={"answers": answers},
        notes=notes,
    )


def record(
    command: str,
    paths: Sequence[Path],
    *,
    options: Mapping[str, Any],
    raster: Raster | None,
    seconds: float,
    model: Model | None = None,
    facts: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> list[Path]:
    """Write the manifest of a run beside the first of its files.

    Args:
        command: name of the command.
        paths: the files that were written, at least one.
        options: what the user asked for, beyond the defaults.
        raster: the image as it was read; None where ``facts`` has the ``input``.
        seconds: how long the run took.
        model: what computed it; None where no model was needed.
        facts: of this kind of run.
        notes: what was decided on the way.

    Returns:
        The files, and the manifest behind them.

    Raises:
        OutputError: it cannot be written.
    """
    from dgl_rsis.manifest import make_manifest, write_manifest

    manifest = make_manifest(
        command=command,
        options=options,
        raster=raster,
        outputs=paths,
        seconds=seconds,
        model=model,
        facts=facts,
        notes=notes,
    )
    return [*paths, write_manifest(paths[0], manifest)]
