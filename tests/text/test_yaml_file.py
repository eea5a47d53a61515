"""Reading YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgl_rsis.errors import TextError
from dgl_rsis.text.yaml_file import read_yaml


def test_a_mapping_is_read(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("parts: [roof, 'on']\n", encoding="utf-8")
    assert read_yaml(path) == {"parts": ["roof", "on"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- a\n- b\n", "expected a mapping"),
        (b"a: [", "not a YAML file"),
        (b"a: \xff\xfe", "not a YAML file in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_anything_else_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "words.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TextError, match=rf"words\.yaml: {message}"):
        read_yaml(path)
