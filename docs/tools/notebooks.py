"""An executed notebook as a page: its words, its code and what came out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any


def notebook_page(notebook: Path, output: Path, words: Callable[[str], str] = str) -> str:
    """Markdown of a notebook; its pictures are written beside the page.

    Args:
        notebook: ``.ipynb`` of version 4.
        output: where the page will lie; pictures lie beside it, called after it.
        words: what is done with the Markdown of its cells.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = []
    for number, cell in enumerate(cells):
        source = _text(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(words(source))
            continue
        parts.append(f"```python\n{source}\n```")
        for place, shown in enumerate(cell["outputs"]):
            parts.extend(_shown(shown, output.with_name(f"{output.stem}-{number}-{place}")))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _shown(output: Mapping[str, Any], picture: Path) -> Iterator[str]:
    """One output: a picture, else a page of its own, else text."""
    data = output.get("data", {})
    kind = next((kind for kind in ("png", "jpeg") if f"image/{kind}" in data), None)
    if kind is not None:
        file = picture.with_name(f"{picture.name}.{kind}")
        file.write_bytes(base64.b64decode(_text(data[f"image/{kind}"])))
        yield f"![what the code above shows]({file.name})"
    elif "text/html" in data and "<script" not in _text(data["text/html"]):
        lines = filter(str.strip, _text(data["text/html"]).splitlines())  # a blank line ends HTML
        yield "<div>\n" + "\n".join(lines) + "\n</div>"
    elif "text/plain" in data or "text" in output:
        yield f"```text\n{_text(data.get('text/plain', output.get('text', '')))}\n```"


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)
