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
from serving import BASE, scene_of, server_options

from dgl_rsis.apps.server.application import make_app
from dgl_rsis.errors import InputError


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


def bands_tif(path: Path, count: int = 4, nodata: int | None = None) -> Path:
    """Bands of 10, 20, 30, ... that say nothing of their colours."""
    with rasterio.open(
        path, "w", driver="GTiff", width=48, height=48, count=count, dtype="uint8", nodata=nodata,
        photometric="MINISBLACK", crs="EPSG:25832", transform=Affine(1, 0, 500000, 0, -1, 5600000),
    ) as target:  # fmt: skip
        for index in range(1, count + 1):
            target.write(np.full((48, 48), 10 * index, np.uint8), index)
    return path


def centre(client: TestClient, scene: dict[str, Any]) -> list[int]:
    """The colour in the middle of a scene."""
    x, y = tile_at(scene, scene["max_zoom"])
    picture = fetch(client, f"/scenes/{scene['id']}/tiles/{scene['max_zoom']}/{x}/{y}.png")
    return [int(value) for value in picture[picture[..., 3] == 255][0][:3]]


def test_files_that_are_no_scenes_are_left_out(scene_folder: Path, tmp_path: Path) -> None:
    files = [scene_folder / "scene.tif", bands_tif(tmp_path / "four.tif")]
    files.append(bands_tif(tmp_path / "empty.tif", 1, nodata=10))
    app = make_app(server_options(tmp_path / "state", [str(file) for file in files]), warm=False)
    with TestClient(app, base_url=BASE) as client:
        assert [each["name"] for each in client.get("/scenes").json()["scenes"]] == ["scene.tif"]
    four, empty = app.state.service.left_out
    assert "four.tif has 4 bands" in four
    assert "--bands 3,2,1" in four
    assert "empty.tif has no valid pixel" in empty
    assert "--nodata" not in empty  # which is no option of this command
    with pytest.raises(InputError, match="4 bands"):
        make_app(server_options(tmp_path / "other", [str(files[1])]))


def test_bands_of_files(tmp_path: Path) -> None:
    files = [str(bands_tif(tmp_path / "four.tif")), str(bands_tif(tmp_path / "one.tif", 1))]
    options = server_options(tmp_path / "state", files, bands=(3, 2, 1))
    app = make_app(options, warm=False)
    with TestClient(app, base_url=BASE) as client:
        (scene,) = client.get("/scenes").json()["scenes"]
        assert centre(client, scene) == [30, 20, 10]
    assert "has no band 3" in app.state.service.left_out[0]


def test_bands_of_an_upload(idle: TestClient, tmp_path: Path) -> None:
    content = bands_tif(tmp_path / "four.tif").read_bytes()
    sent = {"file": ("four.tif", content)}
    refused = idle.post("/scenes", files=sent)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("four.tif has 4 bands")
    assert refused.json()["detail"].endswith("for example the form field bands 3,2,1")
    scene = idle.post("/scenes", files=sent, data={"bands": "3, 2, 1"}).json()
    assert centre(idle, scene) == [30, 20, 10]
    for bands in ("9", "red", "1,2", "1" * 5000):
        answer = idle.post("/scenes", files=sent, data={"bands": bands})
        assert answer.status_code == 422, bands
        assert "bands" in answer.json()["detail"]
        assert "/" not in answer.json()["detail"]


def test_file_that_goes_or_changes_while_the_server_runs(
    scene_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scene.tif"
    file.write_bytes((scene_folder / "scene.tif").read_bytes())
    options = server_options(tmp_path / "state", [str(file)])
    with TestClient(make_app(options, warm=False), base_url=BASE) as client:
        scene = scene_of(client, "scene.tif")
        asked = {"scene": scene["id"], "text": "a road"}
        tile = f"/scenes/{scene['id']}/tiles/0/0/0.png"
        assert client.get(tile).status_code == 200
        kept = file.rename(tmp_path / "away")
        assert client.get("/scenes").json()["scenes"] == [scene]
        for answer in (client.get(tile), client.post("/refer", json=asked)):
            assert (answer.status_code, answer.json()["code"]) == (404, "scene-gone")
            assert answer.json()["detail"].startswith("the file of scene.tif was moved or deleted")
        kept.rename(file)
        assert client.get(tile).status_code == 200
        bands_tif(file, 3)
        for answer in (client.get(tile), client.post("/refer", json=asked)):
            assert (answer.status_code, answer.json()["code"]) == (409, "scene-changed")
        assert client.get("/jobs").json() == {"jobs": []}
    with TestClient(make_app(options, warm=False), base_url=BASE) as client:
        new = scene_of(client, "scene.tif")
        assert new["id"] != scene["id"]  # so no browser shows the old tiles
        assert client.get(f"/scenes/{new['id']}/tiles/0/0/0.png").status_code == 200


def test_source_of_a_virtual_raster_that_changes(tmp_path: Path) -> None:
    bands_tif(tmp_path / "a.tif", 1)
    (tmp_path / "all.vrt").write_text(
        '<VRTDataset rasterXSize="48" rasterYSize="48"><VRTRasterBand dataType="Byte" band="1">'
        '<SimpleSource><SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>1'
        "</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    options = server_options(tmp_path / "state", [str(tmp_path / "all.vrt")])
    with TestClient(make_app(options, warm=False), base_url=BASE) as client:
        tile = f"/scenes/{scene_of(client, 'all.vrt')['id']}/tiles/0/0/0.png"
        assert client.get(tile).status_code == 200
        bands_tif(tmp_path / "a.tif", 3)
        assert client.get(tile).json()["code"] == "scene-changed"
