"""A record beside every output: what made it, from what, with which settings.

docs/design.md 2: versions, model, revision and licence, configuration, scene statistics, CRS,
parsed query. The same input, versions and settings give the same output, so this is all that it
takes to repeat a run.
"""

from __future__ import annotations

import json
import math
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dgl_rsis import __version__
from dgl_rsis.types import Query, Raster

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model

LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-image",
    "torch",
    "transformers",
    "rasterio",
    "shapely",
    "geopandas",
    "pyogrio",
    "pillow",
)


def manifest_path(output: Path) -> Path:
    """Where the manifest of an output lies: ``map.tif`` has ``map.tif.manifest.json``."""
    return output.with_name(output.name + ".manifest.json")


def library_versions() -> dict[str, str | None]:
    """Installed versions of the libraries that results depend on; None if not installed."""
    versions: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


@cache
def source_commit() -> str | None:
    """Commit of the checkout that runs, ``-dirty`` where files differ from it; None without one.

    It is that of the first call: what runs was loaded before.
    """
    folder = Path(__file__).parent
    asked = ("git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40")
    tracked = ("git", "-C", str(folder), "ls-files", "--error-unmatch", __file__)
    try:  # a package that was installed into somebody's checkout is none of its commits
        subprocess.run(tracked, capture_output=True, check=True)
        said = subprocess.run(asked, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()


def describe_input(raster: Raster) -> dict[str, Any]:
    """The input file, what reading it decided, and where it lies."""
    height, width = raster.shape
    described: dict[str, Any] = {
        "path": None,
        "width": width,
        "height": height,
        "valid_share": float(raster.valid.mean()),
        "crs": None,
        "transform": None,
        "metres_per_pixel": None,
        "facts": dict(raster.facts),
    }
    if raster.source is not None:
        file = Path(raster.source).resolve()
        described["path"] = str(file)
        if file.is_file():
            status = file.stat()
            described["bytes"] = status.st_size
            described["modified"] = _utc(datetime.fromtimestamp(status.st_mtime, UTC))
    if raster.frame is not None:
        described |= {
            "crs": raster.frame.crs,
            "transform": list(raster.frame.transform),
            "metres_per_pixel": raster.frame.metres_per_pixel,
            "north": raster.frame.north,
        }
    return described


def describe_query(query: Query) -> dict[str, Any]:
    """What was understood of a sentence, in JSON types."""
    return {
        "sentence": query.text,
        "understood": str(query),
        "target": asdict(query.target),
        "count": query.count,
        "program": query.program.to_json(),
        "unexecuted": list(query.unexecuted),
    }


def make_manifest(
    *,
    command: str,
    options: Mapping[str, Any],
    raster: Raster | None,
    outputs: Sequence[Path],
    seconds: float,
    model: Model | None = None,
    facts: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything about one run, in JSON types.

    Args:
        command: name of the command or function.
        options: what the user asked for, beyond the defaults.
        raster: the image as it was read; None where ``facts`` has the ``input``.
        outputs: files that were written.
        seconds: how long the run took.
        model: what computed it; None where no model was needed.
        facts: of this kind of run: classes and colours, queries.
        notes: what was decided on the way.
    """
    manifest: dict[str, Any] = {
        "command": command,
        "options": dict(options),
        "finished": _utc(datetime.now(UTC)),
        "seconds": round(seconds, 3),
        "outputs": [str(path.resolve()) for path in outputs],
        "input": None if raster is None else describe_input(raster),
    }
    if model is not None:
        manifest["model"] = asdict(model.backbone.card)
        if model.used_matcher is not None:
            manifest["matcher"] = asdict(model.used_matcher.card)
        manifest["settings"] = model.settings.model_dump(mode="json")
    return {
        **manifest,
        **(facts or {}),
        "notes": list(notes),
        "versions": {
            "dgl-rsis": __version__,
            "commit": source_commit(),
            "python": platform.python_version(),
            **library_versions(),
        },
    }


def write_manifest(output: Path, manifest: Mapping[str, Any]) -> Path:
    """Write a manifest beside its output.

    Returns:
        Path of the manifest.

    Raises:
        OutputError: it cannot be written; nothing is left then.
    """
    from dgl_rsis.geo.output_file import atomic

    target = manifest_path(output)
    with atomic(target) as temporary:
        temporary.write_text(to_json(manifest) + "\n", encoding="utf-8")
    return target


def to_json(value: Any) -> str:
    """JSON text with two spaces of indentation; NaN and infinity become null."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """The same value in JSON types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
