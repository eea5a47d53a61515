"""The process that holds the model: one task after the other, until nobody asks any more."""

from __future__ import annotations

import os
import signal
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from dgl_rsis.apps.options import ModelChoice
from dgl_rsis.apps.server.problems import without_folders
from dgl_rsis.apps.server.tasks import Task
from dgl_rsis.errors import DglRsisError

_QUIET = 0.1  # seconds between reports of progress


def serve_tasks(connection: Connection, choice: ModelChoice) -> None:
    """Compute tasks that come through a connection, until its other end is closed.

    It receives a :class:`Task`, or None as the wish to stop the one that runs. It sends
    ``("ready", facts of the model)`` first, ``("progress", done, total, message)`` on the way, and
    ``("done", result)`` or ``("failed", sentence)`` at the end of each.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server is told, and closes the connection
    os.nice(5)  # tiles and words come first
    try:
        _serve(connection, choice)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the server is gone


def _serve(connection: Connection, choice: ModelChoice) -> None:
    from dgl_rsis.apps.server.model_cache import ModelCache
    from dgl_rsis.apps.server.opening import guarded

    cache = ModelCache(choice)
    try:
        card = cache.model(choice.preset).backbone.card
    except DglRsisError as error:
        connection.send(("broken", str(error)))
        return
    facts = {"name": card.name, "revision": card.revision, "licence": card.licence}
    connection.send(("ready", {**facts, "notice": card.notice}))
    while True:
        task = connection.recv()
        if task is None:
            continue  # what was to be stopped had ended
        with guarded():
            connection.send(_answer(connection, task, cache))


def _answer(connection: Connection, task: Task, cache: Any) -> tuple[str, Any]:
    from dgl_rsis.apps.server.run_label import run_label
    from dgl_rsis.apps.server.run_refer import run_refer
    from dgl_rsis.apps.server.run_segment import run_segment

    last = 0.0

    def progress(done: int, total: int, message: str) -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last >= _QUIET or done >= total:
            last = now
            connection.send(("progress", done, total, message))
        return not connection.poll() or connection.recv() is not None

    runs = {"segment": run_segment, "refer": run_refer, "label": run_label}
    try:
        return "done", runs[task.kind](task, cache, progress)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except DglRsisError as error:
        return "failed", _public(str(error), task)
    except MemoryError:
        return "failed", "the job needs more memory than there is; ask about a smaller area"
    except Exception:
        traceback.print_exc()  # for the operator; it is a fault of the program
        return "failed", "the program failed on this job; the server's log says where"


def _public(sentence: str, task: Task) -> str:
    """A sentence without the folders of this machine."""
    for path, name in ((task.path, task.name), (task.path.resolve(), task.name)):
        sentence = sentence.replace(str(path), name)
    return without_folders(sentence.replace(f"{task.folder}{os.sep}", ""))
