"""Workers on a cluster: Ray actors hold the model, tiles are their tasks.

The tasks come from one process, which also takes the results and writes them; Ray only carries both
and says which worker has died. An actor has few tasks at a time and the next ones are not made
before, so that neither the cluster nor the process that writes holds more results than that. What a
dead worker had is computed again by others, and a new one takes its place as soon as the cluster has
room: nodes may come and go.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from dgl_rsis import __version__
from dgl_rsis.errors import InputError
from dgl_rsis.scene.executors import Failure, Result, Task
from dgl_rsis.scene.ray_cluster import connected

TASKS_AT_ONCE = 2
"""Of an actor: one is read, painted or sent while the model computes the other one."""
_DEATHS = 3  # workers that a task may take with it, and that may die in a row as they start
_PATIENCE = 300.0  # seconds without any worker


class RayActors(Generic[Task, Result]):
    """Actors on a Ray cluster.

    Args:
        make: makes the function that computes tasks, in each actor; several threads call it at
            once. It is pickled.
        address: ``auto`` (the cluster that this machine belongs to), ``local`` (one that lives as
            long as the run, on this machine), ``HOST:PORT`` of the head of one that this machine
            belongs to, or ``ray://HOST:PORT`` of one that it does not belong to.
        count: of actors; those that find no room yet start when a node joins. None for as many as
            there is room for when the run begins.
        gpu: whether each has an accelerator of its own, rather than a core.
    """

    def __init__(
        self,
        make: Callable[[], Callable[[Task], Result]],
        address: str,
        count: int | None = None,
        *,
        gpu: bool = False,
    ) -> None:
        self.make = make
        self.address = address
        self.count = count
        self.needs = {"num_cpus": 1, "num_gpus": 1 if gpu else 0}

    def run(self, tasks: Iterator[Task | None]) -> Generator[tuple[Task, Result | Failure]]:
        """Compute tasks by all actors.

        Raises:
            InputError: the cluster cannot be reached, has no room for a worker, or a worker cannot
                start on one of its nodes.
            MissingExtraError: Ray is not installed.
        """
        first = next(tasks, None)
        if first is None:
            return
        with connected(self.address, self.count) as ray:
            pool: _Pool[Task, Result] = _Pool(ray, self.make, self.needs)
            pool.again.append(_Job(first))
            try:
                for _ in range(self.count or self._room(ray)):
                    pool.start()
                yield from pool.results(tasks)
            finally:
                pool.close()

    def _room(self, ray: Any) -> int:
        """Actors that the cluster has room for, if nothing else runs on it."""
        kind = "GPU" if self.needs["num_gpus"] else "CPU"
        room = int(ray.cluster_resources().get(kind, 0))
        if not room:
            raise InputError(
                f"the Ray cluster at {self.address} has no {kind}; start a node with "
                f"`ray start --num-{kind.lower()}s N`"
            )
        return room


class RayWorker:
    """The life of an actor: makes its worker at once, then computes.

    Args:
        make: makes the function that computes tasks.
        folder: where the run was started; where a node has it, relative paths mean the same there.
        version: of this package, where the run was started.
    """

    def __init__(self, make: Callable[[], Callable[[Any], Any]], folder: str, version: str) -> None:
        self._work: Callable[[Any], Any] | None = None
        self._failure: Failure | None = None
        if version != __version__:
            self._failure = Failure(f"it has dgl-rsis {__version__}, and this run {version}")
            return
        if Path(folder).is_dir():
            os.chdir(folder)
        try:
            self._work = make()
        except Exception as error:  # told by the process that leads
            self._failure = Failure.of(error)

    def ready(self) -> tuple[str, Failure | None]:
        """Name of the node, and why no worker could be made on it."""
        return socket.gethostname(), self._failure

    def compute(self, task: Any) -> Any:
        """The result of a task, or why there is none."""
        assert self._work is not None  # the caller asked whether it is ready
        try:
            return self._work(task)
        except Exception as error:  # told by the process that leads
            return Failure.of(error)


@dataclass(eq=False)
class _Job(Generic[Task]):
    """A task, and how many workers died while they had it."""

    task: Task
    deaths: int = 0


@dataclass(eq=False)
class _Actor(Generic[Task]):
    """An actor, and what it was asked: result to be -> job; None for whether it is ready."""

    handle: Any
    asked: dict[Any, _Job[Task] | None] = field(default_factory=dict)
    is_ready: bool = False


class _Pool(Generic[Task, Result]):
    """The actors of a run.

    Args:
        ray: the module, connected.
        make: see :class:`RayActors`.
        needs: resources of an actor.
    """

    def __init__(
        self,
        ray: Any,
        make: Callable[[], Callable[[Task], Result]],
        needs: dict[str, int],
    ) -> None:
        self.ray = ray
        self.again: deque[_Job[Task]] = deque()
        self.actors: list[_Actor[Task]] = []
        self._failed_starts = 0
        self._new = ray.remote(RayWorker).options(
            **needs, max_concurrency=TASKS_AT_ONCE, scheduling_strategy="SPREAD"
        )
        self._arguments = ray.put(make), str(Path.cwd()), __version__

    def start(self) -> None:
        """Ask for one more actor."""
        actor: _Actor[Task] = _Actor(self._new.remote(*self._arguments))
        actor.asked[actor.handle.ready.remote()] = None
        self.actors.append(actor)

    def close(self) -> None:
        """End all actors."""
        for actor in self.actors:
            self.ray.kill(actor.handle)

    def results(self, tasks: Iterator[Task | None]) -> Generator[tuple[Task, Result | Failure]]:
        """Hand out tasks and wait for results until there are no more."""
        while True:
            while (actor := self._free()) is not None and (job := self._next(tasks)) is not None:
                actor.asked[actor.handle.compute.remote(job.task)] = job
            is_working = any(actor.is_ready and actor.asked for actor in self.actors)
            if not is_working:
                job = self._next(tasks)
                if job is None:
                    return
                self.again.appendleft(job)  # for the next actor that is ready
            by_reference = {each: actor for actor in self.actors for each in actor.asked}
            done, _ = self.ray.wait(
                list(by_reference), num_returns=1, timeout=None if is_working else _PATIENCE
            )
            if not done:
                raise InputError(
                    f"no worker could start within {_PATIENCE:.0f} s: the Ray cluster has no free "
                    "core or GPU, or its nodes are overloaded; see `ray status`, or run again with "
                    "--resume later"
                )
            yield from self._take(by_reference[done[0]], done[0])

    def _next(self, tasks: Iterator[Task | None]) -> _Job[Task] | None:
        if self.again:
            return self.again.popleft()
        task = next(tasks, None)
        return None if task is None else _Job(task)

    def _free(self) -> _Actor[Task] | None:
        """The actor with the fewest tasks that may have the next one.

        A task that a worker died of is computed alone: no other task shall suffer for it.
        """
        most = 1 if self.again and self.again[0].deaths else TASKS_AT_ONCE
        free = [
            actor
            for actor in self.actors
            if actor.is_ready
            and len(actor.asked) < most
            and not any(job is not None and job.deaths for job in actor.asked.values())
        ]
        return min(free, key=lambda actor: len(actor.asked), default=None)

    def _take(self, actor: _Actor[Task], reference: Any) -> Iterator[tuple[Task, Result | Failure]]:
        """What became of a task or of the start of an actor."""
        errors = self.ray.exceptions
        try:
            answer = self.ray.get(reference)
        except errors.RayTaskError as error:  # of Ray: the actor catches those of tasks
            answer = Failure.of(error.cause or error)
        except errors.RayError as error:
            yield from self._bury(actor, error)
            return
        job = actor.asked.pop(reference)
        if job is not None:
            yield job.task, answer
            return
        node, failure = ("a node", answer) if isinstance(answer, Failure) else answer
        if failure is not None:
            raise InputError(_cannot_start(node, failure.reason))
        actor.is_ready = True
        self._failed_starts = 0

    def _bury(self, actor: _Actor[Task], error: Exception) -> Iterator[tuple[Task, Failure]]:
        """Replace an actor that is lost, and see to its tasks."""
        # of Ray's paragraph, the line that says what happened, without its advice
        reason = str(error).strip().splitlines()[-1].partition(" Some common causes")[0]
        if getattr(error, "actor_init_failed", False):
            raise InputError(_cannot_start("a node", reason))
        self.actors.remove(actor)
        self.ray.kill(actor.handle)
        self._failed_starts += not actor.is_ready
        if self._failed_starts >= _DEATHS:
            raise InputError(_cannot_start("the cluster", f"it dies again and again: {reason}"))
        self.start()
        for job in actor.asked.values():
            if job is None:
                continue
            job.deaths += 1
            if job.deaths < _DEATHS:
                self.again.append(job)
            else:
                yield job.task, Failure(f"{_DEATHS} workers died of it: {reason}")


def _cannot_start(node: str, reason: str) -> str:
    return (
        f"a worker cannot start on {node}: {reason}; every node needs this version of dgl-rsis, and "
        "images and model under the same paths; finished tiles are kept: run again with --resume"
    )
