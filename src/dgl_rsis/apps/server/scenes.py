"""The scenes that can be asked about: those of the command line, and uploads.

A scene is its files as they were when the server opened them. Where they are replaced, nothing is
read from them any more, as bands, stretch and place are those of the files before; after a restart
they are a scene of another id.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.opening import guarded
from dgl_rsis.apps.server.placing import Placement
from dgl_rsis.apps.server.problems import Problem, unknown
from dgl_rsis.apps.server.tiles import Look
from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import open_raster, with_sources
from dgl_rsis.scene.source import SceneOptions, SceneSource
from dgl_rsis.scene.survey import plan_source

Stamps = tuple[tuple[int, int], ...]
"""When files were changed, in nanoseconds, and how many bytes they have."""
_NAME_LENGTH = 100
_NO_OPTION = " (--nodata none ignores it)"  # of other commands, not of the server


@dataclass(frozen=True)
class Scene:
    """A scene that is open.

    Attributes:
        id: in addresses.
        name: for people.
        path: of its file.
        uploaded: whether a client sent it.
        source: how it is read.
        bands: how many the file has.
        picked: bands that were asked for; None goes by the file.
        files: the file, and the sources of a virtual raster.
        stamps: of these files.
    """

    id: str
    name: str
    path: Path
    uploaded: bool
    source: SceneSource
    bands: int
    picked: tuple[int, ...] | None
    files: tuple[Path, ...]
    stamps: Stamps

    @cached_property
    def placement(self) -> Placement:
        """Where it lies on the map of the page."""
        return Placement.of(self.source.frame, self.source.shape)

    @property
    def look(self) -> Look:
        """How its values become a picture."""
        return Look(self.source.choice, self.source.limits)

    def check_files(self) -> None:
        """Refuse to read files that are not those that were opened.

        Raises:
            Problem: 404 one is gone, 409 one was changed.
        """
        try:
            stamps = _stamps(self.files)
        except OSError as error:
            raise Problem(
                404,
                "scene-gone",
                f"the file of {self.name} was moved or deleted; put it back, or start the server "
                "again",
            ) from error
        if stamps != self.stamps:
            raise Problem(
                409,
                "scene-changed",
                f"the file of {self.name} was changed after the server had opened it; start the "
                "server again",
            )

    def to_json(self) -> dict[str, Any]:
        """What the service says about it."""
        height, width = self.source.shape
        frame, placement = self.source.frame, self.placement
        area = None if frame is None else frame.pixel_area_m2
        least, most = placement.zooms()
        return {
            "id": self.id,
            "name": self.name,
            "width": width,
            "height": height,
            "count": self.bands,
            "dtype": self.source.facts["dtype"],
            "bytes": self.stamps[0][1],
            "crs": None if frame is None else frame.crs,
            "georeferenced": placement.georeferenced,
            "metres_per_pixel": None if area is None else round(area**0.5, 9),
            "bounds": list(placement.bounds),
            "min_zoom": least,
            "max_zoom": most,
            "uploaded": self.uploaded,
        }


def open_scene_file(
    id_: str, name: str, path: Path, *, uploaded: bool, bands: tuple[int, ...] | None = None
) -> Scene:
    """Look at a file that may be opened.

    Args:
        id_: in addresses.
        name: for people.
        path: resolved.
        uploaded: whether a client sent it.
        bands: one or three that make the picture; None goes by the file.

    Raises:
        InputError: it cannot be read as a scene, or has no such bands.
        OSError: it is gone.
    """
    with guarded():
        files = (path, *_sources(path))
        stamps = _stamps(files)
        try:
            source = plan_source(path, SceneOptions(bands=bands))
        except InputError as error:
            raise InputError(str(error).replace(_NO_OPTION, "")) from error
        with open_raster(path) as dataset:
            count = int(dataset.count)
    return Scene(id_, name, path, uploaded, source, count, bands, files, stamps)


def _sources(path: Path) -> list[Path]:
    """The files that a virtual raster is made of; those beside them may change at any time."""
    others = with_sources([str(path)])[1:]
    return [Path(name) for name in others if not name.endswith(".aux.xml")]


def _stamps(files: Sequence[Path]) -> Stamps:
    found = [file.stat() for file in files]
    return tuple((each.st_mtime_ns, each.st_size) for each in found)


class SceneStore:
    """All scenes of a server; safe to use from several threads.

    Args:
        folder: of uploads, private; what is in it is removed.
        limits: of the server.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._scenes: dict[str, Scene] = {}
        self._reserved: dict[str, int] = {}
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    def add_files(
        self, files: Sequence[Path], bands: tuple[int, ...] | None = None
    ) -> tuple[str, ...]:
        """Open files of the command line.

        Args:
            files: resolved paths.
            bands: one or three that make the picture; None goes by each file.

        Returns:
            What was left out, and why, for people.
        """
        refused = []
        for path in files:
            try:
                scene = open_scene_file("", path.name, path, uploaded=False, bands=bands)
            except (InputError, OSError) as error:
                refused.append(" ".join(str(error).split()))
                continue
            digest = hashlib.sha256(repr((str(path), scene.stamps)).encode()).hexdigest()[:8]
            word = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40]
            id_ = f"{word}-{digest}" if word else digest
            with self._lock:
                self._scenes[id_] = replace(scene, id=id_)
        return tuple(refused)

    def all(self) -> list[Scene]:
        """All scenes, those of the command line first."""
        with self._lock:
            return list(self._scenes.values())

    def get(self, id_: str) -> Scene:
        """The scene of an id.

        Raises:
            Problem: there is none.
        """
        with self._lock:
            scene = self._scenes.get(id_)
        if scene is None:
            raise unknown("scene", id_)
        return scene

    def new_folder(self) -> Path:
        """A private folder for one upload."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder

    def reserve(self, folder: Path, size: int) -> None:
        """Take room for an upload.

        Raises:
            Problem: the quota is used up.
        """
        with self._lock:
            used = sum(self._reserved.values()) - self._reserved.get(folder.name, 0)
            free = shutil.disk_usage(self._folder).free
            if used + size > self._limits.quota_bytes or size > free:
                raise Problem(
                    507,
                    "quota-full",
                    f"{used / 2**20:.0f} of {self._limits.quota_bytes / 2**20:.0f} MiB for uploads "
                    "are used, and this one does not fit; delete an uploaded scene first",
                )
            self._reserved[folder.name] = size

    def add_upload(
        self, folder: Path, path: Path, name: str, bands: tuple[int, ...] | None = None
    ) -> Scene:
        """Open an upload whose file was checked and converted.

        Args:
            folder: from :meth:`new_folder`.
            path: of the file in it.
            name: that the client gave it.
            bands: one or three that make the picture; None goes by the file.

        Raises:
            InputError: it cannot be read as a scene, or has no such bands.
        """
        shown = shown_name(name)
        try:
            scene = open_scene_file(folder.name, shown, path, uploaded=True, bands=bands)
        except InputError as error:
            said = str(error).replace(str(path), shown)
            raise InputError(said.replace("--bands", "the form field bands")) from error
        source = replace(scene.source, files=(scene.name,))
        with self._lock:
            self._scenes[scene.id] = replace(scene, source=source)
            return self._scenes[scene.id]

    def drop_upload(self, folder: Path) -> None:
        """Remove an upload and what is left of it."""
        with self._lock:
            self._scenes.pop(folder.name, None)
            self._reserved.pop(folder.name, None)
        shutil.rmtree(folder, ignore_errors=True)

    def delete(self, id_: str) -> None:
        """Delete an uploaded scene.

        Raises:
            Problem: there is none, or it was not uploaded.
        """
        scene = self.get(id_)
        if not scene.uploaded:
            raise Problem(
                403,
                "not-uploaded",
                f"{scene.name} was named when the server started and stays; only uploads are "
                "deleted",
            )
        self.drop_upload(self._folder / scene.id)

    def close(self) -> None:
        """Remove all uploads."""
        shutil.rmtree(self._folder, ignore_errors=True)


def shown_name(name: str) -> str:
    """The name that a client gave a file, for people: never a path."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    return plain[:_NAME_LENGTH] or "upload"
