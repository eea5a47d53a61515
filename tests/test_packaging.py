"""What is installed: the wheel and its content, the declared dependencies, the constraints."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dgl_rsis

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "dgl_rsis"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LARGEST_WHEEL = 30_000_000  # bytes; rs-tiny may take 25 MB of it
MODULE_OF = {
    "python-multipart": "python_multipart",
    "rio-tiler": "rio_tiler",
    "huggingface-hub": "huggingface_hub",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    assert path.stat().st_size < LARGEST_WHEEL
    return zipfile.ZipFile(path)


def requirements(*, extras: bool) -> list[Requirement]:
    listed = list(PROJECT["project"]["dependencies"])
    if extras:
        for extra in PROJECT["project"]["optional-dependencies"].values():
            listed += extra
    return [Requirement(text) for text in listed]


def test_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = [path for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert held == {path.relative_to(SOURCE.parent).as_posix() for path in files}
    for name in ("py.typed", "defaults.yaml", "text/lexicon.yaml", "text/knowledge.yaml"):
        assert f"dgl_rsis/{name}" in held


def test_wheel_holds_the_embedded_model(wheel: zipfile.ZipFile) -> None:
    held = wheel.namelist()
    for name in ("config.json", "vocab.txt", "model.safetensors"):
        assert f"dgl_rsis/weights/rs-tiny/{name}" in held


def test_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    names = {name.split("/", 1)[1]: name for name in wheel.namelist() if ".dist-info/" in name}
    metadata = Parser().parsestr(wheel.read(names["METADATA"]).decode())
    assert metadata["Version"] == dgl_rsis.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "licenses/LICENSE" in names
    assert "dgl-rsis = dgl_rsis.apps.cli:main" in wheel.read(names["entry_points.txt"]).decode()


def test_every_import_is_declared() -> None:
    declared = {
        MODULE_OF.get(canonicalize_name(each.name), canonicalize_name(each.name))
        for each in requirements(extras=True)
    }
    known = declared | sys.stdlib_module_names | {"dgl_rsis"}
    imported: dict[str, Path] = {}
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0]: file for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported[node.module.split(".")[0]] = file
    strange = {name: str(file) for name, file in imported.items() if name not in known}
    assert not strange, "declare these in pyproject.toml"


def test_every_requirement_has_a_bound_and_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for each in requirements(extras=True):
        assert each.specifier, f"{each.name} has no bound"
        assert re.search(rf'"{re.escape(each.name)}(\[\w+\])?[<>=][^"]*",? +# \w', text), each.name


def test_constraints_pin_what_is_required() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == sorted(lines, key=str.lower)
    pinned = {}
    for line in lines:
        name, _, version = line.partition("==")
        assert re.fullmatch(r"[0-9][0-9.]*", version), f"{line} is not an exact public version"
        pinned[canonicalize_name(name)] = version
    for each in requirements(extras=True):
        assert each.specifier.contains(pinned[canonicalize_name(each.name)]), str(each)
    assert pinned["torch"] == "2.13.0"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff"])
def test_furniture_is_there(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").strip()


def test_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == dgl_rsis.__version__
    assert citation["preferred-citation"]["year"] == 2026


def test_links_in_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"
