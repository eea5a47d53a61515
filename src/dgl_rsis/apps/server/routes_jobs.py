"""Routes that ask for jobs, follow them and fetch their results."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import FileResponse, StreamingResponse

from dgl_rsis.apps.server.bodies import Body, LabelBody, ReferBody, SegmentBody
from dgl_rsis.apps.server.candidates import candidate_file
from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.placing import Placement
from dgl_rsis.apps.server.problems import Problem, unknown
from dgl_rsis.apps.server.routes_scenes import PNG, Id, Number
from dgl_rsis.apps.server.service import Service
from dgl_rsis.apps.server.tasks import CANDIDATES, LAYERS, SHAPES
from dgl_rsis.apps.server.tiles import LAYERS as TILE_MAKERS
from dgl_rsis.apps.server.tiles import TileNumber

_QUIET = 15.0  # seconds after which a stream of events says that it is alive
_TYPES = {
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "tif": "image/tiff",
}
_MAX_AGE = {"Cache-Control": "private, max-age=3600"}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {}} for kind in _TYPES.values()}}
}
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {_TYPES["geojson"]: {"schema": {"type": "object"}}}}
}


def job_routes(service: Service) -> APIRouter:
    """Routes about jobs."""
    routes = APIRouter()

    async def ask(body: Body) -> dict[str, Any]:
        return (await service.ask(body)).to_json()

    @routes.post("/segment", status_code=202, tags=["jobs"])
    async def segment(body: SegmentBody) -> dict[str, Any]:
        """Class names in, a map out."""
        return await ask(body)

    @routes.post("/refer", status_code=202, tags=["jobs"])
    async def refer(body: ReferBody) -> dict[str, Any]:
        """A sentence in, what it refers to out."""
        return await ask(body)

    @routes.post("/label", status_code=202, tags=["jobs"])
    async def label(body: LabelBody) -> dict[str, Any]:
        """Polygons in, the same with classes out."""
        return await ask(body)

    @routes.get("/jobs", tags=["jobs"])
    async def jobs() -> dict[str, Any]:
        """All jobs, the latest first, without their `result` and `commands`."""
        return {"jobs": [job.summary() for job in service.jobs.all()]}

    @routes.get("/jobs/{id}", tags=["jobs"])
    async def job(id: Id) -> dict[str, Any]:
        """One job, with its `result` and `commands`."""
        return service.jobs.get(id).to_json()

    @routes.post("/jobs/{id}/cancel", tags=["jobs"])
    async def cancel(id: Id) -> dict[str, Any]:
        """Cancel a job; one that has ended stays as it is."""
        return service.jobs.cancel(id).to_json()

    @routes.delete("/jobs/{id}", status_code=204, tags=["jobs"])
    async def forget(id: Id) -> None:
        """Forget a job and its files; one that has not ended is cancelled for that."""
        service.jobs.forget(id)

    @routes.get("/jobs/{id}/events", tags=["jobs"], responses=_EVENTS, response_class=Response)
    async def events(id: Id) -> StreamingResponse:
        """Server-sent events: the job after each change, until it ends."""
        job = service.jobs.get(id)  # 404 before the stream begins
        return StreamingResponse(
            _events(service, job),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @routes.get(
        "/jobs/{id}/result.{suffix}", tags=["results"], responses=_FILES, response_class=Response
    )
    async def result(
        id: Id,
        suffix: Annotated[str, Path(pattern="^(geojson|gpkg|tif)$")],
        candidate: Annotated[int | None, Query(ge=0, le=2**31)] = None,
    ) -> Response:
        """A result as the command line writes it, or that of another candidate of a sentence."""
        found = _done(service, id)
        folder = service.jobs.folders.place(id)
        file = _result_file(found, folder, suffix)
        if candidate is not None:
            if found.kind != "refer" or suffix == "tif":
                raise Problem(
                    422,
                    "no-candidates",
                    f"a {suffix} of {found.kind} has no candidates; leave it out",
                )
            file = await service.in_thread(lambda: candidate_file(folder, file, candidate))
        name = f"{found.kind}-{found.id[:6]}.{suffix}"
        return FileResponse(file, media_type=_TYPES[suffix], filename=name)

    @routes.get(
        "/jobs/{id}/asked/{name}", tags=["results"], responses=_GEOJSON, response_class=Response
    )
    async def asked(id: Id, name: Annotated[str, Path(max_length=100)]) -> Response:
        """Polygons of the request, as the commands of the job read them."""
        if name not in service.jobs.get(id).commands.get("files", ()):
            raise unknown("file", name)
        file = service.jobs.folders.place(id) / name
        return FileResponse(file, media_type=_TYPES["geojson"], filename=name)

    @routes.get(
        "/jobs/{id}/shapes.geojson", tags=["results"], responses=_GEOJSON, response_class=Response
    )
    async def shapes(id: Id) -> Response:
        """Polygons for a map: longitude and latitude, with colours."""
        _done(service, id)
        return FileResponse(service.jobs.folders.place(id) / SHAPES, media_type=_TYPES["geojson"])

    @routes.get(
        "/jobs/{id}/candidates.geojson",
        tags=["results"],
        responses=_GEOJSON,
        response_class=Response,
    )
    async def candidates(id: Id) -> Response:
        """All ranked candidates of a sentence for a map."""
        found = _done(service, id)
        if found.kind != "refer":
            raise Problem(404, "no-candidates", f"a job of {found.kind} has no candidates")
        return FileResponse(
            service.jobs.folders.place(id) / CANDIDATES, media_type=_TYPES["geojson"]
        )

    @routes.get(
        "/jobs/{id}/tiles/{layer}/{z}/{x}/{y}.png",
        tags=["results"],
        responses=PNG,
        response_class=Response,
    )
    async def tile(
        id: Id,
        layer: Annotated[str, Path(pattern="^(classes|heat)$")],
        z: Number,
        x: Number,
        y: Number,
    ) -> Response:
        """A tile of a layer of a result."""
        found, number = _done(service, id), TileNumber(z, x, y)
        assert found.result is not None
        if layer not in found.result["layers"]:
            raise unknown("layer", layer)
        file = service.jobs.folders.place(id) / LAYERS[layer]

        def draw() -> bytes:
            values = json.loads((file.parent / "scene.json").read_text(encoding="utf-8"))
            return TILE_MAKERS[layer](file, number, Placement.from_json(values["placement"]))

        picture = await service.tile((file, number), draw)
        return Response(picture, media_type="image/png", headers=_MAX_AGE)

    return routes


def _done(service: Service, id_: str) -> Job:
    """A job with a result.

    Raises:
        Problem: there is none, or it has no result.
    """
    job = service.jobs.get(id_)
    if job.state != "done":
        raise Problem(
            409,
            "no-result",
            f"this job is {job.state} and has no result"
            + ("; ask again later" if not job.has_ended else ""),
        )
    return job


def _result_file(job: Job, folder: FilePath, suffix: str) -> FilePath:
    assert job.result is not None
    if suffix not in job.result["downloads"]:
        raise Problem(
            404,
            "no-file",
            f"this result is not there as {suffix}; ask for {job.result['downloads'][0]}",
        )
    return folder / ("heat.tif" if job.kind == "refer" and suffix == "tif" else f"result.{suffix}")


async def _events(service: Service, job: Job) -> AsyncIterator[str]:
    try:
        async for news in service.events(job.id, _QUIET):
            if news is None:
                yield ": still here\n\n"
                continue
            job = news
            yield _event(job.state if job.has_ended else "progress", job)
    except Problem:  # it was forgotten while somebody listened
        yield _event("cancelled", replace(job, state="cancelled", message="cancelled"))


def _event(name: str, job: Job) -> str:
    return f"event: {name}\ndata: {json.dumps(job.to_json())}\n\n"
