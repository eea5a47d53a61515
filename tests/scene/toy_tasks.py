"""Workers for the tests of executors; processes import them by their name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dgl_rsis.scene.executors import Executor


def make_square() -> Callable[[int], int]:
    return square


def square(number: int) -> int:
    """A square; a seven raises, a nine kills its process."""
    if number == 7:
        raise ValueError("seven is\nunlucky")
    if number == 9:
        os._exit(3)
    return number * number


def make_tell() -> Callable[[int], tuple[int, str, str]]:
    """Where a task is computed: process, Ray node and working folder."""
    import ray

    node = ray.get_runtime_context().get_node_id()

    def tell(_: int) -> tuple[int, str, str]:
        time.sleep(0.05)
        return os.getpid(), node, str(Path.cwd())

    return tell


def make_nothing() -> Callable[[int], int]:
    raise OSError("no such model here")


def make_death() -> Callable[[int], int]:
    os._exit(3)


def one_after_another(executor: Executor[int, int]) -> list[int]:
    """Tasks 1 to 3, each handed out after the one before it was seen, as they are seen."""
    seen: list[int] = []

    def tasks() -> Iterator[int | None]:
        for number in range(1, 4):
            while len(seen) < number - 1:
                yield None
            yield number

    for task, _ in executor.run(tasks()):
        seen.append(task)
    return seen
