"""Routes about scenes and words."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from dgl_rsis import __version__
from dgl_rsis.apps.server.file_digest import file_digest
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.service import Service
from dgl_rsis.apps.server.tiles import TileNumber, scene_tile
from dgl_rsis.apps.server.words import understand_text

Id = Annotated[str, Path(max_length=100)]
Number = Annotated[int, Path(ge=0, le=2**31)]
_LIMITS = Limits()
_MAX_AGE = {"Cache-Control": "private, max-age=3600"}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "bands": {
                            "type": "string",
                            "description": "Band numbers of red, green and blue (or one band), "
                            "e.g. 4,3,2.",
                        },
                    },
                }
            }
        },
    }
}
PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}


def scene_routes(service: Service) -> APIRouter:
    """Routes about scenes and words."""
    routes = APIRouter()

    @routes.get("/health", tags=["server"])
    async def health() -> dict[str, Any]:
        """Whether the server works, with which model, and how long its queue is."""
        waiting, running = service.jobs.counts()
        model = service.worker.model
        return {
            "status": service.worker.trouble or "ok",
            "version": __version__,
            "model": model
            or {"name": service.options.choice.name, "revision": None, "licence": None},
            "ready": model is not None and service.worker.trouble is None,
            "queue": {
                "waiting": waiting,
                "running": running,
                "limit": service.limits.waiting_jobs,
            },
        }

    @routes.get("/scenes", tags=["scenes"])
    async def scenes() -> dict[str, Any]:
        """The scenes that can be asked about."""
        return {"scenes": [scene.to_json() for scene in service.scenes.all()]}

    @routes.post("/scenes", status_code=201, tags=["scenes"], openapi_extra=FORM)
    async def upload(request: Request) -> dict[str, Any]:
        """Upload a picture: GeoTIFF, PNG, JPEG or JPEG 2000."""
        scene, _ = await service.upload(request)
        return scene.to_json()

    @routes.get("/scenes/{id}", tags=["scenes"])
    async def scene(id: Id) -> dict[str, Any]:
        """One scene."""
        return service.scenes.get(id).to_json()

    @routes.get("/scenes/{id}/digest", tags=["scenes"])
    async def digest(id: Id) -> dict[str, str]:
        """A digest of the file of a scene, by which clients know whether they have the same."""
        found = service.scenes.get(id)
        found.check_files()
        return {"digest": await service.in_thread(lambda: file_digest(found.path))}

    @routes.delete("/scenes/{id}", status_code=204, tags=["scenes"])
    async def delete(id: Id) -> None:
        """Delete an uploaded scene."""
        service.scenes.delete(id)

    @routes.get(
        "/scenes/{id}/tiles/{z}/{x}/{y}.png",
        tags=["scenes"],
        responses=PNG,
        response_class=Response,
    )
    async def tile(id: Id, z: Number, x: Number, y: Number) -> Response:
        """A tile of 256 pixels in Web Mercator, as the model sees the scene."""
        found, number = service.scenes.get(id), TileNumber(z, x, y)
        found.check_files()
        picture = await service.tile(
            (found.id, number),
            lambda: scene_tile(found.path, number, found.placement, found.look),
        )
        return Response(picture, media_type="image/png", headers=_MAX_AGE)

    @routes.get("/parse", tags=["words"])
    async def parse(
        text: Annotated[str, Query(min_length=1, max_length=_LIMITS.text_length)],
        scene: Annotated[str | None, Query(max_length=100)] = None,
    ) -> dict[str, Any]:
        """What is understood of a sentence, or of `classes: building, road`."""
        if scene is not None:
            service.scenes.get(scene)
        return await service.at_once(lambda: understand_text(text, service.words))

    return routes
