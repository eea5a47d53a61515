"""Tasks on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scene.toy_tasks import make_death, make_nothing, make_square, make_tell, one_after_another

from dgl_rsis.errors import InputError, MissingExtraError
from dgl_rsis.scene import ray_executor
from dgl_rsis.scene.executors import Executor, Failure
from dgl_rsis.scene.ray_cluster import check_cluster
from dgl_rsis.scene.ray_executor import TASKS_AT_ONCE, RayActors, RayWorker


@pytest.mark.slow
def test_every_task_is_computed_and_dead_workers_are_replaced(ray_cluster: str) -> None:
    """A nine kills its worker, again and again; no other task suffers for it."""
    executor: Executor[int, int] = RayActors(make_square, ray_cluster)
    found = dict(executor.run(iter(range(12))))
    assert found.keys() == set(range(12))
    assert found[7] == Failure("ValueError: seven is unlucky")
    assert isinstance(found[9], Failure)
    assert found[9].reason.startswith("3 workers died of it: The actor is dead")
    assert "\n" not in found[9].reason
    assert all(found[n] == n * n for n in range(12) if n not in (7, 9))


def test_actors_fill_the_cluster_and_work_where_the_run_began(
    ray_cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    executor: Executor[int, tuple[int, str, str]] = RayActors(make_tell, ray_cluster)
    told = set()
    tasks = (number for number in range(2000) if len(told) < 2)  # until both have started
    for _, answer in executor.run(tasks):
        assert not isinstance(answer, Failure)
        told.add(answer)
    processes, nodes, folders = (set(each) for each in zip(*told, strict=True))
    assert len(processes) == len(nodes) == 2
    assert os.getpid() not in processes
    assert folders == {str(tmp_path)}


@pytest.mark.slow
def test_tasks_are_made_when_there_is_room_for_them(ray_cluster: str) -> None:
    """More actors than there is room for wait without tasks."""
    executor: Executor[int, int] = RayActors(make_square, ray_cluster, 5)
    made: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(10, 40):
            made.append(number)
            yield number

    seen = 0
    for _ in executor.run(tasks()):
        seen += 1
        assert len(made) - seen < 2 * TASKS_AT_ONCE
    assert seen == 30


@pytest.mark.slow
def test_none_waits_for_a_result(ray_cluster: str) -> None:
    assert one_after_another(RayActors(make_square, ray_cluster)) == [1, 2, 3]


@pytest.mark.slow
def test_workers_that_are_killed_from_outside_lose_no_task(ray_cluster: str) -> None:
    """``kill -9`` of every process that answered before, as long as there are tasks."""
    pids: set[int] = set()
    told: Executor[int, tuple[int, str, str]] = RayActors(make_tell, ray_cluster, 1)
    running = told.run(iter(range(30)))
    tasks = []
    for task, answer in running:
        tasks.append(task)
        assert not isinstance(answer, Failure)
        if answer[0] not in pids and len(pids) < 2:
            pids.add(answer[0])
            os.kill(answer[0], signal.SIGKILL)
    assert sorted(tasks) == list(range(30))
    assert len(pids) == 2


@pytest.mark.slow
def test_workers_end_with_the_run(ray_cluster: str) -> None:
    executor: Executor[int, int] = RayActors(make_square, ray_cluster)
    results = executor.run(iter(range(50)))
    next(results)
    results.close()
    again: Executor[int, int] = RayActors(make_square, ray_cluster, 2)
    assert len(list(again.run(iter(range(7))))) == 7  # they left their cores


@pytest.mark.slow
def test_worker_that_cannot_start_ends_the_run(ray_cluster: str) -> None:
    executor: Executor[int, int] = RayActors(make_nothing, ray_cluster)
    with pytest.raises(InputError, match=r"cannot start on .*: OSError: no such model here; every"):
        list(executor.run(iter([1])))
    executor = RayActors(make_death, ray_cluster, 1)
    with pytest.raises(InputError, match="it dies again and again"):
        list(executor.run(iter([1])))


@pytest.mark.slow
def test_no_room_for_a_worker(ray_cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="has no GPU; start a node with `ray start --num-gpus"):
        list(RayActors(make_square, ray_cluster, gpu=True).run(iter([1])))
    monkeypatch.setattr(ray_executor, "_PATIENCE", 0.5)
    with pytest.raises(InputError, match="no worker could start within 0 s"):
        list(RayActors(make_square, ray_cluster, 1, gpu=True).run(iter([1])))


def test_nothing_to_do_needs_no_cluster() -> None:
    assert list(RayActors(make_square, "auto").run(iter([]))) == []


def test_version_of_a_node_must_be_that_of_the_run(tmp_path: Path) -> None:
    _, failure = RayWorker(make_square, str(tmp_path / "absent"), "0.0.0").ready()
    assert failure is not None
    assert failure.reason.endswith("and this run 0.0.0")


@pytest.mark.parametrize("address", ["cluster", "head:port", "http://head:80", "ray://head", ""])
def test_what_is_no_address(address: str) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    with pytest.raises(InputError, match="no address of a Ray cluster; write auto, local, HOST"):
        check_cluster(address)


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_address_where_nothing_answers(scheme: str) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(InputError, match=f"no Ray cluster answers at {scheme}{place}: "):
            check_cluster(f"{scheme}{place}")


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def find(name: str, *rest: Any) -> Any:
        return None if name == "ray" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(MissingExtraError, match=r'pip install "dgl-rsis\[ray\]"'):
        check_cluster("auto")
