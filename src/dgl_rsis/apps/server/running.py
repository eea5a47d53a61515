"""A server that listens, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import IO

import uvicorn

from dgl_rsis.apps.server.application import make_app
from dgl_rsis.apps.server.service import ServerOptions
from dgl_rsis.errors import InputError
from dgl_rsis.geo.file_lock import lock_file

_CONNECTIONS = 1000  # at the same time; what is more is answered 503 at once


def run_server(
    options: ServerOptions,
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    open_page: bool = False,
) -> None:
    """Serve until a signal ends it.

    Args:
        options: how it is started.
        host: address to listen on.
        port: to listen on; 0 takes a free one.
        say: tells the operator.
        open_page: open the map in a browser.

    Raises:
        InputError: the address or the storage is taken.
        DglRsisError: none of the scenes can be opened.
    """
    listener = _listen(host, port)
    try:
        with _lock(options):
            app = make_app(options)
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{listener.getsockname()[1]}/"
            if options.token is not None:
                address += f"?token={options.token}"
            for each in app.state.service.left_out:
                say(f"left out: {each}")
            say(f"{len(app.state.service.scenes.all())} scenes; the map is at {address}")
            if open_page:
                import webbrowser

                webbrowser.open(address)
            config = uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
            )
            uvicorn.Server(config).run([listener])
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is bound.

    Raises:
        InputError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(
            f"{host} port {port} cannot be listened on: {error.strerror}; pass another --port"
        ) from error
    listener.listen(1024)
    return listener


def _lock(options: ServerOptions) -> IO[bytes]:
    """Hold the storage, which the system frees however the server ends.

    Raises:
        InputError: another server has it.
    """
    folder = options.storage
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+b")
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror}; pass --storage") from error
    if not lock_file(lock):
        lock.close()
        raise InputError(f"another server uses {folder}; pass another folder with --storage")
    return lock
