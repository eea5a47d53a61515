"""The page of all settings: ``defaults.yaml`` with the comments that say what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from dgl_rsis.config import Settings

_STAGE = re.compile(r"^(\w+):")
_OPTION = re.compile(r"^  (\w+): +(.*?)(?: +# (.*))?$")
_REMARK = re.compile(r"^ *# (.*)$")
_CONTINUED = 20  # columns from which on a remark belongs to the option above it

INTRODUCTION = """\
# Settings

All options of all stages, with the values of the preset `default`. `--set stage.option=value` on the command
line, `settings={"stage": {"option": value}}` in `dgl_rsis.load`; values are written as in YAML
(`--set "local.scales=[1, 0.5]"`). A stage that is off is not called: these switches are the
[ablations](../design.md#17-switches-and-presets).
"""


@dataclass
class Option:
    """One line of the defaults.

    Attributes:
        stage: its section.
        name: of the option.
        value: as it is written.
        meaning: the comments beside and above it.
    """

    stage: str
    name: str
    value: str
    meaning: str


def read_options(text: str) -> tuple[list[Option], str]:
    """The options of the defaults, and the text of the presets.

    Args:
        text: of ``defaults.yaml``. A comment far to the right goes on with the one above it; one at
            the left is about the option below it.
    """
    body, presets = text.split("\npresets:\n")
    options: list[Option] = []
    stage, above = "", list[str]()
    for line in body.splitlines():
        if match := _STAGE.match(line):
            stage, above = match[1], []
        elif match := _OPTION.match(line):
            meaning = "; ".join(filter(None, [(match[3] or "").rstrip(","), " ".join(above)]))
            options.append(Option(stage, match[1], match[2], meaning))
            above = []
        elif (match := _REMARK.match(line)) and stage:
            if len(line) - len(line.lstrip()) >= _CONTINUED:
                options[-1].meaning += " " + match[1]
            else:
                above.append(match[1])
    return options, presets


def settings_page() -> str:
    """Markdown of the page."""
    text = resources.files("dgl_rsis").joinpath("defaults.yaml").read_text(encoding="utf-8")
    options, presets = read_options(text)
    lines = [INTRODUCTION]
    for stage, field in Settings.model_fields.items():
        assert field.annotation is not None  # every stage is a model of its own
        summary = (field.annotation.__doc__ or "").partition(" (docs/design.md")[0].rstrip(".")
        lines += [
            f"## `{stage}`",
            "",
            f"{summary}.",
            "",
            "| Option | Default | Meaning |",
            "|---|---|---|",
        ]
        for option in options:
            if option.stage == stage:
                cells = (f"`{option.name}`", f"`{option.value}`", option.meaning)
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    lines += [
        "## Presets",
        "",
        "What each changes of the defaults:",
        "",
        "```yaml",
        presets.rstrip(),
        "```",
    ]
    return "\n".join(lines) + "\n"
