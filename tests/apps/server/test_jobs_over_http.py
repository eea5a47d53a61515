"""Jobs as clients see them: asked for, followed, fetched, cancelled."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from fastapi.testclient import TestClient
from PIL import Image
from serving import BASE, run_job, scene_of, server_options, wait_for

from dgl_rsis.apps.server.application import make_app


def test_segment(client: TestClient, tmp_path: Path) -> None:
    scene = scene_of(client, "scene.tif")
    classes = ["building", "road", "grass"]
    job = run_job(client, "segment", {"scene": scene["id"], "classes": classes})
    assert job["state"] == "done", job["error"]
    assert job["commands"]["cli"].startswith("dgl-rsis segment scene.tif -c building")
    legend = job["result"]["legend"]
    assert [each["class"] for each in legend] == classes
    assert sum(each["share"] for each in legend) <= 1
    path = f"/jobs/{job['id']}"
    (tmp_path / "map.tif").write_bytes(client.get(f"{path}/result.tif").content)
    with rasterio.open(tmp_path / "map.tif") as dataset:
        values = dataset.read(1)
        assert dataset.crs.to_string() == scene["crs"]
    for number, each in enumerate(legend, start=1):
        assert int((values == number).sum()) == each["pixels"]
        assert each["area_m2"] == pytest.approx(each["pixels"] * 0.25, rel=0.01)
    (tmp_path / "map.gpkg").write_bytes(client.get(f"{path}/result.gpkg").content)
    table = geopandas.read_file(tmp_path / "map.gpkg", layer="result")
    assert set(table["class"]) == {each["class"] for each in legend if each["pixels"]}
    shapes = client.get(f"{path}/shapes.geojson").json()["features"]
    assert len(shapes) == len(table)
    colours = {each["class"]: each["colour"] for each in legend}
    assert all(
        each["properties"]["colour"] == colours[each["properties"]["class"]] for each in shapes
    )
    west, south, east, north = scene["bounds"]
    room = shapely.box(west, south, east, north).buffer(1e-5)
    assert all(room.covers(shapely.geometry.shape(each["geometry"])) for each in shapes)
    tile = client.get(f"{path}/tiles/classes/0/0/0.png")
    assert tile.headers["content-type"] == "image/png"
    assert client.get(f"{path}/tiles/heat/0/0/0.png").json()["code"] == "unknown-layer"


def test_refer(client: TestClient, tmp_path: Path) -> None:
    scene = scene_of(client, "scene.tif")
    job = run_job(
        client,
        "refer",
        {
            "scene": scene["id"],
            "text": "the largest field",
            "top_k": 2,
            "settings": {"preset": "default"},
        },
    )
    assert job["state"] == "done", job["error"]
    result = job["result"]
    assert result["matched"] == bool(result["matches"])
    assert [each["rank"] for each in result["candidates"]] == list(
        range(1, len(result["candidates"]) + 1)
    )
    assert all(0 <= term["value"] <= 1 for each in result["candidates"] for term in each["terms"])
    path = f"/jobs/{job['id']}"
    drawn = client.get(f"{path}/candidates.geojson").json()["features"]
    assert [each["id"] for each in drawn] == [each["id"] for each in result["candidates"]]
    for feature, each in zip(drawn, result["candidates"], strict=True):
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.bounds == pytest.approx(each["bounds"], abs=1e-6)
    saved = client.get(f"{path}/result.geojson").json()["features"]
    assert len(saved) == min(2, len(drawn))
    first = shapely.geometry.shape(saved[0]["geometry"])
    shown = shapely.geometry.shape(drawn[0]["geometry"])
    assert first.symmetric_difference(shown).area <= 1e-3 * first.area
    other = result["candidates"][-1]["id"]
    (tmp_path / "other.gpkg").write_bytes(
        client.get(f"{path}/result.gpkg", params={"candidate": other}).content
    )
    table = geopandas.read_file(tmp_path / "other.gpkg", layer=f"candidate-{other}")
    assert table["rank"].tolist() == [len(drawn)]
    assert bool(table["chosen"].iloc[0])
    assert client.get(f"{path}/result.gpkg?candidate=999999").status_code == 404
    heat = client.get(f"{path}/tiles/heat/0/0/0.png")
    assert Image.open(io.BytesIO(heat.content)).size == (256, 256)


def test_second_sentence_uses_the_prepared_image(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    answers = [
        run_job(client, "refer", {"scene": scene["id"], "text": "the largest tree"})["result"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]


def test_refer_in_a_picture_without_place(client: TestClient) -> None:
    scene = scene_of(client, "plain.png")
    west, south, east, north = scene["bounds"]
    half = (west + east) / 2
    area = shapely.geometry.mapping(shapely.box(west, south, half, north))
    body = {"scene": scene["id"], "text": "the yellow roof", "area": area}
    job = run_job(client, "refer", body)
    assert job["state"] == "done", job["error"]
    assert "--aoi" in job["commands"]["cli"]
    features = client.get(f"/jobs/{job['id']}/candidates.geojson").json()["features"]
    for feature, each in zip(features, job["result"]["candidates"], strict=True):
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.bounds[0] >= west - 1e-7
        assert shape.bounds[2] <= half + 2e-5
        assert each["area_m2"] is None
    pixels = client.get(f"/jobs/{job['id']}/result.geojson").json()["features"]
    for feature in pixels:  # as the command line writes them
        x0, y0, x1, y1 = shapely.geometry.shape(feature["geometry"]).bounds
        assert 0 <= x0 <= x1 <= 81
        assert 0 <= y0 <= y1 <= 120


def test_refer_among_own_candidates(client: TestClient) -> None:
    scene = scene_of(client, "plain.png")
    west, south, east, north = scene["bounds"]
    boxes = {
        "left": shapely.box(west, 0, 0, north),
        "right": shapely.box(0, south, east, 0),
    }
    features = [
        {
            "type": "Feature",
            "properties": {"name": "roof"},
            "geometry": shapely.geometry.mapping(box),
        }
        for box in boxes.values()
    ]
    body = {
        "scene": scene["id"],
        "text": "the roof on the right",
        "candidates": {"type": "FeatureCollection", "features": features},
    }
    job = run_job(client, "refer", body)
    assert job["state"] == "done", job["error"]
    (match,) = job["result"]["matches"]
    assert match["id"] == 1
    assert match["bounds"] == pytest.approx(boxes["right"].bounds, abs=1e-7)


def test_label_keeps_the_polygons(client: TestClient, scene_folder: Path) -> None:
    scene = scene_of(client, "scene.tif")
    table = geopandas.read_file(scene_folder / "instances.gpkg", layer="instances").head(4)
    polygons = json.loads(table.to_json())  # in the CRS of the scene, as QGIS writes it
    polygons["crs"] = {"type": "name", "properties": {"name": scene["crs"]}}
    body = {"scene": scene["id"], "classes": ["building", "tree"], "polygons": polygons}
    job = run_job(client, "label", body)
    assert job["state"] == "done", job["error"]
    assert sum(job["result"]["counts"].values()) + len(job["result"]["skipped"]) == 4
    shapes = client.get(f"/jobs/{job['id']}/shapes.geojson").json()["features"]
    expected = table.to_crs("OGC:CRS84").geometry
    for feature, shape in zip(shapes, expected, strict=True):
        drawn = shapely.geometry.shape(feature["geometry"])
        assert drawn.symmetric_difference(shape).area <= 1e-3 * shape.area
    assert client.get(f"/jobs/{job['id']}/result.tif").status_code == 404


def test_events_tell_the_job_until_it_ends(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    job = client.post(
        "/refer", json={"scene": scene["id"], "text": "every tree", "settings": {"preset": "fast"}}
    ).json()
    answer = client.get(f"/jobs/{job['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [block for block in answer.text.split("\n\n") if block.startswith("event:")]
    assert events[-1].startswith("event: done\n")
    last: dict[str, Any] = json.loads(events[-1].split("data: ", 1)[1])
    assert last["result"]["candidates"] is not None
    assert all(each.startswith("event: progress\n") for each in events[:-1])


def test_list_of_jobs_has_neither_results_nor_commands(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    job = run_job(client, "refer", {"scene": scene["id"], "text": "the largest tree"})
    listed = client.get("/jobs").json()["jobs"]
    assert not [each for each in listed if {"result", "commands"} & set(each)]
    (ours,) = [each for each in listed if each["id"] == job["id"]]
    assert ours["matches"] == len(job["result"]["matches"])
    assert {name: job[name] for name in ours} == ours


@pytest.fixture
def queue(scene_folder: Path, tmp_path: Path) -> tuple[TestClient, str]:
    """A server that computes nothing, and the address of a job that waits."""
    options = server_options(tmp_path / "state", [str(scene_folder / "scene.tif")])
    client = TestClient(make_app(options, warm=False), base_url=BASE)  # not entered: no worker
    body = {"scene": scene_of(client, "scene.tif")["id"], "text": "a tree"}
    return client, f"/jobs/{client.post('/refer', json=body).json()['id']}"


def test_cancel_is_harmless_once_a_job_has_ended(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    job = run_job(client, "refer", {"scene": scene["id"], "text": "the largest tree"})
    answer = client.post(f"/jobs/{job['id']}/cancel")
    assert answer.status_code == 200
    assert answer.json() == job == client.get(f"/jobs/{job['id']}").json()
    assert client.get(f"/jobs/{job['id']}/result.gpkg").status_code == 200


def test_cancelled_job_stays_in_the_list(queue: tuple[TestClient, str]) -> None:
    client, job = queue
    assert client.post(f"{job}/cancel").json()["state"] == "cancelled"
    assert [each["state"] for each in client.get("/jobs").json()["jobs"]] == ["cancelled"]


def test_waiting_job_is_forgotten_by_one_request(queue: tuple[TestClient, str]) -> None:
    client, job = queue
    assert client.delete(job).status_code == 204
    assert client.get("/jobs").json() == {"jobs": []}
    for answer in (client.get(job), client.delete(job), client.post(f"{job}/cancel")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-job")


def test_running_job_is_forgotten_by_one_request(client: TestClient) -> None:
    scene = scene_of(client, "scene.tif")
    body = {"scene": scene["id"], "classes": ["building", "road"], "settings": {"preset": "paper"}}
    id_ = client.post("/segment", json=body).json()["id"]
    while client.get(f"/jobs/{id_}").json()["state"] == "waiting":
        time.sleep(0.02)
    assert client.delete(f"/jobs/{id_}").status_code == 204
    assert id_ not in [each["id"] for each in client.get("/jobs").json()["jobs"]]
    assert run_job(client, "refer", {"scene": scene["id"], "text": "a tree"})["state"] == "done"
    assert id_ not in [each["id"] for each in client.get("/jobs").json()["jobs"]]
    app: Any = client.app
    assert not app.state.service.jobs.folders.place(id_).exists()


def test_events_of_a_forgotten_job_name_it(queue: tuple[TestClient, str]) -> None:
    client, job = queue
    before = client.get(job).json()
    threading.Timer(0.5, lambda: client.delete(job)).start()
    last = client.get(f"{job}/events").text.strip().split("\n\n")[-1]
    assert last.startswith("event: cancelled\n")
    assert json.loads(last.split("data: ", 1)[1]) == {
        **before, "state": "cancelled", "message": "cancelled",
    }  # fmt: skip


def test_ogc_dismisses_what_runs_and_then_forgets_it(queue: tuple[TestClient, str]) -> None:
    client, job = queue
    assert client.delete(f"/ogc{job}").json()["status"] == "dismissed"
    assert client.get(f"/ogc{job}").json()["status"] == "dismissed"
    assert client.delete(f"/ogc{job}").status_code == 200
    assert client.get(f"/ogc{job}").status_code == 404


def test_sentence_that_finds_nothing_possible_is_told(client: TestClient) -> None:
    scene = scene_of(client, "plain.png")
    far = shapely.geometry.mapping(shapely.box(50, 50, 51, 51))
    job = run_job(client, "refer", {"scene": scene["id"], "text": "a road", "area": far})
    assert job["state"] == "failed"
    assert "/" not in job["error"].split()[0]
    assert client.get(f"/jobs/{job['id']}/result.gpkg").status_code == 409


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("refer", {"text": "123"}),
        ("refer", {"text": ""}),
        ("refer", {"text": "a" * 501}),
        ("refer", {"text": "a road", "top_k": 0}),
        ("refer", {"text": "a road", "settings": {"preset": "slow"}}),
        ("refer", {"text": "a road", "area": {"type": "Point", "coordinates": [1, 2]}}),
        (
            "refer",
            {"text": "a road", "area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}},
        ),
        ("segment", {"classes": []}),
        ("segment", {"classes": ["building"], "settings": {"min_area": -1}}),
        ("segment", {"classes": ["building"], "path": "/etc/passwd"}),
        (
            "label",
            {"classes": ["building"], "polygons": {"type": "FeatureCollection", "features": []}},
        ),
    ],
)
def test_wrong_requests_are_sentences(idle: TestClient, kind: str, body: dict[str, Any]) -> None:
    scene = scene_of(idle, "scene.tif")
    answer = idle.post(f"/{kind}", json={"scene": scene["id"], **body})
    assert answer.status_code == 422
    assert set(answer.json()) == {"detail", "code"}
    assert idle.get("/jobs").json() == {"jobs": []}


def test_numbers_and_attributes_without_measure(idle: TestClient) -> None:
    scene = scene_of(idle, "scene.tif")
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    for ring_, properties in (([*ring[:2], [10**400, 0], ring[0]], {}), (ring, {"a": deep})):
        geometry = {"type": "Polygon", "coordinates": [ring_]}
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        polygons = {"type": "FeatureCollection", "features": [feature]}
        body = {"scene": scene["id"], "classes": ["tree"], "polygons": polygons}
        assert idle.post("/label", json=body).status_code == 422


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "link", "properties": {"href": "http://127.0.0.1:1/x"}},
        {"type": "name", "properties": {"name": "http://127.0.0.1:1/x"}},
        {"type": "name", "properties": {"name": "/vsicurl/http://127.0.0.1:1/x"}},
        {"type": "name", "properties": {}},
        {"type": "url"},
    ],
)
def test_systems_of_coordinates_are_names_only(idle: TestClient, crs: dict[str, Any]) -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    polygons = {
        "type": "FeatureCollection",
        "crs": crs,
        "features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}],
    }
    scene = scene_of(idle, "scene.tif")
    body = {"scene": scene["id"], "classes": ["tree"], "polygons": polygons}
    assert idle.post("/label", json=body).status_code == 422


def test_samgeo_form(client: TestClient) -> None:
    picture = np.full((64, 64, 3), 60, np.uint8)
    picture[20:40, 20:40] = (220, 60, 50)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    form = {
        "prompt": "roof",
        "output_format": "json",
        "confidence_threshold": "0",
        "backend": "meta",
    }
    before = client.get("/scenes").json()
    answer = client.post("/segment/text", files={"file": ("a.png", stream.getvalue())}, data=form)
    assert answer.status_code in (200, 404), answer.text
    if answer.status_code == 200:
        for each in answer.json():
            assert set(each) == {"bbox", "score", "label"}
    assert client.get("/scenes").json() == before  # nothing is kept
    form["output_format"] = "svg"
    answer = client.post("/segment/text", files={"file": ("a.png", stream.getvalue())}, data=form)
    assert answer.status_code == 400


def test_ogc_processes(client: TestClient) -> None:
    links = {each["rel"]: each["href"] for each in client.get("/ogc").json()["links"]}
    assert "http://www.opengis.net/def/rel/ogc/1.0/processes" in links
    names = [each["id"] for each in client.get("/ogc/processes").json()["processes"]]
    assert names == ["segment", "refer", "label"]
    inputs = client.get("/ogc/processes/segment").json()["inputs"]
    assert inputs["scene"]["minOccurs"] == 1
    assert client.get("/ogc/processes/none").json()["code"] == "no-such-process"
    scene = scene_of(client, "scene.tif")
    inputs = {"scene": scene["id"], "text": "the largest tree", "settings": {"preset": "fast"}}
    answer = client.post("/ogc/processes/refer/execution", json={"inputs": inputs})
    assert answer.status_code == 201, answer.text
    id_ = answer.headers["location"].rsplit("/", 1)[1]
    wait_for(client, id_)
    status = client.get(f"/ogc/jobs/{id_}").json()
    assert (status["status"], status["progress"]) == ("successful", 100)
    results = client.get(f"/ogc/jobs/{id_}/results").json()
    assert results["shapes"]["value"]["type"] == "FeatureCollection"
    assert client.get(results["gpkg"]["href"]).status_code == 200
    wrong = client.post("/ogc/processes/refer/execution", json={"inputs": {"text": "a road"}})
    assert wrong.status_code == 422
    assert "inputs.scene" in wrong.json()["detail"]
