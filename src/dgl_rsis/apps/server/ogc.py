"""The same operations as OGC API - Processes, part 1: core (OGC 18-062r2).

Landing page, conformance classes, descriptions of processes, execution (always as a job), jobs and
results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse

from dgl_rsis import __version__
from dgl_rsis.apps.server.bodies import LabelBody, ReferBody, SegmentBody
from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.apps.server.routes_scenes import Id
from dgl_rsis.apps.server.service import Service
from dgl_rsis.apps.server.tasks import SHAPES

_CONFORMANCE = [
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "json", "ogc-process-description", "job-list", "dismiss")
]
_PROCESSES: Mapping[str, tuple[type[SegmentBody | ReferBody | LabelBody], str, str]] = {
    "segment": (SegmentBody, "Segment", "Class names in, a map of classes out."),
    "refer": (ReferBody, "Refer", "A sentence in, the object that it refers to out."),
    "label": (LabelBody, "Label", "Polygons in, the same polygons with classes out."),
}
_STATES = {
    "waiting": "accepted",
    "running": "running",
    "done": "successful",
    "failed": "failed",
    "cancelled": "dismissed",
}
_EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
Name = Annotated[str, Path(max_length=40)]


class Execute(BaseModel):
    """What is to be executed: inputs as the description of the process has them."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] | None = None
    response: str | None = None


def ogc_routes(service: Service) -> APIRouter:
    """Routes below `/ogc`."""
    routes = APIRouter(prefix="/ogc", tags=["OGC API - Processes"])

    @routes.get("")
    async def landing(request: Request) -> dict[str, Any]:
        """Where everything is."""
        base = _base(request)
        return {
            "title": "DGL-RSIS",
            "description": "Segmentation of overhead images by words.",
            "links": [
                _link(base, "", "self"),
                _link(base, "/conformance", "http://www.opengis.net/def/rel/ogc/1.0/conformance"),
                _link(base, "/processes", "http://www.opengis.net/def/rel/ogc/1.0/processes"),
                _link(base, "/jobs", "http://www.opengis.net/def/rel/ogc/1.0/job-list"),
                {
                    "href": str(request.base_url).rstrip("/") + "/openapi.json",
                    "rel": "service-desc",
                    "type": "application/vnd.oai.openapi+json;version=3.1",
                },
            ],
        }

    @routes.get("/conformance")
    async def conformance() -> dict[str, Any]:
        """What of the standard is implemented."""
        return {"conformsTo": _CONFORMANCE}

    @routes.get("/processes")
    async def processes(request: Request) -> dict[str, Any]:
        """What can be executed."""
        base = _base(request)
        return {
            "processes": [_summary(name, base) for name in _PROCESSES],
            "links": [_link(base, "/processes", "self")],
        }

    @routes.get("/processes/{process}")
    async def process(process: Name, request: Request) -> dict[str, Any]:
        """Inputs and outputs of a process."""
        return _description(process, _base(request))

    @routes.post("/processes/{process}/execution", status_code=201)
    async def execute(
        process: Name, body: Annotated[Execute, Body()], request: Request
    ) -> Response:
        """Execute a process."""
        kind = _process(process)[0]
        try:
            asked = kind.model_validate(body.inputs)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "inputs"
            said = str(first["msg"]).removeprefix("Value error, ")
            raise Problem(422, "invalid", f"inputs.{place[:100]}: {said[:300]}") from error
        job = await service.ask(asked)
        base = _base(request)
        return JSONResponse(
            _status(job, base), 201, {"Location": f"{base}/jobs/{job.id}",
            "Preference-Applied": "respond-async"},
        )  # fmt: skip

    @routes.get("/jobs")
    async def jobs(request: Request) -> dict[str, Any]:
        """All jobs."""
        base = _base(request)
        return {
            "jobs": [_status(job, base) for job in service.jobs.all()],
            "links": [_link(base, "/jobs", "self")],
        }

    @routes.get("/jobs/{id}")
    async def status(id: Id, request: Request) -> dict[str, Any]:
        """How a job stands."""
        return _status(_job(service, id), _base(request))

    @routes.delete("/jobs/{id}")
    async def dismiss(id: Id, request: Request) -> dict[str, Any]:
        """Cancel a job, or forget one that has ended."""
        job = _job(service, id)
        service.jobs.dismiss(id)
        return {**_status(job, _base(request)), "status": "dismissed"}

    @routes.get("/jobs/{id}/results")
    async def results(id: Id, request: Request) -> dict[str, Any]:
        """What came out: facts, shapes as GeoJSON, and links to files."""
        job = _job(service, id)
        if job.state == "failed":
            raise Problem(422, "job-failed", job.error or "the job failed; ask again")
        if job.result is None:
            raise _missing(
                "result-not-ready", f"this job is {job.state} and has no result; ask for its status"
            )
        shapes = service.jobs.folders.place(id) / SHAPES
        text = await service.in_thread(lambda: shapes.read_text(encoding="utf-8"))
        root = str(request.base_url).rstrip("/")
        return {
            "result": {"value": dict(job.result)},
            "shapes": {"value": json.loads(text), "mediaType": "application/geo+json"},
            **{
                suffix: {"href": f"{root}/jobs/{id}/result.{suffix}"}
                for suffix in job.result["downloads"]
            },
        }

    return routes


def _process(name: str) -> tuple[type[SegmentBody | ReferBody | LabelBody], str, str]:
    if name not in _PROCESSES:
        raise _missing(
            "no-such-process", f"there is no process {name!r}, but {', '.join(_PROCESSES)}"
        )
    return _PROCESSES[name]


def _job(service: Service, id_: str) -> Job:
    try:
        return service.jobs.get(id_)
    except Problem as problem:
        said = f"there is no job {id_[:40]!r}; GET /ogc/jobs lists them"
        raise _missing("no-such-job", said) from problem


def _missing(code: str, detail: str) -> Problem:
    """An answer that the standard names."""
    return Problem(404, code, detail, type_=f"{_EXCEPTIONS}/{code}")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + "/ogc"


def _link(base: str, path: str, relation: str) -> dict[str, str]:
    return {"href": base + path, "rel": relation, "type": "application/json"}


def _summary(name: str, base: str) -> dict[str, Any]:
    _, title, text = _process(name)
    return {
        "id": name,
        "title": title,
        "description": text,
        "version": __version__,
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [_link(base, f"/processes/{name}", "self")],
    }


def _description(name: str, base: str) -> dict[str, Any]:
    schema = _process(name)[0].model_json_schema()
    required = schema.get("required", [])
    definitions = schema.get("$defs", {})
    inputs = {
        key: {
            "title": key,
            "minOccurs": 1 if key in required else 0,
            "schema": {**value, "$defs": definitions} if "$ref" in str(value) else value,
        }
        for key, value in schema["properties"].items()
    }
    links = [
        _link(base, f"/processes/{name}", "self"),
        _link(
            base,
            f"/processes/{name}/execution",
            "http://www.opengis.net/def/rel/ogc/1.0/execute",
        ),
    ]
    outputs = {
        "result": {"title": "facts", "schema": {"type": "object"}},
        "shapes": {
            "title": "shapes",
            "schema": {"type": "object", "contentMediaType": "application/geo+json"},
        },
    }
    return {**_summary(name, base), "inputs": inputs, "outputs": outputs, "links": links}


def _status(job: Job, base: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "processID": job.kind,
        "type": "process",
        "jobID": job.id,
        "status": _STATES[job.state],
        "message": job.error or job.message,
        "created": job.created,
        "progress": 100 if job.state == "done" else round(100 * job.done / max(job.total, 1)),
        "links": [_link(base, f"/jobs/{job.id}", "self")],
    }
    if job.finished is not None:
        values["finished"] = job.finished
    if job.state == "done":
        relation = "http://www.opengis.net/def/rel/ogc/1.0/results"
        values["links"].append(_link(base, f"/jobs/{job.id}/results", relation))
    return values
