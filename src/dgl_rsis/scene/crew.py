"""Which executor computes the tiles of a run: this process, others on this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from dgl_rsis.errors import InputError
from dgl_rsis.scene.executors import Executor, Processes
from dgl_rsis.scene.ray_executor import TASKS_AT_ONCE, RayActors, check_cluster

if TYPE_CHECKING:
    from dgl_rsis.pipeline import Model

THREADS = 2
"""Of a run in this process: what one of them does beside the model costs no time."""

Task = TypeVar("Task")
Result = TypeVar("Result")
Maker: TypeAlias = Callable[[], Callable[[Task], Result]]


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

    def executor(
        self, maker: Callable[[int], Maker[Task, Result]], model: Model
    ) -> Executor[Task, Result]:
        """What runs workers in other processes.

        Args:
            maker: how many threads may call a worker at once -> what makes it where it runs.
            model: the one of this process, whose device the workers take, too.
        """
        if self.ray is None:
            return Processes(maker(1), self.workers or 1)
        is_on_gpu = model.settings.backbone.device.startswith("cuda")
        return RayActors(maker(TASKS_AT_ONCE), self.ray, self.workers, gpu=is_on_gpu)
