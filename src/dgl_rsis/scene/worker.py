"""What workers on tiles share: a model that does one thing at a time, and readers of the scene."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from dgl_rsis.config import Settings
from dgl_rsis.geo.windows import Box
from dgl_rsis.scene.source import SceneReader, SceneSource
from dgl_rsis.types import Raster

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model


class OfScene(Protocol):
    """Work on a scene."""

    @property
    def source(self) -> SceneSource:
        """The scene."""


WorkT = TypeVar("WorkT", bound=OfScene)
WorkerT = TypeVar("WorkerT")


class SceneWorker(Generic[WorkT]):
    """A model, and the scene that it works on.

    Args:
        work: what is computed.
        model: the model; hold ``in_model`` while it is asked.
        threads: how many may call the worker at once; the scene is opened for each of them.
    """

    def __init__(self, work: WorkT, model: Model, threads: int = 1) -> None:
        self.work = work
        self.model = model
        self.in_model = Lock()
        self._readers = [SceneReader(work.source) for _ in range(threads)]
        self._free: SimpleQueue[SceneReader] = SimpleQueue()
        for reader in self._readers:
            self._free.put(reader)

    def pixels(self, box: Box) -> Raster:
        """What ``SceneReader.read`` gives, by a reader that no other thread uses."""
        reader = self._free.get()
        try:
            return reader.read(box)
        finally:
            self._free.put(reader)

    def close(self) -> None:
        """Close the scene."""
        for reader in reversed(self._readers):
            reader.close()


@dataclass(frozen=True)
class WorkerMaker(Generic[WorkT, WorkerT]):
    """Makes a worker where it is called; it can be sent to another process.

    Attributes:
        kind: of the worker: work, model, threads -> worker.
        work: what is computed.
        name: of the model, see ``pipeline.load``.
        settings: of all stages.
        threads: how many may call the worker at once.
    """

    kind: Callable[[WorkT, Model, int], WorkerT]
    work: WorkT
    name: str
    settings: Settings
    threads: int

    def __call__(self) -> WorkerT:
        """Load the model and open the scene."""
        from dgl_rsis.pipeline import load

        # the process that leads has given the notice of the model
        logging.getLogger("dgl_rsis").addHandler(logging.NullHandler())
        model = load(self.name, settings=self.settings.model_dump())
        return self.kind(self.work, model, self.threads)
