"""The thread that gives jobs to the process with the model, and takes what it says."""

from __future__ import annotations

import multiprocessing
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.jobs import JobBook
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.model_process import serve_tasks
from dgl_rsis.apps.server.problems import public
from dgl_rsis.apps.server.tasks import Task
from dgl_rsis.errors import DglRsisError

_LOOK = 0.2  # seconds between looks at whether a job is still wanted
_DEAD = "jobs are not computed any more; start the server again"
_FAULT = "the program failed on this job; the server's log says where"
_DIED = "the process with the model died, which may be for lack of memory; ask about a smaller area"


class Worker:
    """One process with a model, started when it is needed, replaced where it dies or hangs.

    Args:
        book: where jobs come from.
        choice: of the model.
        limits: of the server.
        task_of: what the process is told about a job; raises DglRsisError where that is impossible.
    """

    def __init__(
        self,
        book: JobBook,
        choice: ModelChoice,
        limits: Limits,
        task_of: Callable[[Job], Task],
    ) -> None:
        self._book = book
        self._choice = choice
        self._limits = limits
        self._task_of = task_of
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._warm = False
        self.model: dict[str, Any] | None = None
        self.broken: str | None = None

    def start(self, *, warm: bool) -> None:
        """Begin to take jobs; ``warm`` starts the process before the first."""
        self._warm = warm
        self._thread.start()

    def stop(self) -> None:
        """Stop the process and the thread; jobs that have not ended fail."""
        self._book.close()
        if self._process is not None:
            self._process.kill()
        if self._thread.is_alive():
            self._thread.join(10)

    @property
    def trouble(self) -> str | None:
        """Why no jobs are computed; None while they are."""
        is_dead = self._thread.ident is not None and not self._thread.is_alive()
        return _DEAD if is_dead and not self._book.is_closed else self.broken

    def _run(self) -> None:
        if self._warm:
            self._begin()
        while not self._book.is_closed:
            job = self._book.next(1.0)
            if job is not None:
                self._attempt(job)

    def _attempt(self, job: Job) -> None:
        """Compute a job; whatever goes wrong ends this one and no other."""
        try:
            self._compute(job, self._task_of(job))
        except DglRsisError as error:
            self._book.finish(job.id, error=public(error))
        except Exception:
            traceback.print_exc()  # for the operator; it is a fault of the program
            self._end()  # its next message would be taken for one of the next job
            self._book.finish(job.id, error=_FAULT)

    def _compute(self, job: Job, task: Task) -> None:
        connection = self._connection or self._begin()
        if connection is None:
            self._book.finish(job.id, error=self.broken or _DIED)
            return
        limit = time.monotonic() + self._limits.job_seconds
        stopped: float | None = None
        try:
            connection.send(task)
            while True:
                now = time.monotonic()
                if stopped is None and (now > limit or not self._book.is_wanted(job.id)):
                    connection.send(None)
                    stopped = now
                    if now > limit:
                        hours = self._limits.job_seconds / 3600
                        self._book.finish(
                            job.id,
                            error=f"the job took longer than the {hours:g} h that this server "
                            "gives; ask about a smaller area",
                        )
                if stopped is not None and now - stopped > self._limits.cancel_seconds:
                    self._end()
                    break
                if not connection.poll(_LOOK):
                    continue
                kind, *values = connection.recv()
                if kind == "progress":
                    self._book.progress(job.id, *values)
                elif kind == "done":
                    self._book.finish(job.id, result=values[0])
                    break
                else:
                    self._book.finish(job.id, error=values[0])
                    break
        except (EOFError, OSError):
            self._end()
            self._book.finish(job.id, error=_DIED)
        self._book.finish(job.id, error=_DIED)  # nothing, where it has ended

    def _begin(self) -> Connection | None:
        """Start the process and wait for its model."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=serve_tasks, args=(theirs, self._choice), name="model", daemon=True
        )
        try:
            process.start()
        except OSError as error:
            self.broken = f"the process with the model cannot be started: {error.strerror}"
            return None
        theirs.close()
        self._process = process
        try:
            while not ours.poll(_LOOK):
                if self._book.is_closed:
                    process.kill()
                    return None
            kind, said = ours.recv()
        except (EOFError, OSError):
            kind, said = "broken", _DIED
        if kind != "ready":
            self.broken = str(said)
            self._end()
            return None
        self.model, self.broken = said, None
        self._connection = ours
        return ours

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(5)
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
