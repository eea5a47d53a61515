"""The page of the command line: what ``--help`` says of every command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from dgl_rsis.apps.cli import app

INTRODUCTION = """\
# Command line

What `dgl-rsis COMMAND --help` says. Exit codes: 0 done; 1 the demo is below its accuracy, or a fault of ours with
its traceback; 2 the input or the usage is wrong (one line); 3 tiles failed, which are listed and no data; 4 nothing
matched; 130 interrupted.
"""


def leaf_commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups replaced by what they hold."""
    waiting = [("dgl-rsis", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop(0)
        inside = getattr(command, "commands", None)
        if inside is None:
            yield name, command
        else:
            waiting[:0] = [(f"{name} {word}", each) for word, each in inside.items()]


def command_line_page() -> str:
    """Markdown of the page."""
    return "\n".join([INTRODUCTION, *(_section(*each) for each in leaf_commands())])


def _section(name: str, command: Any) -> str:
    context = command.context_class(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    lines = [f"## `{name}`", "", "```text", usage, "```", "", _escaped(command.help or ""), ""]
    given = [each for each in command.params if each.param_type_name == "argument"]
    if given:
        lines += ["| Argument | |", "|---|---|"]
        names = (each.metavar or each.name.upper() for each in given)
        lines += [
            f"| {_named(n)} | {_cell(each.help)} |" for n, each in zip(names, given, strict=True)
        ]
        lines.append("")
    lines += ["| Option | |", "|---|---|"]
    for parameter in command.params:
        if parameter.param_type_name == "option":
            names, meaning = parameter.get_help_record(context)
            lines.append(f"| {_named(names)} | {_cell(meaning)} |")
    examples = (command.epilog or "").replace("\b", "").strip().splitlines()
    if examples:
        lines += ["", "```sh", *(line.strip() for line in examples[1:]), "```"]
    return "\n".join([*lines, ""])


def _named(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str | None) -> str:
    return _escaped(" ".join((text or "").split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Names in pointed brackets and square ones are words, not HTML or links."""
    return text.replace("<", "&lt;").replace("[", "\\[").replace("]", "\\]")
