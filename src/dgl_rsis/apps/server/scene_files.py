"""The scenes of the command line: files, and the rasters in folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dgl_rsis.apps.server.scene_checks import check_scene
from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import SUFFIXES, opened_by_gdal


@dataclass(frozen=True)
class Found:
    """Scenes of the command line.

    Attributes:
        files: resolved paths.
        refused: what was left out, and why, for people.
    """

    files: tuple[Path, ...]
    refused: tuple[str, ...]


def find_scenes(paths: Sequence[str]) -> Found:
    """The files that arguments of the command line name.

    Args:
        paths: rasters, and folders whose rasters are taken; not those in folders in them.

    Raises:
        InputError: an argument is no local file or folder, or a file of it may not be opened.
    """
    files: list[Path] = []
    refused: list[str] = []
    for name in paths:
        if opened_by_gdal(name):
            raise InputError(f"{name} is no local path; download it and pass the file")
        path = Path(name)
        if not path.exists():
            raise InputError(f"{path} does not exist; check the path")
        if not path.is_dir():
            resolved = path.resolve()
            check_scene(resolved, resolved.parent)
            files.append(resolved)
            continue
        folder = path.resolve()
        inside = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)
        if not inside:
            raise InputError(
                f"{path} holds no rasters ({', '.join(SUFFIXES)}); pass another folder"
            )
        for each in inside:
            try:
                resolved = each.resolve(strict=True)
                if not resolved.is_relative_to(folder):
                    raise InputError(
                        f"{each} is a link that leads out of {folder}; name its target"
                    )
                check_scene(resolved, folder)
            except (InputError, OSError) as error:
                refused.append(" ".join(str(error).split()))
            else:
                files.append(resolved)
    return Found(tuple(dict.fromkeys(files)), tuple(refused))
