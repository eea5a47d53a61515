"""How the accuracy of a map is shown: tables on the screen, a report file in Markdown or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REPORT_SUFFIXES = (".md", ".json")
_HECTARE = 10_000.0


def class_rows(facts: Mapping[str, Any]) -> list[list[str]]:
    """Figures of every class, a header first.

    Args:
        facts: of ``assessment.to_records``, and ``area_unit``.
    """
    scale, unit, digits = _unit(facts)
    rows = [["class", "mapped area", "area", "user's accuracy", "producer's accuracy"]]
    for each in facts["classes"]:
        rows.append(
            [
                each["class"],
                f"{each['mapped_area'] / scale:,.{digits}f} {unit}",
                f"{_shown(each['area'], scale, digits)} {unit}",
                f"{_shown(each['users_accuracy'], 0.01, 1)} %",
                f"{_shown(each['producers_accuracy'], 0.01, 1)} %",
            ]
        )
    return rows


def matrix_rows(facts: Mapping[str, Any]) -> list[list[str]]:
    """Counts by class of the map (rows) and of the reference (columns), a header first."""
    names = [each["class"] for each in facts["classes"]]
    rows = [["map \\ reference", *names, "sum"]]
    for name, counts in zip(names, facts["counts"], strict=True):
        rows.append([name, *(f"{count:,}" for count in counts), f"{sum(counts):,}"])
    sums = [sum(column) for column in zip(*facts["counts"], strict=True)]
    rows.append(["sum", *(f"{count:,}" for count in sums), f"{sum(sums):,}"])
    return rows


def overall_line(facts: Mapping[str, Any]) -> str:
    """Overall accuracy, and what it and the intervals rest on."""
    value = f"overall accuracy {_shown(facts['overall_accuracy'], 0.01, 1)} %"
    if "standard_error" in facts["overall_accuracy"]:
        return f"{value}, of {facts['points']:,} points; \u00b1 spans intervals of 95 %"
    return (
        f"{value}, a full count of {facts['pixels']:,} pixels: without a sample there are no "
        "sampling intervals"
    )


def write_report(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a report as .json (all figures) or .md (tables for people).

    Raises:
        OutputError: the file cannot be written; nothing is left then.
    """
    from dgl_rsis.geo.output_file import atomic
    from dgl_rsis.manifest import to_json

    text = to_json(facts) if path.suffix.lower() == ".json" else _markdown(facts)
    with atomic(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _markdown(facts: Mapping[str, Any]) -> str:
    lines = [
        f"# Accuracy of {Path(facts['map']).name}",
        "",
        f"Map: `{facts['map']}`. Reference: `{facts['reference']}`.",
        "",
        f"{overall_line(facts).capitalize()}.",
        "",
        *_markdown_table(class_rows(facts)),
        "",
        "Counts by class of the map (rows) and of the reference (columns):",
        "",
        *_markdown_table(matrix_rows(facts)),
    ]
    if "standard_error" in facts["overall_accuracy"]:
        lines += ["", "Stratified estimators of Olofsson et al. (2014), equations 1 to 11."]
    lines += [f"\nNote: {note}." for note in facts["notes"]]
    return "\n".join(lines)


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def _unit(facts: Mapping[str, Any]) -> tuple[float, str, int]:
    """How large a unit of area is, its name, and how many digits behind the point it is shown."""
    total = sum(each["mapped_area"] for each in facts["classes"])
    if facts["area_unit"] != "m2":
        return 1.0, facts["area_unit"], 0
    if total <= 10 * _HECTARE:
        return 1.0, "m2", 1
    return _HECTARE, "ha", 2 if total < 10_000 * _HECTARE else 0


def _shown(record: Mapping[str, float], scale: float, digits: int) -> str:
    if record["value"] != record["value"]:
        return "-"
    value = f"{record['value'] / scale:,.{digits}f}"
    if "standard_error" not in record:
        return value
    margin = (record["high"] - record["low"]) / 2
    return f"{value} \u00b1 {margin / scale:,.{digits}f}"
