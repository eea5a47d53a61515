"""The folders of jobs: a record of each on disk, beside its files."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from dgl_rsis.apps.server.job import Job
from dgl_rsis.geo.output_file import atomic

RECORD = "job.json"
STOPPED = "the server was stopped while this job ran; ask again"
UNRECORDED = (
    "the end of this job cannot be written to the disk of the server, which may be full; fetch what "
    "you need before the server stops"
)


class JobFolders:
    """A private folder for each job.

    Args:
        folder: with all of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def place(self, id_: str) -> Path:
        """Folder of a job."""
        return self.folder / id_

    def new(self) -> Path:
        """A folder for a job that is being asked for; its name is the id of the job."""
        place = self.place(secrets.token_hex(8))
        place.mkdir(mode=0o700)
        return place

    def remove(self, id_: str) -> None:
        """Remove the folder of a job, if it is there."""
        shutil.rmtree(self.place(id_), ignore_errors=True)

    def forget(self, id_: str) -> None:
        """Remove the record of a job whose files are still written; a restart removes the rest."""
        (self.place(id_) / RECORD).unlink(missing_ok=True)

    def size(self, id_: str) -> int:
        """Bytes of all files of a job; 0 where they are removed meanwhile."""
        try:
            files = [file for file in self.place(id_).rglob("*") if file.is_file()]
            return sum(file.stat().st_size for file in files)
        except FileNotFoundError:
            return 0

    def record(self, job: Job) -> None:
        """Write what is known of a job; on disk when it returns."""
        values = asdict(job)
        del values["started"]
        with (
            atomic(self.place(job.id) / RECORD) as temporary,
            temporary.open("w", encoding="utf-8") as stream,
        ):
            json.dump(values, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def earlier(self) -> list[Job]:
        """Jobs of an earlier run of the server, the oldest first; those that ran have failed.

        What was not accepted yet, or has a record of another version, is removed.
        """
        found = [job for place in self.folder.iterdir() if (job := self._take_up(place))]
        return sorted(found, key=lambda each: each.created)

    def _take_up(self, place: Path) -> Job | None:
        try:
            job = Job(**json.loads((place / RECORD).read_text(encoding="utf-8")), started=None)
        except (OSError, ValueError, TypeError):
            shutil.rmtree(place, ignore_errors=True)
            return None
        if not job.has_ended:
            job = replace(job, state="failed", error=STOPPED, message="failed", finished=now())
            self.record(job)
        return job


def now() -> str:
    """The moment, UTC, to milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
