"""Gather everything that the site shows in one folder, with links that hold there.

The pages are written for readers of the repository too, so they link to files beside ``docs``. Some
of these become pages of the site; of the others, and of folders, only the words stay. A link to
what is not there is an error: the program that builds the site checks links between pages only.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from .command_line import command_line_page
from .notebooks import notebook_page
from .settings_page import settings_page

# Pages of the site that lie elsewhere in the repository, or stand for a file of it.
ELSEWHERE = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "results.md",
    "benchmarks/rs_tiny_vit/README.md": "rs-tiny-vit.md",
    "integrations/qgis/README.md": "qgis.md",
    "src/dgl_rsis/apps/cli.py": "reference/command-line.md",
    "src/dgl_rsis/defaults.yaml": "reference/settings.md",
    "src/dgl_rsis/weights/rs-tiny/README.md": "rs-tiny.md",
}
GENERATED = {
    "reference/command-line.md": command_line_page,
    "reference/settings.md": settings_page,
}
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def stage(root: Path, target: Path) -> None:
    """Write all pages and pictures of the site.

    Args:
        root: of the repository.
        target: folder, made anew.

    Raises:
        ValueError: a page links to what is not there.
    """
    shutil.rmtree(target, ignore_errors=True)
    places = site_places(root)
    for source, place in places.items():
        path, output = root / source, target / place
        output.parent.mkdir(parents=True, exist_ok=True)
        relink = partial(relinked, source=source, root=root, places=places)
        if path.suffix == ".ipynb":
            output.write_text(notebook_page(path, output, relink), encoding="utf-8")
        elif path.suffix == ".md":
            output.write_text(relink(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(path, output)
    for place, make in GENERATED.items():
        output = target / place
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(make(), encoding="utf-8")


def site_places(root: Path) -> dict[str, str]:
    """Files of the repository that the site shows, with their places in it."""
    kinds = ("*.md", "*.ipynb", "*.png")
    files = [path for kind in kinds for path in sorted((root / "docs").rglob(kind))]
    inside = [path.relative_to(root / "docs").as_posix() for path in files]
    places = {f"docs/{name}": re.sub(r"\.ipynb$", ".md", name) for name in inside}
    for source, place in ELSEWHERE.items():
        if (root / source).exists() and place not in GENERATED:
            places[source] = place
            places |= _pictures(root, source, place)
    return places


def _pictures(root: Path, source: str, place: str) -> dict[str, str]:
    """Pictures of a page that lies outside ``docs``; they go beside it."""
    found = {}
    for picture, _, link in _LINK.findall((root / source).read_text(encoding="utf-8")):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        if picture and (root / path).exists() and not path.startswith("docs/"):
            found[path] = f"images/{Path(place).stem}-{posixpath.basename(path)}"
    return found


def relinked(page: str, source: str, root: Path, places: Mapping[str, str]) -> str:
    """A page whose links hold on the site.

    Args:
        page: its Markdown.
        source: its path in the repository.
        root: of the repository.
        places: of files on the site.

    Raises:
        ValueError: a link leads to what is not there.
    """
    here = posixpath.dirname(places[source])

    def replaced(match: re.Match[str]) -> str:
        picture, words, link = match.groups()
        path, hash_mark, anchor = link.partition("#")
        if not path or "://" in link or link.startswith("mailto:"):
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        place = places.get(file, ELSEWHERE.get(file))
        if place is not None:
            return f"{picture}[{words}]({posixpath.relpath(place, here or '.')}{hash_mark}{anchor})"
        if picture or not (root / file).exists():
            raise ValueError(f"{source} links to {link}, which is not there; mend the link")
        return words

    # code has no links, even where it looks like them
    return "".join(
        part if part.startswith("```") else _LINK.sub(replaced, part) for part in _CODE.split(page)
    )
