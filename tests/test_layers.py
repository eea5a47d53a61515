"""Which part of the package may import which (docs/design.md 3).

Imports are read from the source, wherever they stand: at the top, inside functions, under
``TYPE_CHECKING``, and as names of our modules in strings (tables of lazily imported files).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "dgl_rsis"

BASE = {"types", "errors"}
LEVEL_1 = {"text", "models", "proposals"}
WIRING = {
    *("pipeline", "referring", "heatmaps", "nouns", "prepared", "image_reader"),
    *("inputs", "mapping", "own_scale", "progress", "proposing", "refining"),
    *("results", "explanation", "displayed", "notebook"),
    *("outputs", "drawing", "text_panel", "manifest"),
}
BELOW_WIRING = {*BASE, *LEVEL_1, "config", "stages", "geo"}
ALLOWED: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "markup": set(),
    "setting_lines": {"errors"},
    "config": {"errors", "setting_lines", "text"},  # text: reads the words of a user
    "device": {"errors"},
    "text": BASE,
    "models": {*BASE, "device"},
    "proposals": BASE,
    "geo": BASE,
    "render": {*BASE, "geo"},
    "stages": {*BASE, *LEVEL_1, "config", "geo"},
    **{unit: {"", *BELOW_WIRING, *WIRING} for unit in WIRING},
    "notebook": {"", "markup", *BELOW_WIRING, *WIRING, "scene"},
    "pipeline": {"", *BELOW_WIRING, *WIRING, "scene"},  # a method, imported when it is called
    "scene": {"", *BELOW_WIRING, *WIRING},
    "benchmark": {"", "markup", *BELOW_WIRING, *WIRING, "scene", "render", "device"},
    "apps": {"", *BELOW_WIRING, *WIRING, "scene", "render", "benchmark", "device"},
    "__main__": {"apps"},
    "": {"errors", "types", "text", "pipeline", "results", "scene"},  # the package itself, lazily
}
"""Part of the package -> the other parts that it may import; "" is the package itself."""

TORCH = {"torch", "safetensors.torch", "transformers"}
OUR_NAME = re.compile(r"dgl_rsis(\.\w+)+")


@dataclass(frozen=True)
class Import:
    """One import: where it stands, what it names, and whether it runs when the file is imported."""

    file: Path
    line: int
    module: str
    is_eager: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def is_ours(module: str) -> bool:
    """Whether one of our files has that name."""
    path = SOURCE.parent.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def modules_named(node: ast.AST) -> Iterator[str]:
    """Modules that a node imports; for ``from package import module`` the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if is_ours(inner) or inner in TORCH else str(node.module)
    elif isinstance(node, ast.Constant):
        name = node.value
        if isinstance(name, str) and OUR_NAME.fullmatch(name) and is_ours(name):
            yield name


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def find_imports(file: Path, node: ast.AST, is_eager: bool) -> Iterator[Import]:
    for module in modules_named(node):
        is_name = isinstance(node, ast.Constant)
        yield Import(file, getattr(node, "lineno", 0), module, is_eager and not is_name)
    is_lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(node)
    for child in ast.iter_child_nodes(node):
        yield from find_imports(file, child, is_eager and not is_lazy)


@cache
def imports_of(file: Path) -> tuple[Import, ...]:
    return tuple(find_imports(file, ast.parse(file.read_text(encoding="utf-8")), True))


def unit_of(module: str) -> str:
    """Top-level part of the package that a module belongs to; empty for the package itself."""
    return [*module.split("."), ""][1]


def module_of(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def everything() -> list[Import]:
    return [found for file in python_files(SOURCE) for found in imports_of(file)]


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(
        "from dgl_rsis import errors\n"
        "if TYPE_CHECKING:\n    import torch.nn\n"
        "def f():\n    from safetensors import torch\n"
        "TABLE = {'tree': 'dgl_rsis.proposals.tree', 'other': 'dgl_rsis.nowhere'}\n"
    )
    found = [(each.line, each.module, each.is_eager) for each in imports_of(file)]
    assert found == [
        (1, "dgl_rsis.errors", True),
        (3, "torch.nn", False),
        (5, "safetensors.torch", False),
        (6, "dgl_rsis.proposals.tree", False),
    ]


def test_every_part_has_a_place() -> None:
    parts = {unit_of(module_of(file)) for file in python_files(SOURCE)}
    assert parts <= ALLOWED.keys(), "say in ALLOWED what a new part may import"


@pytest.mark.parametrize("unit", ALLOWED)
def test_direction(unit: str) -> None:
    wrong = [
        str(each)
        for each in everything()
        if unit_of(module_of(each.file)) == unit
        and each.module.split(".")[0] == "dgl_rsis"
        and unit_of(each.module) not in ALLOWED[unit] | {unit}
    ]
    assert not wrong, "\n".join(wrong)


def test_torch_stays_in_models() -> None:
    """And in the baselines, which are other ways through the same networks."""
    wrong = [
        str(each)
        for each in everything()
        if (each.module in TORCH or each.module.split(".")[0] in TORCH)
        and unit_of(module_of(each.file)) not in ("models", "device")
        and not module_of(each.file).startswith("dgl_rsis.benchmark.baselines.")
    ]
    assert not wrong, "\n".join(wrong)


def test_no_torchvision() -> None:
    files = python_files(SOURCE, ROOT / "pretrain", ROOT / "benchmarks", ROOT / "tests")
    found = [each for file in files for each in imports_of(file)]
    assert not [str(each) for each in found if each.module.split(".")[0] == "torchvision"]


def test_package_stands_alone() -> None:
    outside = {"pretrain", "benchmarks", "tests"}
    assert not [str(each) for each in everything() if each.module.split(".")[0] in outside]


def test_no_cycles_when_imported() -> None:
    graph: dict[str, set[str]] = {}
    for each in everything():
        if each.is_eager and each.module.startswith("dgl_rsis."):
            graph.setdefault(module_of(each.file), set()).add(each.module)
    TopologicalSorter(graph).prepare()  # a cycle is a CycleError that names it
