"""Which executor computes the tiles of a run: this process, others on this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from dgl_rsis.errors import InputError
from dgl_rsis.scene.executors import Executor, InProcess, Processes
from dgl_rsis.scene.ray_cluster import check_cluster
from dgl_rsis.scene.ray_executor import TASKS_AT_ONCE, RayActors
from dgl_rsis.scene.worker import WorkerMaker, WorkT

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model

THREADS = 2
"""Of a run in this process: what one of them does beside the model costs no time."""

Task = TypeVar("Task")
Result = TypeVar("Result")
TaskIn = TypeVar("TaskIn", contravariant=True)
ResultOut = TypeVar("ResultOut", covariant=True)


class Worker(Protocol[TaskIn, ResultOut]):
    """Computes tasks until it is closed."""

    def __call__(self, task: TaskIn, /) -> ResultOut:
        """Compute a task."""

    def close(self) -> None:
        """Close what it has opened."""


@dataclass(frozen=True)
class Crew:
    """Who computes the tiles of a run.

    Attributes:
        workers: processes, each with a model of its own; None for one, and with ``ray`` for as many
            as the cluster has room for.
        ray: address of a Ray cluster whose nodes run the workers, see ``RayActors``; None for this
            machine.
    """

    workers: int | None = None
    ray: str | None = None

    @property
    def is_alone(self) -> bool:
        """Whether this process computes everything by itself."""
        return self.ray is None and self.workers in (None, 1)

    def check(self, model: str | Model) -> None:
        """Say what is wrong before anything is read or loaded.

        Raises:
            InputError: the number makes no sense, the cluster does not answer, or workers cannot
                load the model.
            MissingExtraError: ``ray`` is given, and Ray is not installed.
        """
        if self.workers is not None and self.workers < 1:
            raise InputError(f"{self.workers} workers compute nothing; take 1 or more")
        if self.ray is not None:
            check_cluster(self.ray)
        if not (self.is_alone or isinstance(model, str) or model.name is not None):
            raise InputError("workers load a model by its name; pass the name, or take one worker")

    @contextmanager
    def executor(
        self, kind: Callable[[WorkT, Model, int], Worker[Task, Result]], work: WorkT, model: Model
    ) -> Iterator[Executor[Task, Result]]:
        """What runs workers, in a context that closes those of this process.

        Args:
            kind: of the workers: work, model, threads -> worker.
            work: what they compute.
            model: the one of this process, whose settings and device other workers take, too.
        """
        if self.is_alone:
            worker = kind(work, model, THREADS)
            try:
                yield InProcess(worker, THREADS)
            finally:
                worker.close()
            return
        assert model.name is not None  # what ``check`` is for
        make = partial(WorkerMaker, kind, work, model.name, model.settings)
        if self.ray is None:
            yield Processes(make(1), self.workers or 1)
        else:
            is_on_gpu = model.settings.backbone.device.startswith("cuda")
            yield RayActors(make(TASKS_AT_ONCE), self.ray, self.workers, gpu=is_on_gpu)
