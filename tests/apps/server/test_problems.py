"""What may leave the server of an error."""

from __future__ import annotations

import pytest

from dgl_rsis.apps.server.problems import public, unknown
from dgl_rsis.errors import ImageError


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("/home/me/scenes/a.tif has 4 bands", "a.tif has 4 bands"),
        ("/a.tif has 4 bands", "a.tif has 4 bands"),
        ("'/home/me/a.tif' is gone: /tmp/x/b: no", "'a.tif' is gone: b: no"),
        ("a.tif has 4/5 and/or 3 / 2 of https://a.example/b/c", None),
        ("../a.tif and ./b/c.tif", None),
    ],
)
def test_files_have_names_and_no_folders(said: str, expected: str | None) -> None:
    assert public(ImageError(said)) == (expected or said)


def test_problems_are_said_as_they_are() -> None:
    assert public(unknown("scene", "x")) == "there is no scene 'x'; GET /scenes lists them"
