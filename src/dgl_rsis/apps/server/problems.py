"""What a client did wrong, as a status, a code for programs and a sentence for people."""

from __future__ import annotations

import re

from dgl_rsis.errors import DglRsisError

_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/]+/)*(?=\S)")


class Problem(DglRsisError):
    """An answer with a 4xx or 5xx status.

    Args:
        status: of HTTP.
        code: for programs, like ``unknown-scene``.
        detail: one sentence: what, where, what to do.
        retry_after: seconds after which the request may succeed; None does not say.
        type_: URI that a standard gives the error; None for none.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        type_: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.type = type_

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def body(self) -> dict[str, str]:
        """Of the answer."""
        known = {} if self.type is None else {"type": self.type}
        return {"detail": str(self), "code": self.code, **known}


_WHERE = {
    "scene": "GET /scenes lists them",
    "job": "GET /jobs lists them",
    "file": "the commands of the job name them",
    "layer": "the result of the job lists them",
    "candidate": "the result of the job lists them",
}


def unknown(kind: str, name: str) -> Problem:
    """That there is no scene, job, file, layer or candidate of a name."""
    return Problem(404, f"unknown-{kind}", f"there is no {kind} {name[:40]!r}; {_WHERE[kind]}")


def without_folders(sentence: str) -> str:
    """A sentence in which files have names, and no absolute paths."""
    return _FOLDERS.sub("", sentence)


def public(error: DglRsisError) -> str:
    """What may leave the server of an error."""
    return str(error) if isinstance(error, Problem) else without_folders(str(error))
