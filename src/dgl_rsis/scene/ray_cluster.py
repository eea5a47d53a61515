"""A Ray cluster: whether it can be reached, and the connection of this process with it."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from dgl_rsis.errors import InputError, MissingExtraError

ADDRESSES = "auto, local, HOST:PORT or ray://HOST:PORT"
_REACH = 5.0  # seconds until an address counts as unreachable
_START = "`ray start --head` starts one on this machine, and `ray status` shows it"


def check_cluster(address: str) -> None:
    """Say at once what is wrong with an address: Ray itself tries for a minute.

    Raises:
        InputError: it is no address, or nothing answers there.
        MissingExtraError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise MissingExtraError("--ray", "ray")
    if address in ("auto", "local"):
        return
    place = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = place.hostname, place.port
    except ValueError:  # a port that is no number
        host = port = None
    if place.scheme not in ("", "ray") or host is None or port is None:
        raise InputError(f"{address!r} is no address of a Ray cluster; write {ADDRESSES}")
    try:
        socket.create_connection((host, port), timeout=_REACH).close()
    except OSError as error:
        raise InputError(
            f"no Ray cluster answers at {address}: {error.strerror or error}; {_START}"
        ) from error


@contextmanager
def connected(address: str, cores: int | None) -> Iterator[Any]:
    """Connect this process with a cluster; one that it is connected with already is taken.

    Raises:
        InputError: the address cannot be reached.
        MissingExtraError: Ray is not installed.
    """
    check_cluster(address)
    import ray
    import ray.exceptions

    if ray.is_initialized():
        yield ray
        return
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves this machine
        options |= {"include_dashboard": False, "num_cpus": cores or os.cpu_count()}
    try:
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"the Ray cluster at {address} cannot be used: {reason[:200]}; {_START}"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
