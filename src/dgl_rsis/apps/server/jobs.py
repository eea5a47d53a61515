"""Jobs: a bounded queue, a record of each on disk, and who wants to hear of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.job_folders import STOPPED, UNRECORDED, JobFolders, now
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import Problem, unknown
from dgl_rsis.errors import OutputError


@dataclass
class _Entry:
    """A job and who listens to it."""

    job: Job
    listeners: set[Callable[[], None]] = field(default_factory=set)


class JobBook:
    """All jobs of a server; safe to use from several threads.

    Every change is on disk before anybody hears of it, so that after a crash no job is lost: what
    had not ended is reported as failed. Where the disk takes no more, jobs end in memory, and say so.

    Args:
        folder: with a folder for each job.
        limits: of the server.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folders = JobFolders(folder)
        self._limits = limits
        self._entries = {job.id: _Entry(job) for job in self.folders.earlier()}
        self._given: str | None = None  # the job that the worker has, also after it was cancelled
        self._changed = threading.Condition()
        self._closed = False

    def all(self) -> list[Job]:
        """All jobs, the latest first."""
        with self._changed:
            return [entry.job for entry in reversed(self._entries.values())]

    def get(self, id_: str) -> Job:
        """The job of an id.

        Raises:
            Problem: there is none.
        """
        with self._changed:
            return self._entry(id_).job

    def counts(self) -> tuple[int, int]:
        """How many jobs wait, and how many run."""
        with self._changed:
            states = [entry.job.state for entry in self._entries.values()]
        return states.count("waiting"), states.count("running")

    def check_room(self) -> None:
        """Refuse a job where the queue is full.

        Raises:
            Problem: 429.
        """
        waiting, _ = self.counts()
        if waiting >= self._limits.waiting_jobs:
            raise Problem(
                429,
                "queue-full",
                f"{waiting} jobs wait already, as many as this server takes; ask again later",
                retry_after=5,
            )

    def add(
        self,
        place: Path,
        kind: str,
        scene: str,
        request: Mapping[str, Any],
        commands: Mapping[str, Any],
    ) -> Job:
        """Queue a job; one of a full queue is refused and its folder removed.

        Args:
            place: from :meth:`JobFolders.new`, with all that the job needs.
            kind: segment, refer or label.
            scene: id.
            request: what was asked for.
            commands: the same for the command line and Python.

        Raises:
            Problem: 429, the queue is full.
        """
        job = Job(place.name, kind, scene, request, commands, now())
        with self._changed:
            try:
                self.check_room()
                self.folders.record(job)
            except BaseException:
                self.folders.remove(place.name)
                raise
            self._entries[job.id] = _Entry(job)
            self._changed.notify_all()
        self._forget_old()
        return job

    def next(self, seconds: float) -> Job | None:
        """Take the job that waits longest, which runs from now on; None after so many seconds.

        Who asks has stopped the job that it was given before.
        """
        with self._changed:
            self._take_back()
            ends = time.monotonic() + seconds
            while not self._closed:
                for entry in self._entries.values():
                    if entry.job.state == "waiting":
                        self._given = entry.job.id
                        return self._change(
                            entry, state="running", message="starting", started=time.monotonic()
                        )
                if not self._changed.wait(max(0.0, ends - time.monotonic())):
                    return None
            return None

    def progress(self, id_: str, done: int, total: int, message: str) -> bool:
        """Record how far a job is; whether it is still wanted."""
        with self._changed:
            entry = self._entries.get(id_)
            if entry is None or entry.job.state != "running":
                return False
            self._change(entry, on_disk=False, done=done, total=total, message=message)
            return True

    def is_wanted(self, id_: str) -> bool:
        """Whether a job was neither cancelled nor forgotten."""
        with self._changed:
            entry = self._entries.get(id_)
            return entry is not None and entry.job.state == "running"

    def finish(
        self, id_: str, *, error: str | None = None, result: Mapping[str, Any] | None = None
    ) -> None:
        """End a running job; one that was cancelled or forgotten stays so."""
        with self._changed:
            entry = self._entries.get(id_)
            if entry is None or entry.job.state != "running":
                return
            state = "failed" if result is None else "done"
            job = entry.job
            done = job.total if result is not None else job.done
            self._change(
                entry, state=state, message=state, error=error, result=result, done=done,
                finished=now(),
            )  # fmt: skip

    def cancel(self, id_: str) -> Job:
        """Cancel a job, unless it has ended; the job as it is then.

        Raises:
            Problem: there is none.
        """
        with self._changed:
            entry = self._entry(id_)
            if not entry.job.has_ended:
                self._change(entry, state="cancelled", message="cancelled", finished=now())
            return entry.job

    def forget(self, id_: str) -> None:
        """Cancel a job, and forget it and its files.

        Raises:
            Problem: there is none.
        """
        with self._changed:
            self._entry(id_)
            self._forget(id_)

    def dismiss(self, id_: str) -> None:
        """Cancel a job, or forget one that has ended: what OGC API - Processes calls to dismiss.

        Raises:
            Problem: there is none.
        """
        with self._changed:
            if self._entry(id_).job.has_ended:
                self._forget(id_)
            else:
                self.cancel(id_)

    @contextmanager
    def listening(self, id_: str, listener: Callable[[], None]) -> Iterator[None]:
        """A context in which a function is called, from any thread, after changes of a job.

        Raises:
            Problem: there is no such job.
        """
        with self._changed:
            entry = self._entry(id_)
            entry.listeners.add(listener)
        try:
            yield
        finally:
            with self._changed:
                entry.listeners.discard(listener)

    def close(self) -> None:
        """Give out no more jobs; those that have not ended fail."""
        with self._changed:
            self._closed = True
            for entry in self._entries.values():
                if not entry.job.has_ended:
                    self._change(
                        entry, state="failed", error=STOPPED, message="failed", finished=now()
                    )
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether no more jobs are given out."""
        return self._closed

    def _entry(self, id_: str) -> _Entry:
        entry = self._entries.get(id_)
        if entry is None:
            raise unknown("job", id_)
        return entry

    def _change(self, entry: _Entry, *, on_disk: bool = True, **values: Any) -> Job:
        """Change a job and tell everybody; the lock is held.

        A job goes on, and ends, where its record cannot be written.
        """
        entry.job = replace(entry.job, **values)
        try:
            if on_disk and self.folders.place(entry.job.id).is_dir():
                self.folders.record(entry.job)
        except OutputError:
            if entry.job.has_ended:
                said = "; ".join(filter(None, (entry.job.error, UNRECORDED)))
                entry.job = replace(entry.job, error=said)
        finally:
            for listener in tuple(entry.listeners):
                listener()
            self._changed.notify_all()
        return entry.job

    def _forget_old(self) -> None:
        """Drop the oldest ended jobs beyond what is kept."""
        with self._changed:
            ended = [id_ for id_, entry in self._entries.items() if entry.job.has_ended]
        sizes = {id_: self.folders.size(id_) for id_ in ended}  # nobody waits for the disk
        with self._changed:
            for id_ in ended:
                if (
                    len(sizes) <= self._limits.kept_jobs
                    and sum(sizes.values()) <= self._limits.results_bytes
                ):
                    break
                del sizes[id_]
                if id_ in self._entries:
                    self._forget(id_)

    def _forget(self, id_: str) -> None:
        """Drop a job and tell everybody; the lock is held."""
        entry = self._entries.pop(id_)
        if id_ == self._given:
            self.folders.forget(id_)  # the worker still writes into its folder
        else:
            self.folders.remove(id_)
        for listener in tuple(entry.listeners):
            listener()
        self._changed.notify_all()

    def _take_back(self) -> None:
        """The worker has left the job that it was given; the lock is held."""
        if self._given is not None and self._given not in self._entries:
            self.folders.remove(self._given)
        self._given = None
