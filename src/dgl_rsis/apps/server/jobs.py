"""Jobs: a bounded queue, a record of each on disk, and who wants to hear of changes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import Problem, unknown
from dgl_rsis.geo.output_file import atomic

RECORD = "job.json"
RESULT = "result.json"
ENDED = ("done", "failed", "cancelled")
_STOPPED = "the server was stopped while this job ran; ask again"


@dataclass(frozen=True)
class Job:
    """A request that takes time.

    Attributes:
        id: in addresses; nobody guesses it.
        kind: segment, refer or label.
        scene: id of the scene.
        request: what was asked for.
        commands: the same for the command line and Python.
        created: moment, UTC.
        state: waiting, running, done, failed or cancelled.
        done: steps that are done.
        total: steps in all; 0 where that is not known yet.
        message: what happens now.
        started: seconds of the machine's clock when it began to run; None before.
        finished: moment, UTC; None before.
        error: a sentence where it failed.
        result: what came out, where it is done.
    """

    id: str
    kind: str
    scene: str
    request: Mapping[str, Any]
    commands: Mapping[str, str]
    created: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    message: str = "waiting"
    started: float | None = None
    finished: str | None = None
    error: str | None = None
    result: Mapping[str, Any] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in ENDED

    def to_json(self) -> dict[str, Any]:
        """What the service says about it."""
        values = asdict(self)
        del values["started"]
        return {**values, "seconds_left": self._seconds_left()}

    def _seconds_left(self) -> float | None:
        if self.state != "running" or self.started is None or not 0 < self.done < self.total:
            return None
        spent = time.monotonic() - self.started
        return round(spent * (self.total - self.done) / self.done, 1)


@dataclass
class _Entry:
    """A job and who listens to it."""

    job: Job
    listeners: set[Callable[[], None]] = field(default_factory=set)


class JobBook:
    """All jobs of a server; safe to use from several threads.

    Every change is on disk before anybody hears of it, so that after a crash no job is lost: what
    had not ended is reported as failed.

    Args:
        folder: with a folder for each job.
        limits: of the server.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self._limits = limits
        self._entries: dict[str, _Entry] = {}
        self._changed = threading.Condition()
        self._closed = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = [job for place in folder.iterdir() if (job := self._take_up(place)) is not None]
        for job in sorted(found, key=lambda each: each.created):
            self._entries[job.id] = _Entry(job)

    def _take_up(self, place: Path) -> Job | None:
        """A job of an earlier run of the server; None where it was not accepted yet."""
        record = place / RECORD
        if not record.is_file():
            shutil.rmtree(place, ignore_errors=True)
            return None
        try:
            job = Job(**json.loads(record.read_text(encoding="utf-8")), started=None)
        except (ValueError, TypeError):
            shutil.rmtree(place, ignore_errors=True)  # of another version
            return None
        if not job.has_ended:
            job = replace(job, state="failed", error=_STOPPED, message="failed", finished=_now())
            self._record(job)
        return job

    def place(self, id_: str) -> Path:
        """Folder of a job."""
        return self.folder / id_

    def new_place(self) -> Path:
        """A private folder for a job that is being asked for; its name is the id of the job."""
        place = self.folder / secrets.token_hex(8)
        place.mkdir(mode=0o700)
        return place

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
        commands: Mapping[str, str],
    ) -> Job:
        """Queue a job; one of a full queue is refused and its folder removed.

        Args:
            place: from :meth:`new_place`, with all that the job needs.
            kind: segment, refer or label.
            scene: id.
            request: what was asked for.
            commands: the same for the command line and Python.

        Raises:
            Problem: 429, the queue is full.
        """
        job = Job(place.name, kind, scene, request, commands, _now())
        with self._changed:
            try:
                self.check_room()
                self._record(job)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            self._entries[job.id] = _Entry(job)
            self._changed.notify_all()
        self._forget_old()
        return job

    def next(self, seconds: float) -> Job | None:
        """Take the job that waits longest, which runs from now on; None after so many seconds."""
        with self._changed:
            ends = time.monotonic() + seconds
            while not self._closed:
                for entry in self._entries.values():
                    if entry.job.state == "waiting":
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
            if entry is None:
                shutil.rmtree(self.place(id_), ignore_errors=True)
                return
            if entry.job.state != "running":
                return
            state = "failed" if result is None else "done"
            job = entry.job
            done = job.total if result is not None else job.done
            self._change(
                entry, state=state, message=state, error=error, result=result, done=done,
                finished=_now(),
            )  # fmt: skip

    def cancel(self, id_: str) -> None:
        """Cancel a job, or forget one that has ended.

        Raises:
            Problem: there is none.
        """
        with self._changed:
            entry = self._entry(id_)
            if not entry.job.has_ended:
                self._change(entry, state="cancelled", message="cancelled", finished=_now())
                return
            self._forget(id_)

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

    def wait(self, id_: str, seconds: float) -> Job:
        """The job as it ended, or as it is after so many seconds.

        Raises:
            Problem: there is none.
        """
        ends = time.monotonic() + seconds
        with self._changed:
            while not self._entry(id_).job.has_ended:
                if not self._changed.wait(max(0.0, ends - time.monotonic())):
                    break
            return self._entry(id_).job

    def close(self) -> None:
        """Give out no more jobs; those that have not ended fail."""
        with self._changed:
            self._closed = True
            for entry in self._entries.values():
                if not entry.job.has_ended:
                    self._change(
                        entry, state="failed", error=_STOPPED, message="failed", finished=_now()
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
        """Change a job and tell everybody; the lock is held."""
        entry.job = replace(entry.job, **values)
        if on_disk and self.place(entry.job.id).is_dir():
            self._record(entry.job)
        for listener in tuple(entry.listeners):
            listener()
        self._changed.notify_all()
        return entry.job

    def _record(self, job: Job) -> None:
        values = asdict(job)
        del values["started"]
        with (
            atomic(self.place(job.id) / RECORD) as temporary,
            temporary.open("w", encoding="utf-8") as stream,
        ):
            json.dump(values, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def _forget_old(self) -> None:
        """Drop the oldest ended jobs beyond what is kept."""
        with self._changed:
            ended = [id_ for id_, entry in self._entries.items() if entry.job.has_ended]
            for id_ in ended[: max(0, len(ended) - self._limits.kept_jobs)]:
                self._forget(id_)
            ended = [id_ for id_ in ended if id_ in self._entries]
            sizes = {id_: _size(self.place(id_)) for id_ in ended}
            while ended and sum(sizes.values()) > self._limits.results_bytes:
                del sizes[ended[0]]
                self._forget(ended.pop(0))

    def _forget(self, id_: str) -> None:
        del self._entries[id_]
        shutil.rmtree(self.place(id_), ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
