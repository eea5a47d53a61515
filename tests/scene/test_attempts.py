"""How often failing tasks are tried, and when a run gives up."""

from __future__ import annotations

import pytest

from dgl_rsis.errors import InputError
from dgl_rsis.scene.attempts import Attempts


def test_a_task_is_tried_twice() -> None:
    attempts = Attempts(works=False)
    assert [attempts.again("a", "broken") for _ in range(2)] == [True, False]


def test_a_run_in_which_nothing_works_ends_early() -> None:
    attempts = Attempts(works=False)
    for task in range(7):
        assert attempts.again(task, "no memory")
        assert not attempts.again(task, "no memory")
    assert attempts.again(7, "no memory")
    with pytest.raises(InputError, match=r"the first 8 failed twice: no memory; .* --resume"):
        attempts.again(7, "no memory")


def test_a_run_in_which_something_worked_goes_on() -> None:
    attempts = Attempts(works=True)
    assert not [again for task in range(50) for again in (attempts.again(task, "x"),) if not again]
    assert not any(attempts.again(task, "x") for task in range(50))
