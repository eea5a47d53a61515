"""The request form of segment-geospatial's service, so that its clients can ask this one.

`POST /segment/text` takes a picture and a prompt and answers in the same request. What that form
says about SAM has no meaning here and is accepted without effect: `model_id` and `backend`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from dgl_rsis.apps.server.bodies import ReferBody
from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.placing import LONLAT
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.apps.server.service import Service
from dgl_rsis.apps.server.tasks import RANKING

_FORMATS = ("geojson", "geotiff", "png", "detections", "json")
_FIELDS: dict[str, dict[str, Any]] = {
    "file": {"type": "string", "format": "binary"},
    "prompt": {"type": "string", "maxLength": Limits().text_length},
    "output_format": {"type": "string", "enum": list(_FORMATS), "default": "geojson"},
    "confidence_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
    "min_size": {"type": "integer", "minimum": 0, "default": 0},
    "max_size": {"type": "integer", "minimum": 0},
    "bands": {"type": "string", "description": "Band numbers of red, green and blue."},
    "model_id": {"type": "string"},
    "backend": {"type": "string"},
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file", "prompt"], "properties": _FIELDS}
            }
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {}}, "image/tiff": {}, "image/png": {}}}
}


def samgeo_routes(service: Service) -> APIRouter:
    """The route of segment-geospatial."""
    routes = APIRouter()

    @routes.post(
        "/segment/text", tags=["samgeo"], openapi_extra=_FORM, responses=_ANSWERS,
        response_class=Response,
    )  # fmt: skip
    async def segment_text(request: Request) -> Response:
        """All objects that a prompt names, in a picture that comes with it."""
        service.jobs.check_room()
        scene, form = await service.upload(request)
        try:
            wish = _Wish(form.fields)
            body = ReferBody(scene=scene.id, text=_plural(wish.prompt), heatmap=False)
            job = await service.ask(body)
            try:
                job = await service.ended(job.id)
            finally:
                service.jobs.cancel(job.id)
            if job.state != "done":
                raise Problem(422, "unusable", job.error or "the job was cancelled; send it again")
            place = service.jobs.folders.place(job.id)
            answer = await service.in_thread(lambda: _answer(job, place, wish, scene.path))
            service.jobs.forget(job.id)  # its files go; what is sent was read
            return answer
        finally:
            service.scenes.delete(scene.id)

    return routes


class _Wish:
    """The fields of the form.

    Raises:
        Problem: one cannot be used.
    """

    def __init__(self, fields: dict[str, str]) -> None:
        self.prompt = fields.get("prompt", "").strip()
        most = Limits().text_length
        if not any(letter.isalpha() for letter in self.prompt) or len(self.prompt) > most:
            raise Problem(422, "invalid", f"prompt: say what to find in 1 to {most} letters")
        self.format = fields.get("output_format") or "geojson"
        if self.format not in _FORMATS:
            raise Problem(400, "invalid", f"output_format: use one of {', '.join(_FORMATS)}")
        self.threshold = _number(fields, "confidence_threshold", 0.5)
        self.least = _number(fields, "min_size", 0)
        self.most = _number(fields, "max_size", math.inf) or math.inf


def _number(fields: dict[str, str], name: str, default: float) -> float:
    text = fields.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise Problem(422, "invalid", f"{name}: {text[:40]!r} is no number of 0 or more")
    return value


def _plural(prompt: str) -> str:
    """A prompt names all that there is: *building* means every building."""
    return prompt if len(prompt.split()) > 3 else f"every {prompt}"


def _answer(job: Job, place: Path, wish: _Wish, picture: Path) -> Response:
    import geopandas

    assert job.result is not None
    found = [
        each
        for each in job.result["candidates"]
        if each["chosen"]
        and each["probability"] >= wish.threshold
        and wish.least <= each["pixels"] <= wish.most
    ]
    if not found:
        raise Problem(
            404, "nothing-found", "nothing was found for this prompt; try other words or a lower "
            "confidence_threshold",
        )  # fmt: skip
    if wish.format == "json":
        return JSONResponse(
            [
                {"bbox": each["box"], "score": each["probability"], "label": wish.prompt}
                for each in found
            ]
        )
    by_id = {each["id"]: each for each in found}
    table = geopandas.read_file(place / RANKING, layer="ranking")
    table = table[table["candidate_id"].isin(list(by_id))]
    if wish.format in ("geotiff", "png"):
        return _mask(table, place, wish.format, picture)
    shapes = table.geometry if table.crs is None else table.geometry.to_crs(LONLAT)
    if wish.format == "detections":
        shapes = shapes.envelope
    features = [
        {
            "type": "Feature",
            "properties": {
                "value": number,
                "score": by_id[id_]["probability"],
                "label": wish.prompt,
            },
            "geometry": json.loads(geopandas.GeoSeries([shape]).to_json())["features"][0][
                "geometry"
            ],
        }
        for number, (id_, shape) in enumerate(
            zip(table["candidate_id"], shapes, strict=True), start=1
        )
    ]
    return JSONResponse({"type": "FeatureCollection", "features": features})


def _mask(table: Any, place: Path, kind: str, picture: Path) -> Response:
    """A raster on the grid of the picture: 0, and a number for each thing."""
    import io

    import rasterio
    from rasterio.features import rasterize

    with rasterio.open(picture) as dataset:
        numbered = [(shape, number) for number, shape in enumerate(table.geometry, start=1)]
        burnt = rasterize(
            numbered, out_shape=dataset.shape, transform=dataset.transform, dtype="uint16"
        )
        frame, crs = dataset.transform, dataset.crs
    if kind == "png":
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray((burnt > 0).astype("uint8") * 255).save(stream, format="PNG")
        return Response(stream.getvalue(), media_type="image/png")
    with rasterio.MemoryFile() as memory:
        height, width = burnt.shape
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype="uint16",
            transform=frame, crs=crs, compress="deflate",
        ) as target:  # fmt: skip
            target.write(burnt, 1)
        return Response(memory.read(), media_type="image/tiff")
