"""What a command or a program names must exist, without running it."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import tomllib
from typing import Any

import typer
from docs.pages import ROOT

import dgl_rsis
from dgl_rsis.apps import options
from dgl_rsis.apps.cli import app
from dgl_rsis.models.registry import parse_model_name

OTHER_PROGRAMS = {"gdalbuildvrt", "hf", "qgis", "ray", "source", "cat", "curl", "jupyter"}
_EXIT: type[Exception] = typer.Exit


def check_command(line: str) -> None:
    """Check one line of a shell block.

    Raises:
        AssertionError: it names what is not there.
        Exception: the parser of the command line refuses it; the message says why.
    """
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"\w+=\S*", words[0]):  # variables of the environment
        words = words[1:]
    if not words:
        return
    program = words[0]
    if program == "dgl-rsis":
        parse_arguments(words[1:])
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
        assert set(words[1:]) <= set(targets), f"no such target: {line}"
    elif program in ("python", "python3"):
        _check_python(words[1:])
    elif program == "pip":
        _check_install(words[1:])
    else:
        assert program in OTHER_PROGRAMS, f"unknown program: {line}"


def parse_arguments(words: list[str]) -> None:
    """Parse words after ``dgl-rsis`` and look at their values, without running anything.

    Raises:
        Exception: a command, option or value that the command line refuses.
    """
    command: Any = typer.main.get_command(app)
    name = "dgl-rsis"
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no command {name} {words[0]}"
        name, command, words = f"{name} {words[0]}", command.commands[words[0]], words[1:]
    try:
        given = command.make_context(name, list(words)).params
    except _EXIT:  # --help has been shown
        return
    if "preset" in given:
        options.ModelChoice.from_options(
            given["model"],
            given.get("proposer"),
            given["preset"],
            given["overrides"],
            given["device"],
            given["precision"],
        )
        parse_model_name(given["model"])
    if name == "dgl-rsis eval" and given["dataset"] and not given["compare"]:
        _check_plan(given)


def _check_plan(given: dict[str, Any]) -> None:
    from dgl_rsis.apps.commands_eval import _plan

    _plan(
        given["dataset"],
        given["folder"],
        given["split"],
        given["ways"] or ["default"],
        given["models"] or ["rs-tiny"],
        given["device"],
        given["limit"],
        given["seed"],
        given["sentences"],
        given["words"],
    )


def _check_python(words: list[str]) -> None:
    if words[0] == "-m":
        if words[1] == "pip":
            _check_install(words[2:])
        else:
            assert (ROOT / words[1].replace(".", "/")).exists(), f"no module {words[1]}"
    else:
        assert (ROOT / words[0]).exists() or words[0] == "-c", f"no file {words[0]}"


def _check_install(words: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in words:
        named = re.fullmatch(r"(?:\.|dgl-rsis)\[([\w,]+)\]", word)
        if named:
            extras = set(named[1].split(","))
            assert extras <= set(project["optional-dependencies"]), f"no such extra: {word}"


def check_program(code: str) -> None:
    """Check names and arguments that a Python block takes from the package.

    Raises:
        AssertionError: the package has no such name.
        TypeError: a call does not fit the signature.
    """
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and _is_package(node.value):
            assert hasattr(dgl_rsis, node.attr), f"dgl_rsis has no {node.attr}"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and _is_package(node.func.value)
        ):
            signature = inspect.signature(getattr(dgl_rsis, node.func.attr))
            named = {each.arg: _literal(each.value) for each in node.keywords if each.arg}
            signature.bind(*(_literal(each) for each in node.args), **named)
            if node.func.attr == "load":
                _check_load(named)


def _check_load(named: dict[str, Any]) -> None:
    from dgl_rsis.config import make_settings

    overrides = dict(named.get("settings") or {})
    if "proposer" in named:
        overrides["proposals"] = {**overrides.get("proposals", {}), "proposer": named["proposer"]}
    make_settings(named.get("preset", "default"), overrides)


def _is_package(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "dgl_rsis"


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:  # the value of a variable
        return None


def option_names() -> set[str]:
    """All options of all commands, without what stands for their values."""
    found, waiting = set[str](), [typer.main.get_command(app)]
    while waiting:
        command: Any = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        for parameter in command.params:
            found |= {*parameter.opts, *parameter.secondary_opts}
    return found | {"--help"}
