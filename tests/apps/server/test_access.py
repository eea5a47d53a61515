"""Who may ask: hosts, tokens and pages of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving import BASE, server_options

from dgl_rsis.apps.server.access import Access, cookie_name, is_loopback
from dgl_rsis.apps.server.application import make_app

TOKEN = "a-secret-that-nobody-guesses"
PATHS = (
    "/", "/health", "/scenes", "/jobs", "/parse?text=a+road", "/openapi.json", "/ogc", "/static/x.js",
)  # fmt: skip


@pytest.fixture
def guarded(scene_folder: Path, tmp_path: Path) -> Iterator[TestClient]:
    options = server_options(
        tmp_path / "state", [str(scene_folder / "scene.tif")], token=TOKEN, hosts=None
    )
    with TestClient(make_app(options, warm=False), base_url="http://map.example:8000") as made:
        yield made


@pytest.mark.parametrize("path", PATHS)
def test_nothing_answers_without_the_token(guarded: TestClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "dgl_rsis_token_8000=wrong"}):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "token-needed"
    assert guarded.post("/refer", json={}).status_code == 401
    assert guarded.delete("/jobs/x").status_code == 401


def test_token_as_header(guarded: TestClient) -> None:
    answer = guarded.get("/scenes", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200


def test_page_turns_the_token_into_a_cookie(guarded: TestClient) -> None:
    assert guarded.get("/?token=wrong").status_code == 401
    answer = guarded.get(f"/?token={TOKEN}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("dgl_rsis_token_8000=")  # another port, another server
    assert "path" not in cookie.lower()  # that of the page, below which everything is
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert guarded.get("/scenes").status_code == 200  # the client keeps it


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"])
def test_other_names_of_a_loopback_server_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/scenes", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong-host")


def test_loopback_names_with_any_port(client: TestClient) -> None:
    for host in ("localhost", "localhost:1234", "127.0.0.1:80"):
        assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_others_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/refer", json={"scene": "x", "text": "a road"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-page")
    assert client.delete("/jobs/x", headers=headers).status_code == 403


def test_own_page_may_ask(client: TestClient) -> None:
    answer = client.post(
        "/refer",
        json={"scene": "x", "text": "a road"},
        headers={"Origin": BASE, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.json()["code"] == "unknown-scene"


def test_own_page_may_ask_behind_a_proxy_that_changes_the_host(client: TestClient) -> None:
    headers = {"Origin": "https://maps.example", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/refer", json={"scene": "x", "text": "a road"}, headers=headers)
    assert answer.json()["code"] == "unknown-scene"


def test_servers_of_one_machine_have_cookies_of_their_own() -> None:
    names = {cookie_name({"type": "http", "server": ("127.0.0.1", port)}) for port in (8000, 8001)}
    assert names == {"dgl_rsis_token_8000", "dgl_rsis_token_8001"}
    assert cookie_name({"type": "http", "server": None}) == "dgl_rsis_token"


def test_other_origins_get_no_permission(client: TestClient) -> None:
    answer = client.get("/scenes", headers={"Origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_any_name_needs_a_token() -> None:
    async def nothing(*_: object) -> None: ...

    with pytest.raises(ValueError, match="token"):
        Access(nothing, None, None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True),
     ("0.0.0.0", False), ("192.168.1.2", False), ("map.example", False)],
)  # fmt: skip
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
