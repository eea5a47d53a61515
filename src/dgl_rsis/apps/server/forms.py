"""Forms with a file: streamed to disk as they come in, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from dgl_rsis.apps.options import parse_numbers
from dgl_rsis.apps.server.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

RECEIVED = "received"
_MOST_PARTS = 32
_FIELD_BYTES = 64 * 1024
_BANDS_LENGTH = 40
_HEADER_BYTES = 8 * 1024
_STEP = 64 * 1024  # bytes that are reserved ahead


@dataclass
class Form:
    """A form that was received.

    Attributes:
        fields: text by name.
        filename: that the client gives the file; never used as a path.
        file: where the file is; None where the form has none.
    """

    fields: dict[str, str] = field(default_factory=dict)
    filename: str = ""
    file: Path | None = None


async def receive_form(
    request: Request, folder: Path, most_bytes: int, reserve: Callable[[int], None]
) -> Form:
    """Receive a form with one part ``file``.

    Args:
        request: with the form.
        folder: private; the file becomes ``received`` in it.
        most_bytes: of the file.
        reserve: called with the size of the file so far before more is written; may refuse.

    Raises:
        Problem: 400 it is no form, 413 it is too large, or what ``reserve`` raises.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Problem(
            400, "no-form", "send the picture as the part `file` of a multipart/form-data form"
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes + _MOST_PARTS * _FIELD_BYTES:
        raise _too_large(most_bytes)
    with _Receiver(folder, most_bytes, reserve) as receiver:
        parser = MultipartParser(boundary, receiver.callbacks())
        try:
            async for chunk in request.stream():
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise _broken(str(error)) from error
        except ClientDisconnect as error:
            raise _broken("the connection ended") from error
        if not receiver.is_complete:
            raise _broken("it ends too early")
        return receiver.form


def parse_bands(text: str) -> tuple[int, ...] | None:
    """The field `bands`: numbers of red, green and blue, or of one band; None where it is empty.

    Raises:
        InputError: it is no list of numbers.
    """
    if not text.strip():
        return None
    return tuple(parse_numbers(text[:_BANDS_LENGTH], "bands", "3,2,1", int))


def _too_large(most_bytes: int) -> Problem:
    return Problem(
        413,
        "too-large",
        f"the file is larger than the {most_bytes / 2**20:g} MiB that are taken; cut it, or start "
        "the server with its path",
    )


def _broken(why: str) -> Problem:
    return Problem(400, "broken-form", f"the form cannot be read: {why[:200]}; send it again")


class _Receiver:
    """Takes the events of the parser: fields into memory, the file to disk."""

    def __init__(self, folder: Path, most_bytes: int, reserve: Callable[[int], None]) -> None:
        self.form = Form()
        self.is_complete = False
        self._folder, self._most, self._reserve = folder, most_bytes, reserve
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._header_size = self._parts = self._size = self._reserved = 0
        self._field: str | None = None
        self._text = b""
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> _Receiver:
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_name,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._take,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _broken(f"it has more than {_MOST_PARTS} parts")
        self._headers, self._header_size = {}, 0
        self._name = self._value = b""

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._name += self._bounded(data[start:end])

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._bounded(data[start:end])

    def _bounded(self, data: bytes) -> bytes:
        self._header_size += len(data)
        if self._header_size > _HEADER_BYTES:
            raise _broken("a part has headers that are too long")
        return data

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != "file":
            self._field, self._text = name, b""
            return
        if self.form.file is not None:
            raise _broken("it has two files; send one")
        self.form.filename = options.get(b"filename", b"").decode("utf-8", "replace")
        self.form.file = self._folder / RECEIVED
        self._stream = self.form.file.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        part = data[start:end]
        if self._stream is None:
            self._text += part
            if len(self._text) > _FIELD_BYTES:
                raise _broken(f"the field {(self._field or '')[:40]!r} is too long")
            return
        self._size += len(part)
        if self._size > self._most:
            raise _too_large(self._most)
        if self._size > self._reserved:
            self._reserved = self._size + _STEP
            self._reserve(self._reserved)
        self._stream.write(part)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        elif self._field is not None:
            self.form.fields[self._field] = self._text.decode("utf-8", "replace")
            self._field = None

    def _end(self) -> None:
        self.is_complete = True
