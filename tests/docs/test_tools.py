"""The pages of the site that are made, and the gathering of the others."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest
import yaml
from docs.checking import check_command
from docs.pages import ROOT, blocks_of, commands_of
from docs.tools.command_line import command_line_page, leaf_commands
from docs.tools.notebooks import notebook_page
from docs.tools.settings_page import read_options, settings_page
from docs.tools.staging import relinked, site_places, stage

import dgl_rsis
from dgl_rsis.config import Settings

DEFAULTS = resources.files("dgl_rsis").joinpath("defaults.yaml").read_text(encoding="utf-8")


def test_every_setting_has_its_default_and_a_meaning() -> None:
    values = yaml.safe_load(DEFAULTS)
    options, _ = read_options(DEFAULTS)
    read = {(each.stage, each.name): yaml.safe_load(each.value) for each in options}
    stages = {stage: fields for stage, fields in values.items() if stage != "presets"}
    assert read == {(stage, name): v for stage, each in stages.items() for name, v in each.items()}
    silent = [each.name for each in options if not each.meaning]
    assert [name for name in silent if not name.endswith("_weight")] == []
    assert set(stages) == set(Settings.model_fields)


def test_a_comment_belongs_to_the_option_beside_or_below_it() -> None:
    text = (
        "paint:\n  # of both:\n  first: 1   # one,\n" + " " * 20 + "# and more\n  second: 2\n"
        "\npresets:\n  default: {}\n"
    )
    options, presets = read_options(text)
    meanings = [(each.name, each.value, each.meaning) for each in options]
    assert meanings == [("first", "1", "one; of both: and more"), ("second", "2", "")]
    assert presets == "  default: {}\n"


def test_the_page_of_settings_has_a_row_for_each() -> None:
    page = settings_page()
    assert "| `painter` | `auto` | dense \\| leaf \\| mask \\| cut" in page
    assert page.count("\n## ") == len(Settings.model_fields) + 1


def test_the_page_of_commands_has_all_options() -> None:
    page = command_line_page()
    for name, command in leaf_commands():
        section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert all(option in section for option in parameter.opts)
    assert "| `-c, --classes NAME` | A class in any words; repeatable. |" in page


def test_examples_of_the_help_can_be_typed() -> None:
    lines = [
        line for block in blocks_of(command_line_page(), "help") for line in commands_of(block.code)
    ]
    assert len(lines) > 15
    for line in lines:
        check_command(line)


def test_the_reference_names_what_is_public() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: dgl_rsis\.(\w+)$", page, re.MULTILINE)
    assert sorted(named) == sorted(set(dgl_rsis.__all__) - {"__version__"})


def test_links_lead_to_places_of_the_site() -> None:
    places = {"docs/a.md": "a.md", "docs/b/c.md": "b/c.md", "CHANGELOG.md": "changelog.md"}
    page = (
        "[c](b/c.md#x) [log](../CHANGELOG.md) [start](../README.md)\n"
        "[defaults](../src/dgl_rsis/defaults.yaml) [`code`](../src/dgl_rsis) <https://a.b/c>\n"
        "[web](https://a.b/c) [here](#there)\n```sh\n[no](link.md)\n```\n"
    )
    assert relinked(page, "docs/a.md", ROOT, places) == (
        "[c](b/c.md#x) [log](changelog.md) [start](readme.md)\n"
        "[defaults](reference/settings.md) `code` <https://a.b/c>\n"
        "[web](https://a.b/c) [here](#there)\n```sh\n[no](link.md)\n```\n"
    )
    assert relinked("[a](../a.md)", "docs/b/c.md", ROOT, places) == "[a](../a.md)"


@pytest.mark.parametrize("page", ["[a](nothing.md)", "![a](../src/dgl_rsis/cli.py)"])
def test_a_link_to_nothing_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match=r"docs/a\.md links to .*, which is not there"):
        relinked(page, "docs/a.md", ROOT, {"docs/a.md": "a.md"})


def test_all_pages_are_gathered(tmp_path: Path) -> None:
    stage(ROOT, tmp_path / "site")
    found = {path.relative_to(tmp_path / "site").as_posix() for path in tmp_path.rglob("*.*")}
    assert set(site_places(ROOT).values()) <= found
    assert {"index.md", "reference/settings.md", "reference/command-line.md", "results.md"} <= found


def test_a_notebook_becomes_a_page(tmp_path: Path) -> None:
    outputs = [
        {"output_type": "stream", "text": ["two\n", "lines\n"]},
        {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "a picture"}},
        {"output_type": "execute_result", "data": {"text/html": "<b>\n\n1</b>", "text/plain": "1"}},
        {
            "output_type": "execute_result",
            "data": {"text/html": "<script></script>", "text/plain": "m"},
        },
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "words"]},
        {"cell_type": "code", "source": "print()", "outputs": outputs},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    assert notebook_page(tmp_path / "a.ipynb", tmp_path / "page.md") == (
        "# Title\nwords\n\n```python\nprint()\n```\n\n```text\ntwo\nlines\n\n```\n\n"
        "![what the code above shows](page-1-1.png)\n\n<div>\n<b>\n1</b>\n</div>\n\n"
        "```text\nm\n```\n"
    )
    assert (tmp_path / "page-1-1.png").read_bytes() == b"hi"
