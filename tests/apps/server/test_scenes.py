"""Scenes, their tiles and uploads, over HTTP."""

from __future__ import annotations

import asyncio
import io
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.warp
from affine import Affine
from fastapi.testclient import TestClient
from PIL import Image
from serving import scene_of


def tile_at(scene: dict[str, Any], zoom: int) -> tuple[int, int]:
    west, south, east, north = scene["bounds"]
    longitude, latitude = (west + east) / 2, (south + north) / 2
    count = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * count
    return int((longitude + 180) / 360 * count), int(y)


def fetch(client: TestClient, path: str) -> np.ndarray[Any, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.array(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def png(width: int, height: int, colour: tuple[int, int, int] = (10, 200, 30)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, format="PNG")
    return stream.getvalue()


def test_scene_on_the_map_has_its_place(client: TestClient, scene_folder: Path) -> None:
    scene = scene_of(client, "scene.tif")
    with rasterio.open(scene_folder / "scene.tif") as dataset:
        crs = dataset.crs.to_string()
        bounds = rasterio.warp.transform_bounds(dataset.crs, "OGC:CRS84", *dataset.bounds)
    assert scene["georeferenced"]
    assert scene["crs"] == crs
    assert scene["bounds"] == pytest.approx(bounds, abs=1e-7)
    assert (scene["width"], scene["height"], scene["count"]) == (192, 192, 3)
    assert scene["metres_per_pixel"] == pytest.approx(0.5, rel=0.01)


def test_picture_without_place_lies_around_the_origin(client: TestClient) -> None:
    scene = scene_of(client, "plain.png")
    west, south, east, north = scene["bounds"]
    assert not scene["georeferenced"]
    assert scene["crs"] is None
    assert (west, south) == pytest.approx((-east, -north))
    assert (east - west) * 111319.49 == pytest.approx(160, abs=0.01)


def test_tile_shows_the_scene(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    zoom = scene["max_zoom"] - 3
    x, y = tile_at(scene, zoom)
    picture = fetch(client, f"/scenes/{scene['id']}/tiles/{zoom}/{x}/{y}.png")
    assert picture.shape == (256, 256, 4)
    assert (picture[..., 3] == 255).mean() > 0.2
    assert picture[..., :3][picture[..., 3] == 255].std() > 5


def test_tile_of_a_picture_shows_its_pixels_where_they_are(client: TestClient) -> None:
    scene = scene_of(client, "plain.png")
    # the tile north west of the origin at a zoom where a pixel of the picture is one of the tile
    zoom = 17
    picture = fetch(client, f"/scenes/{scene['id']}/tiles/{zoom}/{2**16 - 1}/{2**16 - 1}.png")
    step = 2 * 20037508.342789244 / 2**zoom / 256
    shown = picture[..., 3] == 255
    assert shown.sum() * step**2 == pytest.approx(80 * 60, rel=0.05)
    assert shown[-1, -1]
    assert not shown[0, 0]
    assert (picture[shown][:, :3] == (250, 240, 20)).all()


def test_tile_outside_is_empty(client: TestClient) -> None:
    for name in ("scene.tif", "plain.png"):
        id_ = scene_of(client, name)["id"]
        assert not fetch(client, f"/scenes/{id_}/tiles/10/3/4.png").any()


@pytest.mark.parametrize("tile", ["5/32/0", "31/0/0", "0/0/1", "-1/0/0"])
def test_tile_that_does_not_exist_is_refused(client: TestClient, tile: str) -> None:
    id_ = scene_of(client, "scene.tif")["id"]
    answer = client.get(f"/scenes/{id_}/tiles/{tile}.png")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_unknown_scene(client: TestClient) -> None:
    answer = client.get("/scenes/nothing")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-scene"


def test_upload_is_a_scene_until_it_is_deleted(client: TestClient) -> None:
    answer = client.post("/scenes", files={"file": ("../../etc/a b.png", png(70, 50))})
    assert answer.status_code == 201, answer.text
    scene = answer.json()
    assert scene["name"] == "a b.png"
    assert scene["uploaded"]
    assert (scene["width"], scene["height"]) == (70, 50)
    zoom = scene["max_zoom"] - 3
    x, y = tile_at(scene, zoom)
    picture = fetch(client, f"/scenes/{scene['id']}/tiles/{zoom}/{x}/{y}.png")
    assert (picture[picture[..., 3] == 255][:, :3] == (10, 200, 30)).all()
    assert client.delete(f"/scenes/{scene['id']}").status_code == 204
    assert client.get(f"/scenes/{scene['id']}").status_code == 404


def test_upload_keeps_georeference_and_no_data(client: TestClient) -> None:
    values = np.arange(40 * 60, dtype=np.uint16).reshape(1, 40, 60)
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=60,
            height=40,
            count=1,
            dtype="uint16",
            crs="EPSG:25832",
            transform=Affine(1, 0, 500000, 0, -1, 5600040),
            nodata=0,
        ) as target:
            target.write(values)
        content = memory.read()
    scene = client.post("/scenes", files={"file": ("a.tif", content)}).json()
    assert scene["crs"] == "EPSG:25832"
    assert scene["dtype"] == "uint16"
    assert scene["metres_per_pixel"] == pytest.approx(1, rel=1e-3)
    client.delete(f"/scenes/{scene['id']}")


def test_scene_of_the_command_line_is_not_deleted(client: TestClient) -> None:
    id_ = scene_of(client, "scene.tif")["id"]
    answer = client.delete(f"/scenes/{id_}")
    assert answer.status_code == 403
    assert client.get(f"/scenes/{id_}").status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 415, "not-a-picture"),
        (b"", 415, "not-a-picture"),
        (b"<VRTDataset/>", 415, "not-a-picture"),
        (png(70, 50)[:100], 422, "damaged"),
        (b"II*\0" + bytes(60), 422, "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(60), 422, "damaged"),
    ],
)
def test_what_is_no_picture_is_refused(
    client: TestClient, content: bytes, status: int, code: str
) -> None:
    before = client.get("/scenes").json()
    answer = client.post("/scenes", files={"file": ("x.tif", content)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert str(Path.home()) not in answer.text
    assert "/tmp" not in answer.text
    assert client.get("/scenes").json() == before


def test_form_without_a_file(client: TestClient) -> None:
    answer = client.post("/scenes", files={"other": ("x.png", png(5, 5))})
    assert (answer.status_code, answer.json()["code"]) == (422, "no-file")
    answer = client.post("/scenes", content=b"abc", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (400, "no-form")
    answer = client.post(
        "/scenes", content=b"--a\r\n", headers={"content-type": "multipart/form-data; boundary=a"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "broken-form")


def test_a_tile_that_many_want_at_once_is_drawn_once(idle: TestClient) -> None:
    service, begun, go_on = idle.app.state.service, [], threading.Event()  # type: ignore[attr-defined]

    def draw() -> bytes:
        begun.append(1)
        go_on.wait(10)
        return b"tile"

    async def ask() -> list[bytes]:
        waiting = [asyncio.ensure_future(service.tile(("key",), draw)) for _ in range(3)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()  # who gives up takes it from nobody else
        go_on.set()
        return await asyncio.gather(*waiting[1:])

    assert asyncio.run(ask()) == [b"tile", b"tile"]
    assert asyncio.run(service.tile(("key",), draw)) == b"tile"
    assert len(begun) == 1
    with pytest.raises(ZeroDivisionError):  # a failure is told, and tried anew
        asyncio.run(service.tile(("other",), lambda: bytes(1 // 0)))
    assert asyncio.run(service.tile(("other",), lambda: b"fine")) == b"fine"
