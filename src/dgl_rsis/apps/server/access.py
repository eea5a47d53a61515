"""Who may ask: the names of this machine only, or whoever has the token.

Without a token the server answers to names of the loopback interface alone, so that a page of a
stranger whose name suddenly resolves to this machine gets nothing. Pages of other origins may not
change anything in either case.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dgl_rsis.apps.server.problems import Problem

COOKIE = "dgl_rsis_token"
"""Start of the name of the cookie; the port follows, as cookies are those of all ports."""
BASEMAP = "https://tile.openstreetmap.org"
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob: {BASEMAP}",
        f"connect-src 'self' {BASEMAP}",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE = ("GET", "HEAD", "OPTIONS")


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """Middleware that lets requests through, or answers 401, 403 or 421.

    Args:
        app: what is guarded.
        token: that is demanded; None for none.
        hosts: names by which the server may be called; None for any, which needs a token.
    """

    def __init__(self, app: ASGIApp, token: str | None, hosts: Iterable[str] | None) -> None:
        if token is None and hosts is None:
            raise ValueError("a server that answers to any name needs a token")
        self._app = app
        self._token = token
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the specification of ASGI."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            answer = self._answer(scope)
        except Problem as problem:
            answer = JSONResponse(problem.body, problem.status, problem.headers)
        if answer is None:
            await self._app(scope, receive, send_guarded)
        else:
            await answer(scope, receive, send_guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """An answer in place of the application's; None lets the request through.

        Raises:
            Problem: the request is refused.
        """
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts is not None and _name_of(host) not in self._hosts:
            raise Problem(
                421,
                "wrong-host",
                f"this server is not called {host[:60]!r}; use the address that it printed when it "
                "started",
            )
        self._check_origin(scope, headers, host)
        if self._token is None:
            return None
        if scope["path"] == "/" and scope["method"] == "GET":
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
            if given and self._is_token(given[0]):
                answer = RedirectResponse("./", 303)  # a proxy may show it below another path,
                answer.set_cookie(  # and without a path the cookie is that of the page
                    cookie_name(scope), self._token, httponly=True, samesite="strict", path=None
                )
                return answer
        if not any(self._is_token(each) for each in _tokens(headers, cookie_name(scope))):
            problem = Problem(
                401,
                "token-needed",
                "this server wants its token: open the address with ?token=... that it printed, or "
                "send the header Authorization: Bearer TOKEN",
            )
            return JSONResponse(problem.body, 401, {"WWW-Authenticate": "Bearer"})
        return None

    def _check_origin(self, scope: Scope, headers: Headers, host: str) -> None:
        """Refuse changes that pages of other origins ask for.

        Raises:
            Problem: it is such a request.
        """
        if scope["method"] in _SAFE:
            return
        site = headers.get("sec-fetch-site")
        if site == "same-origin":  # said by browsers, whatever Host a proxy makes of theirs
            return
        origin = headers.get("origin")
        is_foreign = origin is not None and _place_of(origin) != host
        if is_foreign or site in ("cross-site", "same-site"):
            raise Problem(
                403,
                "foreign-page",
                "pages of other addresses may not use this server; open its own",
            )

    def _is_token(self, given: str) -> bool:
        assert self._token is not None
        return hmac.compare_digest(given.encode(), self._token.encode())


def _name_of(host: str) -> str:
    """A Host header without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _place_of(origin: str) -> str | None:
    """Name and port of an Origin header; None where it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def cookie_name(scope: Scope) -> str:
    """The cookie of the server that a request reached."""
    server = scope.get("server")
    return COOKIE if server is None else f"{COOKIE}_{server[1]}"


def _tokens(headers: Headers, name: str) -> list[str]:
    """What a request offers as a token."""
    offered = []
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        offered.append(value.strip())
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        cookie = None
    if cookie is not None:
        offered.append(cookie.value)
    return offered
