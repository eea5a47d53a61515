from __future__ import annotations

from threading import Barrier

import pytest
from scene.toy_tasks import make_square, one_after_another, square

from dgl_rsis.errors import InputError
from dgl_rsis.scene.executors import Executor, Failure, InProcess, Processes


def test_in_process_one_after_the_other() -> None:
    executor: Executor[int, int] = InProcess(square)
    found = list(executor.run(iter([1, 7, 3])))
    assert found == [(1, 1), (7, Failure("ValueError: seven is unlucky")), (3, 9)]


def test_threads_of_this_process_share_the_tasks() -> None:
    """Two tasks that wait for each other end only if both run at once."""
    together = Barrier(2, timeout=20)
    executor: Executor[int, int] = InProcess(lambda number: together.wait() * 0 + number, 2)
    assert sorted(executor.run(iter([1, 2, 3, 4]))) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_reason_of_our_own_errors_is_their_message() -> None:
    assert Failure.of(InputError("a is b; do c")) == Failure("a is b; do c")


@pytest.mark.parametrize("count", [1, 3])
def test_processes_compute_everything_and_survive_a_killed_worker(count: int) -> None:
    executor: Executor[int, int] = Processes(make_square, count)
    found = dict(executor.run(iter(range(12))))
    assert found.keys() == set(range(12))
    assert found[7] == Failure("ValueError: seven is unlucky")
    assert found[9] == Failure("the worker process ended (exit code 3)")
    assert all(found[n] == n * n for n in range(12) if n not in (7, 9))


def test_none_waits_for_a_result() -> None:
    assert one_after_another(Processes(make_square, 2)) == [1, 2, 3]


def test_workers_end_with_the_run() -> None:
    import multiprocessing

    before = set(multiprocessing.active_children())
    executor: Executor[int, int] = Processes(make_square, 2)
    results = executor.run(iter(range(5)))
    next(results)
    assert len(set(multiprocessing.active_children()) - before) == 2
    results.close()
    assert set(multiprocessing.active_children()) <= before
