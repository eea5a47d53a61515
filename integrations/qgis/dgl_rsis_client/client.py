"""The server's HTTP interface, with Python's standard library alone: no part of QGIS is used here."""

import http.client
import json
import ssl
import time
import uuid
from pathlib import Path
from urllib.parse import quote, urlsplit

from .digest import file_digest

CHUNK = 1 << 20  # bytes
PAUSE = 0.3  # seconds between two questions about a job
PATIENCE = 60  # seconds without any answer
ENDED = ("done", "failed", "cancelled")


class ServerError(Exception):
    """One line for the user: what is wrong, where, and what to do."""


class Cancelled(Exception):
    """The user asked to stop."""


class Client:
    """A DGL-RSIS server.

    Args:
        url: ``http://host:port`` or ``https://...``, with or without a path.
        token: that the server demands; empty for none.
    """

    def __init__(self, url, token=""):
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(
                f"{url!r} is no address of a server, it looks like http://127.0.0.1:8000; "
                "set it under Settings, Options, Processing, Providers, DGL-RSIS"
            )
        self._parts, self._token = parts, token

    def scene_of(self, path, is_cancelled):
        """The server's scene for a raster file: the same file, open there, or else an upload.

        Args:
            path: of the raster on this computer.
            is_cancelled: called between chunks; True stops.

        Returns:
            the scene, and whether it was uploaded.
        """
        path = Path(path)
        size = path.stat().st_size
        for scene in self.get("/scenes")["scenes"]:
            if (scene["name"], scene["bytes"]) != (path.name, size):
                continue
            if self.get(f"/scenes/{scene['id']}/digest")["digest"] == file_digest(path):
                return scene, False
        return self._upload(path, size, is_cancelled), True

    def run(self, kind, request, on_progress, is_cancelled):
        """Run a job to its end.

        Args:
            kind: ``segment``, ``refer`` or ``label``.
            request: what is sent.
            on_progress: called with ``(done, total, message)``.
            is_cancelled: True cancels the job on the server.

        Returns:
            the job, done.
        """
        job = self._json("POST", f"/{kind}", request)
        while job["state"] not in ENDED:
            if is_cancelled():
                self._json("POST", f"/jobs/{job['id']}/cancel")
                raise Cancelled
            on_progress(job["done"], job["total"], job["message"])
            time.sleep(PAUSE)
            job = self.get(f"/jobs/{job['id']}")
        if job["state"] != "done":
            raise ServerError(job["error"] or f"the server ended the job: {job['state']}")
        return job

    def get(self, path):
        """JSON of an address of the server."""
        return self._json("GET", path)

    def delete(self, path):
        """Remove what an address of the server names."""
        self._answer("DELETE", path).read()

    def save(self, path, target, is_cancelled):
        """Write an address of the server to a file, which is there only once it is complete."""
        answer = self._answer("GET", path)
        partial = Path(f"{target}.part")
        try:
            with partial.open("wb") as file:
                while chunk := answer.read(CHUNK):
                    if is_cancelled():
                        raise Cancelled
                    file.write(chunk)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def _json(self, method, path, content=None):
        headers, body = {}, None
        if content is not None:
            headers = {"Content-Type": "application/json"}
            body = json.dumps(content).encode()
        return _read_json(self._answer(method, path, body, headers).read(), self.url)

    def _upload(self, path, size, is_cancelled):
        border = uuid.uuid4().hex
        name = path.name.replace("\\", "_").replace('"', "_")
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{border}--\r\n".encode()

        def body():
            yield head
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    if is_cancelled():
                        raise Cancelled
                    yield chunk
            yield tail

        headers = {
            "Content-Type": f"multipart/form-data; boundary={border}",
            "Content-Length": str(len(head) + size + len(tail)),
        }
        return _read_json(self._answer("POST", "/scenes", body(), headers).read(), self.url)

    def _answer(self, method, path, body=None, headers=None):
        """The answer to a request, if it is a good one."""
        if self._parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                self._parts.netloc, timeout=PATIENCE, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(self._parts.netloc, timeout=PATIENCE)
        sent = dict(headers or {})
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, self._parts.path + quote(path), body, sent)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(
                f"no DGL-RSIS server answers at {self.url} ({error}); start one with "
                "`dgl-rsis serve`, or set its address under Settings, Options, Processing, "
                "Providers, DGL-RSIS"
            ) from error
        if answer.status >= 400:
            raise ServerError(_reason(answer.status, answer.read(), self.url))
        return answer


def _reason(status, body, url):
    try:
        detail = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = None
    if status == 401:
        return (
            f"{url} wants a token; set it under Settings, Options, Processing, Providers, DGL-RSIS"
        )
    return detail if isinstance(detail, str) else f"{url} answered with status {status}"


def _read_json(body, url):
    try:
        return json.loads(body)
    except ValueError as error:
        raise ServerError(f"{url} answers, but is no DGL-RSIS server") from error
