"""Load on `dgl-rsis serve`: many clients that ask for tiles, words and sentences at once.

Starts a server over a rendered scene, lets clients mix requests for a time, waits for every job that
was accepted, and prints how many requests succeeded and how long they took:

    python benchmarks/serve_load.py --clients 200 --seconds 60
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import asinh, pi, radians, tan
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from dgl_rsis.render import render_scene, write_scene

SENTENCES = (
    "the largest building", "every tree", "the red roof north of the road", "the second building from the left",
    "the field next to the river", "the blorf in the corner",
)  # fmt: skip
ANSWERED = {"tile": {200}, "parse": {200}, "refer": {202, 429}}
SUCCESS, P95, REFERS = 0.99, 3.0, 10
TIMEOUT = 60  # seconds for an answer


class Client:
    """A connection that stays open; as cheap as can be, so that the server is what is measured.

    Args:
        base: address of the server, ``http://host:port/``.
    """

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and content of an answer; a connection that the server closed is opened again.

        Raises:
            OSError: there is no answer.
        """
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._request(method, path, body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.close()
            raise

    async def json(self, path: str) -> Any:
        """What is at a path."""
        return json.loads((await self.request("GET", path))[1])

    def close(self) -> None:
        """Close the connection; the next request opens one."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def _request(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        sent = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        writer.write(head.encode() + b"\r\n" + sent)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            key.lower(): value.strip() for key, _, value in (x.partition(":") for x in lines)
        }
        content = await reader.readexactly(int(headers["content-length"]))
        return int(status.split()[1]), content


@dataclass
class Tally:
    """What became of the requests."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    jobs: list[str] = field(default_factory=list)

    def share(self, kind: str) -> float:
        """Of the requests of a kind that were answered as documented."""
        found = self.statuses[kind]
        good = sum(found[str(status)] for status in ANSWERED[kind])
        return good / max(1, sum(found.values()))


def tiles_of(scene: dict[str, Any]) -> list[str]:
    """Addresses of all tiles of a scene over four zooms."""
    west, south, east, north = scene["bounds"]
    found = []
    for zoom in range(scene["min_zoom"], scene["min_zoom"] + 5):
        count = 2**zoom

        def row(latitude: float, count: int = count) -> int:
            return int((1 - asinh(tan(radians(latitude))) / pi) / 2 * count)

        columns = range(int((west + 180) / 360 * count), int((east + 180) / 360 * count) + 1)
        for x in columns:
            for y in range(row(north), row(south) + 1):
                found.append(f"/scenes/{scene['id']}/tiles/{zoom}/{x}/{y}.png")
    return found


async def ask(
    client: Client, tally: Tally, kind: str, method: str, path: str, body: Any = None
) -> tuple[int, bytes]:
    """One request, timed and counted; status 0 where there is no answer."""
    began = time.perf_counter()
    try:
        status, content = await client.request(method, path, body)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        tally.statuses[kind][type(error).__name__] += 1
        return 0, b""
    tally.seconds[kind].append(time.perf_counter() - began)
    tally.statuses[kind][str(status)] += 1
    return status, content


async def use(base: str, scene: dict[str, Any], tally: Tally, until: float, seed: int) -> None:
    """One client: mostly tiles, then words, now and then a sentence."""
    client = Client(base)
    chance, tiles = random.Random(seed), tiles_of(scene)
    while time.perf_counter() < until:
        lot = chance.random()
        if lot < 0.7:
            await ask(client, tally, "tile", "GET", chance.choice(tiles))
        elif lot < 0.97:
            text = f"{chance.choice(SENTENCES)} {chance.randrange(50)}"
            await ask(client, tally, "parse", "GET", f"/parse?text={quote(text)}")
        else:
            body = {
                "scene": scene["id"],
                "text": chance.choice(SENTENCES),
                "settings": {"preset": "fast"},
            }
            status, content = await ask(client, tally, "refer", "POST", "/refer", body)
            if status == 202:
                tally.jobs.append(json.loads(content)["id"])
        await asyncio.sleep(chance.uniform(0.05, 0.5))
    client.close()


def resident(pid: int) -> float:
    """MiB of a process and its children in memory."""
    pids, total = [pid], 0.0
    while pids:
        one = pids.pop()
        try:
            text = Path(f"/proc/{one}/status").read_text(encoding="utf-8")
            for task in Path(f"/proc/{one}/task").iterdir():
                pids += map(int, (task / "children").read_text(encoding="utf-8").split())
        except OSError:  # it ended meanwhile
            continue
        found = re.search(r"VmRSS:\s+(\d+)", text)
        total += int(found[1]) / 1024 if found else 0.0
    return total


async def states_of(client: Client) -> dict[str, str]:
    """States of the jobs that the server keeps."""
    return {job["id"]: job["state"] for job in (await client.json("/jobs"))["jobs"]}


async def run(base: str, pid: int, clients: int, seconds: float) -> dict[str, Any]:
    """Load a server and sum up."""
    tally, peak, client = Tally(), 0.0, Client(base)
    while not (await client.json("/health"))["ready"]:
        await asyncio.sleep(0.5)
    scene = (await client.json("/scenes"))["scenes"][0]
    start = resident(pid)
    until = time.perf_counter() + seconds
    users = [asyncio.create_task(use(base, scene, tally, until, n)) for n in range(clients)]
    states: dict[str, str] = {}  # the server forgets the oldest jobs: they are looked at meanwhile
    looks = 0
    while time.perf_counter() < until:
        peak = max(peak, resident(pid))
        await asyncio.sleep(1)
        looks += 1
        if looks % 5 == 0:
            states |= await states_of(client)
    await asyncio.gather(*users)
    states |= await states_of(client)
    in_time = list(states.values()).count("done")
    while {"waiting", "running"} & set(states.values()):
        await asyncio.sleep(0.5)
        states |= await states_of(client)
    jobs = Counter(states.get(id_, "lost") for id_ in tally.jobs)
    await client.json("/health")
    client.close()
    return {
        "requests": {kind: dict(found) for kind, found in tally.statuses.items()},
        "success": {kind: round(tally.share(kind), 4) for kind in ANSWERED},
        "p50_s": {
            kind: round(float(np.quantile(each, 0.5)), 3) for kind, each in tally.seconds.items()
        },
        "p95_s": {
            kind: round(float(np.quantile(each, 0.95)), 3) for kind, each in tally.seconds.items()
        },
        "jobs": dict(jobs),
        "done_within_the_time": in_time,
        "memory_mib": {"start": round(start), "peak": round(peak)},
    }


def verdict(result: dict[str, Any]) -> list[str]:
    """What the load showed to be wrong."""
    wrong = []
    for kind in ("tile", "parse"):
        if result["success"][kind] < SUCCESS:
            wrong.append(f"{kind}: only {result['success'][kind]:.1%} succeeded")
        if result["p95_s"][kind] > P95:
            wrong.append(f"{kind}: p95 is {result['p95_s'][kind]} s")
    if result["success"]["refer"] < 1:
        wrong.append(f"refer: {result['requests']['refer']}")
    if set(result["jobs"]) != {"done"} or result["jobs"]["done"] < REFERS:
        wrong.append(f"jobs: {result['jobs']}")
    return wrong


def main() -> int:
    """Run the load from the command line; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--side", type=int, default=1000, help="pixels of the rendered scene")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        written = write_scene(render_scene(1, size=asked.side), Path(folder) / "scene")
        words = [sys.executable, "-m", "dgl_rsis", "serve", str(written["scene"]), "--port", "0"]
        words += ["--storage", str(Path(folder) / "state")]
        server = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            line = next(each for each in server.stderr if "http://" in each)
            base = re.search(r"http://\S+", line)
            assert base is not None
            result = asyncio.run(run(base.group(), server.pid, asked.clients, asked.seconds))
        finally:
            server.terminate()
            server.wait(60)
    wrong = verdict(result)
    print(json.dumps({**result, "wrong": wrong}, indent=2))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
