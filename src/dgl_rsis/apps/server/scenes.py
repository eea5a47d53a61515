"""The scenes that can be asked about: those of the command line, and uploads."""

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
from dgl_rsis.geo.dataset import open_raster
from dgl_rsis.scene.source import SceneSource
from dgl_rsis.scene.survey import plan_source

_NAME_LENGTH = 100


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
    """

    id: str
    name: str
    path: Path
    uploaded: bool
    source: SceneSource
    bands: int

    @cached_property
    def placement(self) -> Placement:
        """Where it lies on the map of the page."""
        return Placement.of(self.source.frame, self.source.shape)

    @property
    def look(self) -> Look:
        """How its values become a picture."""
        return Look(self.source.choice, self.source.limits)

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
            "bytes": self.path.stat().st_size,
            "crs": None if frame is None else frame.crs,
            "georeferenced": placement.georeferenced,
            "metres_per_pixel": None if area is None else round(area**0.5, 9),
            "bounds": list(placement.bounds),
            "min_zoom": least,
            "max_zoom": most,
            "uploaded": self.uploaded,
        }


def open_scene_file(id_: str, name: str, path: Path, *, uploaded: bool) -> Scene:
    """Look at a file that may be opened.

    Raises:
        ImageError: it cannot be read as a scene.
    """
    with guarded():
        source = plan_source(path)
        with open_raster(path) as dataset:
            bands = int(dataset.count)
    return Scene(id_, name, path, uploaded, source, bands)


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

    def add_files(self, files: Sequence[Path]) -> None:
        """Open files of the command line.

        Raises:
            ImageError: one cannot be read as a scene.
        """
        for path in files:
            digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
            word = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40]
            id_ = f"{word}-{digest}" if word else digest
            scene = open_scene_file(id_, path.name, path, uploaded=False)
            with self._lock:
                self._scenes[id_] = scene

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

    def add_upload(self, folder: Path, path: Path, name: str) -> Scene:
        """Open an upload whose file was checked and converted.

        Args:
            folder: from :meth:`new_folder`.
            path: of the file in it.
            name: that the client gave it.

        Raises:
            ImageError: it cannot be read as a scene.
        """
        scene = open_scene_file(folder.name, shown_name(name), path, uploaded=True)
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
