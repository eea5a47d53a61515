"""Runs ways over a data set: images go to worker processes, answers into the journal.

Every worker computes with one thread, so that an answer does not depend on how many there are; the
process that started them is the only one that writes. Images of a killed run that are in the
journal are not asked again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dgl_rsis.benchmark.evaluation.answering import Plan, bench_of
from dgl_rsis.benchmark.evaluation.journal import Entry, Journal
from dgl_rsis.errors import DglRsisError

JOURNAL = "journal.jsonl"
AHEAD = 2  # images that wait for each worker: enough to keep it busy
Tell = Callable[[int, int, str], bool]
Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    plan: Plan, folder: Path, *, workers: int = 1, tell: Tell | None = None
) -> tuple[dict[str, Any], list[Entry], int]:
    """Let all ways answer all images that the journal in a folder does not hold yet.

    Args:
        plan: what is run.
        folder: of the journal; made where it is not there.
        workers: processes.
        tell: ``(done, total, message) -> go on?``; images, and the one that was finished last.

    Returns:
        What was run; one entry for each image in the order of the set, fewer where ``tell`` said
        to stop; and how many images there are.

    Raises:
        InputError: the data set or a way cannot be used, or the journal is one of another run.
        ModelError: a model cannot be loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with start_pool(workers) as pool:
        heading, images = _result_of(pool.submit(_describe, plan))
        with Journal(folder / JOURNAL, heading) as journal:
            left = [name for name in images if name not in journal.done]
            for entry in hand_out(pool, partial(_answer, plan), left, workers * AHEAD):
                journal.add(entry)
                done = len(journal.done)
                if tell is not None and not tell(done, len(images), entry["image"]):
                    break
            entries = [journal.done[name] for name in images if name in journal.done]
    return heading, entries, len(images)


def hand_out(
    pool: ProcessPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item], ahead: int
) -> Iterator[Result]:
    """What comes of items, in the order in which they are finished.

    Args:
        pool: of ``start_pool``.
        work: a function of a module, or ``partial`` of one.
        items: that it is called with.
        ahead: how many are handed out before they are needed.

    Raises:
        DglRsisError: a process was ended from outside.
    """
    rest = iter(items)
    under_way: set[Future[Result]] = set()
    try:
        while True:
            for item in rest:
                under_way.add(pool.submit(work, item))
                if len(under_way) >= ahead:
                    break
            if not under_way:
                return
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                yield _result_of(future)
    finally:
        for future in under_way:
            future.cancel()


def _result_of(future: Future[Result]) -> Result:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise DglRsisError(
            "a process that answers ended, most often as memory was short; repeat the command, which "
            "goes on where it was, with fewer --workers or smaller images"
        ) from error


def start_pool(workers: int) -> ProcessPoolExecutor:
    """Processes that import everything anew: threads of the mathematics do not survive a fork."""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker)


def _start_worker() -> None:
    from dgl_rsis.models.torch_tools import use_one_thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started them stops the run
    use_one_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _describe(plan: Plan) -> tuple[dict[str, Any], list[str]]:
    bench = bench_of(plan)
    return bench.heading(), bench.images()


def _answer(plan: Plan, image: str) -> Entry:
    return bench_of(plan).answer(image)
