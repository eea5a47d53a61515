"""What the routes share: scenes, jobs, the worker, and how a request becomes a job."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import Request

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.asked_files import write_request
from dgl_rsis.apps.server.bodies import Body, LabelBody, ReferBody
from dgl_rsis.apps.server.commands import commands_of
from dgl_rsis.apps.server.forms import Form, parse_bands, receive_form
from dgl_rsis.apps.server.job import Job
from dgl_rsis.apps.server.jobs import JobBook
from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import Problem
from dgl_rsis.apps.server.scenes import Scene, SceneStore
from dgl_rsis.apps.server.tasks import Task
from dgl_rsis.apps.server.uploads import convert_upload
from dgl_rsis.apps.server.words import check_sentence
from dgl_rsis.apps.server.worker import Worker
from dgl_rsis.errors import InputError, OutputError
from dgl_rsis.text.classes import read_classes

T = TypeVar("T")
_READERS = 4  # threads that read tiles and files
_CLERKS = 2  # threads for words and new jobs, which do not queue behind tiles
_TILE_BYTES = 64 * 2**20  # of tiles that are kept drawn


@dataclass(frozen=True)
class ServerOptions:
    """How a server is started.

    Attributes:
        files: scenes of the command line.
        storage: private folder for uploads, jobs and tables.
        choice: of the model.
        token: that is demanded; None for none.
        hosts: names by which the server may be called; None for any.
        limits: of everything.
        bands: of scenes of files, one or three that make the picture; None goes by each file.
    """

    files: tuple[Path, ...]
    storage: Path
    choice: ModelChoice
    token: str | None
    hosts: tuple[str, ...] | None
    limits: Limits = field(default_factory=Limits)
    bands: tuple[int, ...] | None = None


class Service:
    """The state of a running server.

    Attributes:
        left_out: files that are no scenes, and why, for people.

    Raises:
        InputError: none of the files can be opened.
    """

    def __init__(self, options: ServerOptions) -> None:
        storage = options.storage
        storage.mkdir(mode=0o700, parents=True, exist_ok=True)
        storage.chmod(0o700)
        self.options = options
        self.limits = options.limits
        self.scenes = SceneStore(storage / "uploads", self.limits)
        self.left_out = self.scenes.add_files(options.files, options.bands)
        if options.files and not self.scenes.all():
            raise InputError(self.left_out[0])
        self.jobs = JobBook(storage / "jobs", self.limits)
        self.words = options.choice.words
        self.worker = Worker(self.jobs, options.choice, self.limits, self._task)
        self._tables = storage / "tables"
        self._readers = ThreadPoolExecutor(_READERS, "reader")
        self._clerks = ThreadPoolExecutor(_CLERKS, "clerk")
        self._converters = ThreadPoolExecutor(self.limits.uploads_at_once, "converter")
        self._uploads = asyncio.Semaphore(self.limits.uploads_at_once)
        self._tiles: OrderedDict[Any, bytes] = OrderedDict()
        self._tile_bytes = 0
        self._drawing: dict[Any, asyncio.Future[bytes]] = {}

    def close(self) -> None:
        """Stop the worker and remove uploads."""
        self.worker.stop()
        for threads in (self._readers, self._clerks, self._converters):
            threads.shutdown(cancel_futures=True)
        self.scenes.close()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what reads files or takes a while beside the loop of events."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def at_once(self, work: Callable[[], T]) -> T:
        """Do what takes milliseconds beside the loop of events, and beside what takes longer."""
        return await asyncio.get_running_loop().run_in_executor(self._clerks, work)

    async def tile(self, key: tuple[Any, ...], draw: Callable[[], bytes]) -> bytes:
        """A tile, kept from before if possible; several that want the same wait for one drawing."""
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
            return found
        drawing = self._drawing.get(key)
        if drawing is None:
            drawing = asyncio.ensure_future(self.in_thread(draw))
            self._drawing[key] = drawing
            drawing.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(drawing)  # who gives up takes it from nobody else

    def _keep(self, key: tuple[Any, ...], done: asyncio.Future[bytes]) -> None:
        del self._drawing[key]
        if done.cancelled() or done.exception() is not None:
            return  # those who wait are told
        self._tiles[key] = done.result()
        self._tile_bytes += len(done.result())
        while self._tile_bytes > _TILE_BYTES:
            self._tile_bytes -= len(self._tiles.popitem(last=False)[1])

    async def upload(self, request: Request) -> tuple[Scene, Form]:
        """Receive a form with a picture, which becomes a scene.

        Raises:
            Problem: it cannot be taken.
        """
        if self._uploads.locked():
            raise Problem(
                429,
                "uploads-full",
                "others upload at this moment, as many as this server takes; send it again",
                retry_after=5,
            )
        async with self._uploads:
            folder = self.scenes.new_folder()
            try:
                form = await receive_form(
                    request,
                    folder,
                    self.limits.upload_bytes,
                    lambda size: self.scenes.reserve(folder, size),
                )
                received = form.file
                if received is None:
                    raise Problem(
                        422, "no-file", "the form has no part `file`; send the picture as that"
                    )

                bands = parse_bands(form.fields.get("bands", ""))

                def keep() -> Scene:
                    kept = convert_upload(received, self.limits)
                    self.scenes.reserve(folder, kept.stat().st_size)
                    return self.scenes.add_upload(folder, kept, form.filename, bands)

                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._converters, keep), form
            except BaseException:
                self.scenes.drop_upload(folder)
                raise

    async def ask(self, body: Body) -> Job:
        """Queue what a request asks for.

        Raises:
            Problem: the scene is unknown, or the queue is full.
            TextError: words cannot be used.
        """
        self.jobs.check_room()
        return await self.at_once(lambda: self._queue(body))

    def _queue(self, body: Body) -> Job:
        scene = self.scenes.get(body.scene)
        scene.check_files()
        if isinstance(body, ReferBody):
            check_sentence(body.text)
        else:
            read_classes(body.classes, known=self.words)
        kind = {ReferBody: "refer", LabelBody: "label"}.get(type(body), "segment")
        request = body.model_dump(mode="json", exclude={"polygons", "candidates"})
        commands = commands_of(body, scene.name, self.options.choice, scene.picked)
        if isinstance(body, ReferBody) and body.candidates is not None:
            request["candidates"] = len(body.candidates.features)
        place: Path | None = None
        try:
            place = self.jobs.folders.new()
            write_request(place, body, scene)
            return self.jobs.add(place, kind, scene.id, request, commands)
        except BaseException as error:
            if place is not None:
                self.jobs.folders.remove(place.name)
            if isinstance(error, OSError | OutputError):
                raise Problem(
                    507,
                    "disk-full",
                    "the request cannot be written to the disk of the server, which may be full; "
                    "ask again later",
                ) from error
            raise

    def _task(self, job: Job) -> Task:
        scene = self.scenes.get(job.scene)
        scene.check_files()
        return Task(
            job.id,
            job.kind,
            scene.path,
            scene.name,
            scene.placement,
            self.jobs.folders.place(job.id),
            self._tables,
            job.request,
            scene.picked,
        )

    async def events(self, id_: str, quiet: float) -> AsyncIterator[Job | None]:
        """A job now and after each change until it ends; None after so many quiet seconds.

        Raises:
            Problem: there is no such job.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        with self.jobs.listening(id_, wake):
            while True:
                changed.clear()
                job = self.jobs.get(id_)
                yield job
                if job.has_ended:
                    return
                while not changed.is_set():
                    try:
                        await asyncio.wait_for(changed.wait(), quiet)
                    except TimeoutError:
                        yield None

    async def ended(self, id_: str) -> Job:
        """The job when it has ended.

        Raises:
            Problem: there is no such job.
        """
        job = self.jobs.get(id_)
        async for each in self.events(id_, 60.0):
            job = each or job
        return job
