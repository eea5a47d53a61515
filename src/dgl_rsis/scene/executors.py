"""Who computes the tasks: this process, or workers on this machine (a cluster: ``ray_executor``).

An executor takes tasks from an iterator when it has room for one and yields each with its result
as it is finished, in any order. ``None`` in the iterator means that no task is ready before
another result was seen: so there are never more results in memory than workers.

A worker is a function from a task to a result. It is made where it runs, once, and keeps what is
expensive (the model, the open scene). A task that raises, or kills its worker, yields a
:class:`Failure`; a killed worker is replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, Protocol, TypeVar

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Task = TypeVar("Task")
Result = TypeVar("Result")
Answer = TypeVar("Answer", covariant=True)


@dataclass(frozen=True)
class Failure:
    """Why a task has no result, in one line."""

    reason: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The message of an error, with its kind where it is none of ours."""
        from dgl_rsis.errors import DglRsisError

        text = " ".join(str(error).split())
        return cls(text if isinstance(error, DglRsisError) else f"{type(error).__name__}: {text}")


class Executor(Protocol[Task, Answer]):
    """Computes tasks."""

    def run(self, tasks: Iterator[Task | None]) -> Generator[tuple[Task, Answer | Failure]]:
        """Compute tasks; the workers end with the iterator."""


class InProcess(Generic[Task, Result]):
    """Threads of this process, which share one worker.

    Args:
        work: computes a task; several threads call it at once.
        threads: how many: with two, one reads, paints and waits for disks while the other one
            keeps the model busy.
    """

    def __init__(self, work: Callable[[Task], Result], threads: int = 1) -> None:
        self.work = work
        self.threads = threads

    def run(self, tasks: Iterator[Task | None]) -> Generator[tuple[Task, Result | Failure]]:
        """Compute tasks by all threads."""
        running: dict[Future[Result | Failure], Task] = {}
        with ThreadPoolExecutor(self.threads) as pool:
            while True:
                while len(running) < self.threads and (task := next(tasks, None)) is not None:
                    running[pool.submit(self._result, task)] = task
                if not running:
                    return
                for done in futures.wait(running, return_when=futures.FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()

    def _result(self, task: Task) -> Result | Failure:
        try:
            return self.work(task)
        except Exception as error:  # told by the caller, who tries once more
            return Failure.of(error)


@dataclass
class _Worker(Generic[Task]):
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None
    has_answered: bool = False


class Processes(Generic[Task, Result]):
    """Worker processes on this machine.

    Args:
        make: makes the function that computes tasks, in each process; it is pickled.
        count: of processes.
    """

    def __init__(self, make: Callable[[], Callable[[Task], Result]], count: int) -> None:
        self.make = make
        self.count = count

    def run(self, tasks: Iterator[Task | None]) -> Generator[tuple[Task, Result | Failure]]:
        """Compute tasks by all processes."""
        workers = [self._start() for _ in range(self.count)]
        try:
            while True:
                for worker in workers:
                    if worker.task is None and (task := next(tasks, None)) is not None:
                        worker.task = task
                        with suppress(OSError):  # a dead worker is found below
                            worker.pipe.send(task)
                busy = [worker for worker in workers if worker.task is not None]
                if not busy:
                    return
                ready = wait([worker.pipe for worker in busy])
                for number, worker in enumerate(workers):
                    if worker.pipe not in ready or worker.task is None:
                        continue
                    task, worker.task = worker.task, None
                    try:
                        result = worker.pipe.recv()
                        worker.has_answered = True
                    except (EOFError, OSError):
                        worker.process.join()
                        result = Failure(_end_of(worker))
                        worker.pipe.close()
                        workers[number] = self._start()
                    yield task, result
        finally:
            for worker in workers:
                worker.pipe.close()
                worker.process.terminate()
            for worker in workers:
                worker.process.join()

    def _start(self) -> _Worker[Task]:
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _threads(max(1, (os.cpu_count() or 1) // self.count)):
            process.start()
        theirs.close()
        # not an argument of the process: one that dies before it reads those blocks its start for ever
        with suppress(OSError):  # a dead worker is found by its first task
            pipe.send(self.make)
        return _Worker(process, pipe)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Processes that start meanwhile compute with so many threads; libraries ask when loaded."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end_of(worker: _Worker[Any]) -> str:
    """Why a worker's task has no result."""
    ended = f"the worker process ended (exit code {worker.process.exitcode})"
    if worker.has_answered or worker.process.exitcode != 1:
        return ended
    return f"{ended} as it began; a script starts workers under: if __name__ == '__main__':"


def _serve(pipe: Connection) -> None:
    """The life of a worker process: until the pipe is closed.

    What makes the function comes first, then the tasks.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that leads
    make: Callable[[], Callable[[Any], Any]] | None = None
    work: Callable[[Any], Any] | None = None
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        if make is None:
            make = task
            continue
        try:
            if work is None:
                work = make()
            result = work(task)
        except Exception as error:  # told by the process that leads
            result = Failure.of(error)
        try:
            pipe.send(result)
        except OSError:
            return
