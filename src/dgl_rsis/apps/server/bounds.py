"""How much a request may bring, and how long it may take."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dgl_rsis.apps.server.limits import Limits
from dgl_rsis.apps.server.problems import Problem

_FORMS = ("/scenes", "/segment/text")


class Bounds:
    """Middleware that gives up requests that are too large or too slow.

    Args:
        app: what is guarded.
        limits: of the server.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the specification of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limits, path = self._limits, scope["path"]
        is_form = scope["method"] == "POST" and path in _FORMS
        seconds = limits.upload_seconds if is_form else limits.request_seconds
        if path.endswith("/events"):
            seconds = limits.stream_seconds
        has_begun, received = False, 0

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limits.body_bytes:
                raise _too_much(limits)
            return message

        try:
            length = Headers(scope=scope).get("content-length", "")
            if not is_form and length.isdecimal() and int(length) > limits.body_bytes:
                raise _too_much(limits)
            async with asyncio.timeout(seconds):
                await self._app(scope, receive if is_form else receive_bounded, send_noting)
        except TimeoutError:
            if has_begun:
                return  # the stream ends; a client that wants more asks again
            problem = Problem(
                503, "too-slow", f"this took longer than {seconds:g} s; ask again", retry_after=5
            )
            await JSONResponse(problem.body, problem.status, problem.headers)(scope, receive, send)
        except Problem as problem:
            if has_begun:
                raise
            await JSONResponse(problem.body, problem.status, problem.headers)(scope, receive, send)


def _too_much(limits: Limits) -> Problem:
    return Problem(
        413,
        "too-large",
        f"the request is larger than {limits.body_bytes // 2**20} MiB; send less at once",
    )
