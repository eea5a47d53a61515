"""How much, how long and how many: every bound of the server in one place."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    Attributes:
        upload_bytes: size of an uploaded file.
        quota_bytes: of all uploads together, as they are kept.
        pixels: width times height of an uploaded picture.
        unpacked_bytes: of an uploaded picture in memory, all bands.
        uploads_at_once: that are received or converted at the same time.
        body_bytes: of any other request.
        waiting_jobs: that may queue behind the one that runs.
        kept_jobs: finished ones whose results are kept.
        results_bytes: of the results that are kept, all jobs together.
        features: of polygons in a request.
        text_length: characters of a sentence or a class.
        classes: in a request.
        request_seconds: until a request is given up.
        upload_seconds: until an upload is given up.
        stream_seconds: how long events are streamed before a client has to ask again.
        job_seconds: until a job is given up.
        cancel_seconds: that a job has to stop by itself before its process is replaced.
    """

    upload_bytes: int = 256 * MEBI
    quota_bytes: int = 2048 * MEBI
    pixels: int = 100_000_000
    unpacked_bytes: int = 512 * MEBI
    uploads_at_once: int = 2
    body_bytes: int = 16 * MEBI
    waiting_jobs: int = 16
    kept_jobs: int = 100
    results_bytes: int = 4096 * MEBI
    features: int = 10_000
    text_length: int = 500
    classes: int = 64
    request_seconds: float = 30.0
    upload_seconds: float = 300.0
    stream_seconds: float = 3600.0
    job_seconds: float = 3600.0
    cancel_seconds: float = 30.0
