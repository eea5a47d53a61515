"""The book of jobs: bounds, what is on disk, and what a restart finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dgl_rsis.apps.server.job_folders import RECORD
from dgl_rsis.apps.server.jobs import JobBook
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import Problem


def book(folder: Path, waiting: int = 2, kept: int = 2) -> JobBook:
    return JobBook(folder, Limits(waiting_jobs=waiting, kept_jobs=kept))


def add(jobs: JobBook) -> str:
    return jobs.add(jobs.folders.new(), "refer", "scene", {"text": "a road"}, {}).id


def test_jobs_come_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    first, second = add(jobs), add(jobs)
    taken = jobs.next(0)
    assert taken is not None
    assert (taken.id, taken.state) == (first, "running")
    assert jobs.counts() == (1, 1)
    jobs.finish(first, result={"notes": []})
    taken = jobs.next(0)
    assert taken is not None
    assert taken.id == second
    assert jobs.next(0) is None


def test_full_queue_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    add(jobs), add(jobs)
    with pytest.raises(Problem) as told:
        add(jobs)
    assert (told.value.status, told.value.code) == (429, "queue-full")
    assert told.value.headers["Retry-After"].isdecimal()
    assert len(list(tmp_path.iterdir())) == 2


def test_record_is_on_disk_before_anybody_knows(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    record = json.loads((tmp_path / id_ / RECORD).read_text())
    assert (record["state"], record["request"]) == ("waiting", {"text": "a road"})


def test_restart_fails_what_had_not_ended_and_keeps_the_rest(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    done = add(jobs)
    jobs.next(0)
    jobs.finish(done, result={"notes": ["fine"]})
    running, waiting = add(jobs), add(jobs)
    jobs.next(0)
    half = jobs.folders.new()  # a request that was cut off before it was accepted
    again = book(tmp_path)
    assert [job.id for job in again.all()] == [waiting, running, done]
    assert again.get(done).result == {"notes": ["fine"]}
    for id_ in (running, waiting):
        assert again.get(id_).state == "failed"
        assert "stopped" in str(again.get(id_).error)
        assert json.loads((tmp_path / id_ / RECORD).read_text())["state"] == "failed"
    assert not half.exists()
    assert again.next(0) is None


def test_damaged_record_is_dropped(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    (tmp_path / add(jobs) / RECORD).write_text("{")
    assert book(tmp_path).all() == []
    assert not list(tmp_path.iterdir())


def test_cancelled_job_stays_cancelled(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.next(0)
    assert jobs.cancel(id_).state == "cancelled"
    assert not jobs.progress(id_, 1, 2, "on")
    jobs.finish(id_, result={})
    assert jobs.get(id_).state == "cancelled"


def test_stopping_a_job_that_has_ended_changes_nothing(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.next(0)
    jobs.finish(id_, result={"notes": []})
    assert jobs.cancel(id_).state == "done"
    assert jobs.get(id_).result == {"notes": []}


def test_ended_job_is_forgotten_with_its_files(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.cancel(id_)
    jobs.forget(id_)
    assert not (tmp_path / id_).exists()
    with pytest.raises(Problem) as told:
        jobs.get(id_)
    assert told.value.status == 404
    with pytest.raises(Problem):
        jobs.forget(id_)


def test_running_job_is_forgotten_at_once_and_its_files_when_it_has_stopped(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.next(0)
    jobs.forget(id_)
    assert jobs.all() == []
    assert not jobs.is_wanted(id_)
    assert (tmp_path / id_).is_dir()  # the worker still writes there
    jobs.finish(id_, error="cancelled")
    assert jobs.next(0) is None
    assert not (tmp_path / id_).exists()


def test_running_job_that_was_forgotten_does_not_come_back_after_a_kill(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.next(0)
    jobs.cancel(id_)
    jobs.forget(id_)
    assert (tmp_path / id_).is_dir()
    assert book(tmp_path).all() == []
    assert not (tmp_path / id_).exists()


def test_dismissal_cancels_and_then_forgets(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.dismiss(id_)
    assert jobs.get(id_).state == "cancelled"
    jobs.dismiss(id_)
    assert jobs.all() == []


def test_who_listens_to_a_job_hears_that_it_is_forgotten(tmp_path: Path) -> None:
    jobs, heard = book(tmp_path), []
    id_ = add(jobs)
    with jobs.listening(id_, lambda: heard.append(jobs.all())):
        jobs.forget(id_)
    assert heard == [[]]


def test_summary_leaves_out_what_is_large(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    assert jobs.get(id_).summary()["matches"] is None
    jobs.next(0)
    jobs.finish(id_, result={"matches": [{"id": 3}, {"id": 5}], "candidates": []})
    summary, whole = jobs.get(id_).summary(), jobs.get(id_).to_json()
    assert summary["matches"] == 2
    assert set(whole) - set(summary) == {"result", "commands"}
    assert {name: whole[name] for name in summary} == summary


def test_oldest_ended_jobs_are_forgotten(tmp_path: Path) -> None:
    jobs = book(tmp_path, kept=2)
    ids = []
    for _ in range(4):
        ids.append(add(jobs))
        jobs.next(0)
        jobs.finish(ids[-1], error="no")
    last = add(jobs)
    assert [job.id for job in jobs.all()] == [last, ids[3], ids[2]]
    assert {path.name for path in tmp_path.iterdir()} == {last, ids[3], ids[2]}


def test_listeners_hear_of_changes(tmp_path: Path) -> None:
    jobs, heard = book(tmp_path), []
    id_ = add(jobs)
    with jobs.listening(id_, lambda: heard.append(jobs.get(id_).state)):
        jobs.next(0)
        jobs.progress(id_, 1, 4, "reading")
        jobs.finish(id_, error="no")
    assert heard == ["running", "running", "failed"]


def test_time_left_comes_from_the_steps(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    assert jobs.get(id_).to_json()["seconds_left"] is None
    jobs.next(0)
    jobs.progress(id_, 2, 4, "reading")
    left = jobs.get(id_).to_json()["seconds_left"]
    assert left is not None
    assert left < 5
    assert "started" not in jobs.get(id_).to_json()


def test_closed_book_fails_what_is_left(tmp_path: Path) -> None:
    jobs = book(tmp_path)
    id_ = add(jobs)
    jobs.close()
    assert jobs.get(id_).state == "failed"
    assert jobs.next(0) is None
