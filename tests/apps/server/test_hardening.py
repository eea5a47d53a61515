"""What strangers and accidents do to a running server."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
import rasterio
from fastapi.testclient import TestClient
from PIL import Image
from serving import LiveServer, scene_of, server_options

from dgl_rsis.apps.server.application import make_app
from dgl_rsis.apps.server.limits import Limits


def picture(kind: str, side: int = 48) -> bytes:
    stream = io.BytesIO()
    values = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(values).save(stream, format=kind)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def png_of(width: int, height: int, data: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(side: int = 32, **options: object) -> bytes:
    with rasterio.MemoryFile() as memory:
        values: dict[str, object] = {
            "driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint8", **options,
        }  # fmt: skip
        with memory.open(**values) as target:
            count, dtype = int(str(values["count"])), str(values["dtype"])
            if side <= 1024:
                target.write(np.ones((count, side, side), dtype))
        return bytes(memory.read())


def malformed() -> Iterator[tuple[str, bytes]]:
    """More than 300 files that are no usable pictures, with odd names among them."""
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "TIFF", "JPEG2000"):
        whole = picture(kind)
        for share in np.linspace(0.01, 0.9, 25):  # cut short
            yield f"{kind}.x", whole[: int(len(whole) * share)]
        for _ in range(25):  # a header that is partly noise
            noise = bytearray(whole)
            for place in rng.integers(12, min(len(noise), 120), 20):
                noise[place] = int(rng.integers(256))
            yield f"{kind}.x", bytes(noise[: len(noise) // 2])
    for width, height in [(2**31 - 1, 2**31 - 1), (60000, 60000), (1, 2**31 - 1), (0, 5), (5, 0)]:
        yield "bomb.png", png_of(width, height, bytes(1000))
        yield "short.png", png_of(width, height, b"")
    yield "bomb.png", png_of(20000, 20000, bytes(3 * 10**6))
    yield "bomb.tif", tiff(40000, compress="deflate", sparse_ok=True)
    yield "block.tif", tiff(9000, compress="deflate", sparse_ok=True, count=20)
    yield "many.tif", tiff(8, count=65)
    yield "complex.tif", tiff(8, dtype="complex64")
    names = ["../../etc/passwd", "/etc/passwd", "C:\\x.tif", "/vsicurl/http://127.0.0.1:1/a.tif",
             "a\0b.tif", "x" * 300, "", "..", "GTIFF_DIR:1:/etc/passwd", "NETCDF:/etc/passwd"]  # fmt: skip
    texts = [b"", b"\0", b"hello", b"<VRTDataset/>", b"%PDF-1.4", b"GIF89a" + bytes(40), b"PK\3\4",
             b"BM" + bytes(60), b"RIFF\0\0\0\0WEBP", b"SQLite format 3\0", b"{}", b"II*\0",
             b"MM\0*" + bytes(8), b"II+\0" + bytes(12)]  # fmt: skip
    for name in names:
        for text in texts:
            yield name, text


def test_malformed_uploads_are_sentences_and_leave_nothing(
    scene_folder: Path, tmp_path: Path
) -> None:
    """A part of what the slow test sends."""
    send_all(scene_folder, tmp_path, [each for n, each in enumerate(malformed()) if n % 20 == 0])


@pytest.mark.slow
def test_hundreds_of_malformed_uploads(scene_folder: Path, tmp_path: Path) -> None:
    uploads = list(malformed())
    assert len(uploads) >= 300
    send_all(scene_folder, tmp_path, uploads)


def send_all(scene_folder: Path, tmp_path: Path, uploads: list[tuple[str, bytes]]) -> None:
    options = server_options(tmp_path / "state", [str(scene_folder / "scene.tif")])
    with TestClient(make_app(options, warm=False), base_url="http://127.0.0.1") as client:
        for name, content in uploads:
            answer = client.post("/scenes", files={"file": (name, content)})
            told = f"{name[:60]!r} {content[:20]!r}: {answer.status_code} {answer.text}"
            assert 400 <= answer.status_code < 500, told
            assert set(answer.json()) == {"detail", "code"}, told
            assert str(tmp_path) not in answer.text, told
        assert len(client.get("/scenes").json()["scenes"]) == 1
        assert not list((tmp_path / "state" / "uploads").iterdir())


def test_upload_beyond_the_limits(scene_folder: Path, tmp_path: Path) -> None:
    limits = Limits(upload_bytes=20_000, quota_bytes=120_000, body_bytes=1000)
    files = [str(scene_folder / "scene.tif")]
    options = server_options(tmp_path / "state", files, limits=limits)
    with TestClient(make_app(options, warm=False), base_url="http://127.0.0.1") as client:
        large = client.post("/scenes", files={"file": ("a.png", picture("PNG", 200))})
        assert (large.status_code, large.json()["code"]) == (413, "too-large")

        def parts() -> Iterator[bytes]:  # without a length that says how much will come
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            for _ in range(100):
                yield bytes(1000)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        streamed = client.post("/scenes", content=parts(), headers=headers)
        assert (streamed.status_code, streamed.json()["code"]) == (413, "too-large")
        taken = [
            client.post("/scenes", files={"file": ("a.png", picture("PNG", 64))}) for _ in range(6)
        ]
        assert [each.status_code for each in taken].count(507) >= 1
        assert taken[0].status_code == 201
        assert client.delete(f"/scenes/{taken[0].json()['id']}").status_code == 204
        body = client.post("/refer", content=b" " * 2000, headers={"content-type": "text/plain"})
        assert (body.status_code, body.json()["code"]) == (413, "too-large")
    assert not (tmp_path / "state" / "uploads").exists()


def test_storage_is_private(idle: TestClient, tmp_path: Path) -> None:
    for folder in ("state", "state/uploads", "state/jobs"):
        assert (tmp_path / folder).stat().st_mode & 0o077 == 0


def test_full_queue_is_told_with_a_time(scene_folder: Path, tmp_path: Path) -> None:
    limits = Limits(waiting_jobs=2)
    options = server_options(tmp_path / "state", [str(scene_folder / "scene.tif")], limits=limits)
    app = make_app(options, warm=False)
    client = TestClient(app, base_url="http://127.0.0.1")  # not entered: nobody takes jobs
    scene = scene_of(client, "scene.tif")
    asked = [client.post("/refer", json={"scene": scene["id"], "text": "a tree"}) for _ in range(3)]
    assert [each.status_code for each in asked] == [202, 202, 429]
    assert asked[2].json()["code"] == "queue-full"
    assert int(asked[2].headers["retry-after"]) > 0
    assert client.delete(f"/jobs/{asked[0].json()['id']}").status_code == 204
    assert client.post("/refer", json={"scene": scene["id"], "text": "a tree"}).status_code == 202


TRAVERSALS = (
    "/static/../../cli.py", "/static/%2e%2e/%2e%2e/cli.py", "/static/..%2f..%2fcli.py",
    "/scenes/..%2f..%2fetc%2fpasswd", "/scenes/%2fvsicurl%2fhttp:%2f%2f127.0.0.1:1%2fa/tiles/0/0/0.png",
    "/jobs/..%2fuploads", "/jobs/../uploads/result.gpkg", "/jobs/%2e%2e/result.tif",
    "/jobs/x/result.json", "/jobs/x/tiles/..%2f..%2f/0/0/0.png",
)  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
def test_paths_in_addresses_lead_nowhere(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"detail", "code"}


@pytest.mark.slow
def test_kill_during_a_job_is_reported_after_a_restart(scene_folder: Path, tmp_path: Path) -> None:
    files, storage = [str(scene_folder / "scene.tif")], tmp_path / "state"
    server = LiveServer(files, storage)
    scene = scene_of(server.client, "scene.tif")
    body = {"scene": scene["id"], "classes": ["building", "road"]}
    ids = [server.client.post("/segment", json=body).json()["id"] for _ in range(3)]
    while server.client.get(f"/jobs/{ids[0]}").json()["state"] == "waiting":
        time.sleep(0.02)
    children = server.children()
    server.stop(at_once=True)
    again = LiveServer(files, storage)
    try:
        for id_ in ids:
            job = again.client.get(f"/jobs/{id_}").json()
            assert job["state"] in ("failed", "done")
            for name in ("result.tif", "result.gpkg", "shapes.geojson"):
                answer = again.client.get(f"/jobs/{id_}/{name}")
                assert answer.status_code == (200 if job["state"] == "done" else 409)
        assert again.client.get(f"/jobs/{ids[2]}").json()["state"] == "failed"
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < deadline, "the process with the model goes on alone"
            time.sleep(0.5)
    finally:
        again.stop()


@pytest.mark.slow
def test_death_of_the_model_fails_its_job_only(scene_folder: Path, tmp_path: Path) -> None:
    server = LiveServer([str(scene_folder / "scene.tif")], tmp_path / "state")
    try:
        scene = scene_of(server.client, "scene.tif")
        while not server.client.get("/health").json()["ready"]:
            time.sleep(0.2)
        body = {"scene": scene["id"], "classes": ["building", "road"]}
        ids = [server.client.post("/segment", json=body).json()["id"] for _ in range(2)]
        while server.client.get(f"/jobs/{ids[0]}").json()["state"] == "waiting":
            time.sleep(0.02)
        for pid in server.children():
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, 9)
        states = [wait_live(server.client, id_) for id_ in ids]
        assert states == ["failed", "done"]
    finally:
        server.stop()


def wait_live(client: httpx2.Client, id_: str) -> str:
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        state = str(client.get(f"/jobs/{id_}").json()["state"])
        if state in ("done", "failed", "cancelled"):
            return state
        time.sleep(0.2)
    raise AssertionError("the job did not end")


@pytest.mark.slow
def test_the_service_keeps_to_its_description(scene_folder: Path, tmp_path: Path) -> None:
    """Schemathesis asks what the OpenAPI document allows, and what it does not."""
    import subprocess
    import sys

    server = LiveServer([str(scene_folder / "scene.tif")], tmp_path / "state")
    try:
        words = [str(Path(sys.executable).with_name("schemathesis")), "run"]
        words += [f"{server.base}openapi.json", "--max-examples", "20", "--seed", "1"]
        words += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"]
        words += ["--phases", "examples,coverage,fuzzing", "--request-timeout", "60"]
        words += ["--exclude-path-regex", "/events$"]  # they last as long as a job
        ran = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
        assert server.client.get("/health").json()["status"] == "ok"
    finally:
        server.stop()
