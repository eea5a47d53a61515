"""What the result of a run depends on: it may be resumed as long as this is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dgl_rsis import __version__
from dgl_rsis.errors import ImageError
from dgl_rsis.geo.dataset import opened_by_gdal, with_sources
from dgl_rsis.pipeline import Model
from dgl_rsis.scene.source import SceneOptions, SceneSource
from dgl_rsis.scene.work import Work


def run_facts(
    work: Work, model: Model, files: Mapping[str, Any], reading: SceneOptions
) -> dict[str, Any]:
    """What the result of a run depends on, in JSON types: a run may be resumed if it is equal."""
    card = model.backbone.card
    return {
        "version": __version__,
        "input": input_facts(work.source, files, reading),
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


def input_facts(
    source: SceneSource, files: Mapping[str, Any], reading: SceneOptions
) -> dict[str, Any]:
    """What is read, in JSON types."""
    aoi = None if reading.aoi is None else files_digest([Path(reading.aoi)])
    return {"files": dict(files), **source.facts, "aoi": aoi}


def file_facts(files: Sequence[str]) -> dict[str, Any]:
    """Size and time of change of local files, by name: what shows that an input was replaced.

    Args:
        files: of a scene; a VRT counts with the files that it is made of.

    Raises:
        ImageError: a file is gone, or a VRT cannot be opened.
    """
    facts = {}
    for name in with_sources(files):
        if opened_by_gdal(name):
            continue
        try:
            status = Path(name).stat()
        except OSError as error:
            raise ImageError(f"{name} cannot be read: {error.strerror}") from error
        facts[str(Path(name).resolve())] = [status.st_size, status.st_mtime_ns]
    return facts


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
