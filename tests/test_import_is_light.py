"""Importing the package and asking for help stay light, and every public name is there."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dgl_rsis

HEAVY = ("torch", "torchvision", "transformers", "fastapi", "uvicorn", "rio_tiler")
LIMIT = 0.5  # seconds of CPU
HELP = """
import sys
sys.argv = ["dgl-rsis", "--help"]
from dgl_rsis.apps.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
REPORT = """
import json, sys, time
spent = time.process_time()
print()
print(json.dumps({"spent": spent, "modules": sorted(sys.modules)}))
"""


def run(code: str) -> tuple[float, set[str]]:
    """CPU seconds of a fresh interpreter from its start, and the modules it has loaded."""
    process = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, check=True
    )
    report = json.loads(process.stdout.splitlines()[-1])
    return report["spent"], set(report["modules"])


@pytest.mark.parametrize("code", ["import dgl_rsis", HELP], ids=["import", "help"])
def test_is_light(code: str) -> None:
    # CPU time, and the best of three, as wall time says more about the neighbours on the machine.
    runs = [run(code) for _ in range(3)]
    assert not runs[0][1].intersection(HEAVY)
    assert min(spent for spent, _ in runs) < LIMIT


def test_parsing_a_sentence_needs_no_backbone() -> None:
    _, modules = run("import dgl_rsis; dgl_rsis.parse('the largest roof on the left')")
    assert not modules.intersection(HEAVY)


def test_importing_the_pipeline_loads_no_backbone() -> None:
    _, modules = run("import dgl_rsis; dgl_rsis.load; dgl_rsis.SegmentResult")
    assert not modules.intersection(HEAVY)


@pytest.mark.parametrize("name", dgl_rsis.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(dgl_rsis, name) is not None
    assert name in dir(dgl_rsis)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = dgl_rsis.lode


def test_lazy_names_are_those_that_type_checkers_see() -> None:
    assert dgl_rsis.__file__ is not None
    tree = ast.parse(Path(dgl_rsis.__file__).read_text(encoding="utf-8"))
    seen = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lazy = {(home, name) for home, names in dgl_rsis._HOMES.items() for name in names}
    assert lazy == seen
    assert {name for _, name in lazy} | {"__version__"} == set(dgl_rsis.__all__)


def test_parse_is_the_function() -> None:
    assert dgl_rsis.parse("the second court from the left").target.noun == "court"
