"""The application: routes, what guards them, and how errors are said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from dgl_rsis import __version__
from dgl_rsis.apps.server.access import Access
from dgl_rsis.apps.server.bounds import Bounds
from dgl_rsis.apps.server.ogc import ogc_routes
from dgl_rsis.apps.server.problems import Problem, public
from dgl_rsis.apps.server.routes_jobs import job_routes
from dgl_rsis.apps.server.routes_scenes import scene_routes
from dgl_rsis.apps.server.samgeo import samgeo_routes
from dgl_rsis.apps.server.service import ServerOptions, Service
from dgl_rsis.apps.server.tiles import load_tiler
from dgl_rsis.errors import DglRsisError

STATIC = Path(str(files("dgl_rsis.apps.server"))) / "static"
_ABOUT = """Say it, and it is on the map: classes, sentences and polygons about overhead images.

Jobs are queued (`POST /segment`, `/refer`, `/label`), followed (`GET /jobs/{id}/events`) and their
results fetched (`GET /jobs/{id}/result.gpkg`).
"""


class Error(BaseModel):
    """What every answer with a 4xx or 5xx status says."""

    detail: str
    code: str
    type: str | None = None


_STATUSES = {
    400: "the request cannot be read",
    401: "the token is missing",
    403: "this may not be done",
    404: "there is no such thing",
    405: "the method is not known here",
    409: "there is no result, or the scene was changed",
    413: "it is too large",
    415: "it is no picture",
    421: "the server has another name",
    422: "something in the request cannot be used",
    429: "the queue is full; see Retry-After",
    503: "it took too long",
    507: "the quota of uploads is full",
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": text} for status, text in _STATUSES.items()
}


def make_app(options: ServerOptions, *, warm: bool = True) -> FastAPI:
    """Make the application of a server.

    Args:
        options: how it is started.
        warm: load the model when the server starts, not before the first job.

    Raises:
        DglRsisError: none of the scenes can be opened.
    """
    service = Service(options)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.worker.start(warm=warm)
        await service.in_thread(load_tiler)
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="DGL-RSIS",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        responses=_RESPONSES,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.service = service
    app.include_router(scene_routes(service))
    app.include_router(job_routes(service))
    app.include_router(samgeo_routes(service))
    app.include_router(ogc_routes(service))
    _add_page(app)
    _add_errors(app)
    app.add_middleware(Bounds, limits=options.limits)
    app.add_middleware(Access, token=options.token, hosts=options.hosts)
    return app


def _add_page(app: FastAPI) -> None:
    if not (STATIC / "index.html").is_file():

        @app.get("/", include_in_schema=False)
        async def no_page() -> Response:
            return PlainTextResponse(
                "DGL-RSIS works; this installation has no page. See /openapi.json"
            )

        return
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def tell_problem(_: Request, problem: Problem) -> Response:
        return JSONResponse(problem.body, problem.status, problem.headers)

    @app.exception_handler(DglRsisError)
    async def tell_error(_: Request, error: DglRsisError) -> Response:
        return JSONResponse({"detail": public(error), "code": "unusable"}, 422)

    @app.exception_handler(RequestValidationError)
    async def tell_invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"] if each != "body") or "the request"
        said = str(first["msg"]).removeprefix("Value error, ")
        return JSONResponse({"detail": f"{place[:100]}: {said[:300]}", "code": "invalid"}, 422)

    @app.exception_handler(HTTPException)
    async def tell_http(_: Request, error: HTTPException) -> Response:
        said = _STATUSES.get(error.status_code, str(error.detail))
        code = {404: "not-found", 405: "wrong-method"}.get(error.status_code, "refused")
        return JSONResponse({"detail": said, "code": code}, error.status_code, error.headers)
