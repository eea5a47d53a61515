"""What the process with the model keeps between jobs: models, prepared images, open scenes."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.tasks import Task
from dgl_rsis.config import make_settings
from dgl_rsis.geo.raster import read_raster
from dgl_rsis.pipeline import Model, load
from dgl_rsis.progress import Progress
from dgl_rsis.scene.source import SceneOptions
from dgl_rsis.scene.survey import pixels_asked

if TYPE_CHECKING:
    from dgl_rsis.prepared import PreparedImage
    from dgl_rsis.scene.asking import OpenScene
    from dgl_rsis.types import Raster

RANKED = 50
"""Candidates of an answer that are kept."""
_PREPARED_PIXELS = 3_000_000  # of images that are kept for a second sentence: 0.4 kB for each
_OPEN_SCENES = 2
_TABLES = 8  # tables of large scenes on disk


@dataclass
class ModelCache:
    """Models and what was made with them.

    Attributes:
        choice: of the model, and what differs from every preset.
    """

    choice: ModelChoice
    _models: dict[str, Model] = field(default_factory=dict)
    _prepared: OrderedDict[Any, PreparedImage] = field(default_factory=OrderedDict)
    _scenes: OrderedDict[Any, OpenScene] = field(default_factory=OrderedDict)

    def model(self, preset: str) -> Model:
        """The model with the settings of a preset; the weights are shared."""
        if not self._models:
            choice = self.choice
            self._models[choice.preset] = load(
                choice.name, preset=choice.preset, settings=choice.overrides
            )
        if preset not in self._models:
            first = next(iter(self._models.values()))
            settings = make_settings(preset, self._overrides())
            self._models[preset] = Model(first.backbone, settings, first.used_matcher, first.name)
        return self._models[preset]

    def ranking_model(self, preset: str) -> Model:
        """The same, which ranks as many candidates as the service shows."""
        key = f"{preset}:ranked"
        if key not in self._models:
            model = self.model(preset)
            overrides = self._overrides()
            overrides["select"] = {**overrides.get("select", {}), "top_k": RANKED}
            settings = make_settings(preset, overrides)
            self._models[key] = Model(model.backbone, settings, model.explainer, model.name)
        return self._models[key]

    def is_large(self, task: Task, model: Model) -> bool:
        """Whether a scene, or the part asked about, is computed in tiles."""
        return pixels_asked(task.path, reading(task)) > model.settings.local.max_side**2

    def raster(self, task: Task) -> Raster:
        """The scene, or the part asked about, in memory."""
        return read_raster(task.path, bands=task.bands, aoi=task.area)

    def prepared(self, task: Task, model: Model, sentence: str) -> PreparedImage:
        """The image ready for sentences, kept from before if possible."""
        status = task.path.stat()
        area = None if task.area is None else task.area.read_bytes()
        settings = model.settings
        nouns = None if settings.proposals.proposer == "tree" else sentence
        file = (task.path, status.st_mtime_ns, status.st_size, task.bands)
        key = (file, area, str(settings), nouns)
        found = self._prepared.pop(key, None)
        if found is None:
            found = model.prepare(self.raster(task), [sentence])
        self._prepared[key] = found
        while len(self._prepared) > 1 and self._pixels() > _PREPARED_PIXELS:
            self._prepared.popitem(last=False)
        return found

    def scene(self, task: Task, model: Model, progress: Progress) -> OpenScene:
        """A large scene with its table, which is made where there is none."""
        import hashlib

        from dgl_rsis.scene.asking import open_scene
        from dgl_rsis.scene.journal import journal_folder

        status = task.path.stat()
        file = (task.path, status.st_mtime_ns, status.st_size)
        facts = (*file, str(model.settings), *(task.bands or ()))
        digest = hashlib.sha256(repr(facts).encode())
        digest.update(b"" if task.area is None else task.area.read_bytes())
        key = digest.hexdigest()[:24]
        found = self._scenes.pop(key, None)
        if found is None:
            table = task.tables / key
            task.tables.mkdir(mode=0o700, parents=True, exist_ok=True)
            aoi = None
            if task.area is not None:  # beside the table, as the folder of the job may go
                aoi = task.tables / f"{key}.geojson"
                shutil.copyfile(task.area, aoi)
            found = open_scene(
                task.path,
                model=model,
                reading=SceneOptions(bands=task.bands, aoi=None if aoi is None else str(aoi)),
                table=table,
                resume=journal_folder(table).exists(),
                progress=progress,
            )
            _drop_old_tables(task.tables, table)
        self._scenes[key] = found
        while len(self._scenes) > _OPEN_SCENES:
            self._scenes.popitem(last=False)
        return found

    def _overrides(self) -> dict[str, dict[str, Any]]:
        return {stage: dict(options) for stage, options in self.choice.overrides.items()}

    def _pixels(self) -> int:
        return sum(each.raster.shape[0] * each.raster.shape[1] for each in self._prepared.values())


def reading(task: Task) -> SceneOptions:
    """How the scene of a task is read."""
    return SceneOptions(bands=task.bands, aoi=None if task.area is None else str(task.area))


def _drop_old_tables(folder: Path, used: Path) -> None:
    """Keep the tables that were made last."""
    tables = sorted(
        (each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")),
        key=lambda each: each.stat().st_mtime,
        reverse=True,
    )
    for each in tables[_TABLES:]:
        if each != used:
            shutil.rmtree(each, ignore_errors=True)
            each.with_suffix(".geojson").unlink(missing_ok=True)
