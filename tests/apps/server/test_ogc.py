"""What OGC 18-062r2 wants of errors and of what is declared."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving import BASE, scene_of, server_options

from dgl_rsis.apps.server.application import make_app

TYPES = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/ogc/processes/none", "no-such-process"),
        ("/ogc/jobs/none", "no-such-job"),
        ("/ogc/jobs/none/results", "no-such-job"),
    ],
)
def test_what_is_not_there_has_its_type(idle: TestClient, path: str, type_: str) -> None:
    answer = idle.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == f"{TYPES}/{type_}"


def test_other_requests_about_what_is_not_there(idle: TestClient) -> None:
    gone = idle.delete("/ogc/jobs/none")
    assert (gone.status_code, gone.json()["type"]) == (404, f"{TYPES}/no-such-job")
    asked = idle.post("/ogc/processes/none/execution", json={"inputs": {}})
    assert (asked.status_code, asked.json()["type"]) == (404, f"{TYPES}/no-such-process")


def test_result_that_is_not_ready(scene_folder: Path, tmp_path: Path) -> None:
    options = server_options(tmp_path / "state", [str(scene_folder / "scene.tif")])
    client = TestClient(make_app(options, warm=False), base_url=BASE)  # nobody takes jobs
    body = {"scene": scene_of(client, "scene.tif")["id"], "text": "a road"}
    id_ = client.post("/refer", json=body).json()["id"]
    answer = client.get(f"/ogc/jobs/{id_}/results")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{TYPES}/result-not-ready")


def test_no_more_is_declared_than_there_is(idle: TestClient) -> None:
    declared = idle.get("/ogc/conformance").json()["conformsTo"]
    assert [each for each in declared if each.endswith("/core")]
    is_3_0 = idle.get("/openapi.json").json()["openapi"].startswith("3.0")
    assert any(each.endswith("/oas30") for each in declared) == is_3_0
