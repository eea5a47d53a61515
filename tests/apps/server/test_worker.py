"""The thread of jobs goes on, whatever happens to one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from serving import model_choice, scene_of

from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.job_folders import UNRECORDED
from dgl_rsis.apps.server.jobs import JobBook
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import unknown
from dgl_rsis.apps.server.worker import Worker
from dgl_rsis.errors import OutputError, TextError


@pytest.fixture
def jobs(tmp_path: Path) -> JobBook:
    return JobBook(tmp_path / "jobs", Limits())


@pytest.fixture
def start(jobs: JobBook) -> Iterator[Callable[[Any], Worker]]:
    """Starts a worker with a function that says what its process is told; none is needed."""
    workers: list[Worker] = []

    def begin(task_of: Any) -> Worker:
        worker = Worker(jobs, model_choice(), Limits(), task_of)
        workers.append(worker)
        worker.start(warm=False)
        return worker

    yield begin
    for worker in workers:
        worker.stop()


def add(jobs: JobBook) -> str:
    return jobs.add(jobs.folders.new(), "refer", "scene", {"text": "a road"}, {}).id


def ended_job(jobs: JobBook, id_: str) -> Job:
    ends = time.monotonic() + 20
    while not jobs.get(id_).has_ended:
        assert time.monotonic() < ends
        time.sleep(0.02)
    return jobs.get(id_)


def test_faults_and_errors_end_their_job_only(
    jobs: JobBook, start: Callable[[Any], Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    raised = [
        ZeroDivisionError("fault"),
        TextError("/home/me/x.tif says nothing; use words"),
        unknown("scene", "x"),
    ]

    def task_of(_: Job) -> Any:
        raise raised.pop(0)

    worker = start(task_of)
    ended = [ended_job(jobs, add(jobs)) for _ in range(3)]
    assert [job.state for job in ended] == ["failed"] * 3
    assert [str(job.error) for job in ended] == [
        "the program failed on this job; the server's log says where",
        "x.tif says nothing; use words",
        "there is no scene 'x'; GET /scenes lists them",
    ]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert worker.trouble is None


def test_full_disk_ends_a_job_and_not_the_thread(
    jobs: JobBook, start: Callable[[Any], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(jobs), add(jobs)]

    def full(_: Job) -> None:
        raise OutputError("job.json cannot be written: No space left on device")

    def task_of(_: Job) -> Any:
        raise TextError("no words")

    monkeypatch.setattr(jobs.folders, "record", full)
    heard: list[str] = []
    with jobs.listening(ids[0], lambda: heard.append(jobs.get(ids[0]).state)):
        start(task_of)
        ended = [ended_job(jobs, id_) for id_ in ids]
    assert [(job.state, job.error) for job in ended] == [("failed", f"no words; {UNRECORDED}")] * 2
    assert heard == ["running", "failed"]
    assert jobs.next(0) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_health_tells_that_nobody_computes(
    idle: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert idle.get("/health").json()["status"] == "ok"
    service = idle.app.state.service  # type: ignore[attr-defined]

    def end(_: float) -> None:
        raise SystemExit  # what nobody catches

    monkeypatch.setattr(service.jobs, "next", end)
    ends = time.monotonic() + 20
    while idle.get("/health").json()["status"] == "ok":
        assert time.monotonic() < ends
        time.sleep(0.1)
    told = idle.get("/health").json()
    assert "start the server again" in told["status"]
    assert not told["ready"]


def test_request_that_does_not_fit_on_the_disk(
    idle: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = idle.app.state.service  # type: ignore[attr-defined]

    def full(_: Job) -> None:
        raise OutputError(f"{tmp_path}/job.json cannot be written: No space left on device")

    monkeypatch.setattr(service.jobs.folders, "record", full)
    body = {"scene": scene_of(idle, "scene.tif")["id"], "text": "a road"}
    answer = idle.post("/refer", json=body)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")
    assert not list((tmp_path / "state" / "jobs").iterdir())
