"""What can be known to be wrong with the outputs of a run before a model is loaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from dgl_rsis.errors import OutputError
from dgl_rsis.geo.mosaic import scene_files
from dgl_rsis.geo.output_file import check_output
from dgl_rsis.geo.writer import RASTER_SUFFIXES, VECTOR_SUFFIXES
from dgl_rsis.scene.journal import check_journal, is_unfinished
from dgl_rsis.scene.run_facts import file_facts


def check_targets(
    images: str | Path | Sequence[str | Path],
    output: str | Path,
    scores: str | Path | None,
    *,
    asset: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> tuple[Path, Path | None]:
    """Refuse outputs that could not be written, before a model is loaded or an image is read.

    Args:
        images: as for ``segment_scene``, like all others.
        output: of the classes.
        scores: of their probabilities.
        asset: of STAC items.
        resume: go on with a run that was cut off.
        overwrite: replace outputs.

    Returns:
        Paths of both.

    Raises:
        ImageError: an image is not there.
        OutputError: an output cannot be written, exists, is one of the images or would lie among
            them, another run writes it, or one was cut off.
    """
    # an output is there too where a run was cut off between writing it and cleaning up
    replace = overwrite or (resume and is_unfinished(Path(output)))
    target = check_output(output, overwrite=replace, suffixes=RASTER_SUFFIXES + VECTOR_SUFFIXES)
    scores_target = None
    if scores is not None:
        scores_target = check_output(scores, overwrite=replace, suffixes=RASTER_SUFFIXES)
    _check_apart(images, file_facts(scene_files(images, asset)), target, scores_target)
    check_journal(target, resume=resume, overwrite=overwrite)
    return target, scores_target


def _check_apart(
    images: str | Path | Sequence[str | Path], files: Collection[str], *outputs: Path | None
) -> None:
    """Refuse an output that is an image, or that the next run would take for one.

    Args:
        images: as the user named them.
        files: absolute paths of those that are read.
        outputs: what is written; None for what is not wanted.

    Raises:
        OutputError: it is one of the images, or lies in their folder.
    """
    folder = Path(images).resolve() if isinstance(images, str | Path) else None
    for output in outputs:
        if output is None:
            continue
        if str(output.resolve()) in files:
            raise OutputError(f"{output} is one of the images; choose another name")
        if output.parent.resolve() == folder:
            raise OutputError(f"{output} would lie among the images; choose another folder for it")
