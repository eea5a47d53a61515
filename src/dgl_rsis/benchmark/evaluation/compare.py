"""Two runs over the same samples: paired differences with intervals."""

from __future__ import annotations

import json
from pathlib import Path

from dgl_rsis.benchmark.evaluation.summary import Results, map_counts, mask_records
from dgl_rsis.benchmark.evaluation.tables import MAP_COLUMNS, SENTENCE_COLUMNS
from dgl_rsis.benchmark.metrics import Interval, map_differences, mask_differences
from dgl_rsis.errors import InputError


def read_results(path: Path) -> Results:
    """Results of a run.

    Raises:
        InputError: the file is not there or holds something else.
    """
    try:
        results: Results = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); name a results.json"
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: is no JSON ({error}); name a results.json") from error
    if not isinstance(results, dict) or "results" not in results:
        raise InputError(f"{path}: holds no results of an evaluation; name a results.json")
    return results


def pick_way(results: Results, way: str | None, path: Path) -> str:
    """A way of a run; None takes its only one.

    Raises:
        InputError: it is not in the run, or there are several to choose from.
    """
    names: list[str] = list(results["results"])
    if way is None and len(names) == 1:
        return names[0]
    if way is None or way not in names:
        said = "holds several ways" if way is None else f"holds no way {way!r}"
        raise InputError(f"{path}: {said}; choose one of {', '.join(map(repr, names))}")
    return way


def differences(
    first: Results, second: Results, ways: tuple[str, str], *, seed: int = 0
) -> dict[str, Interval]:
    """Figures of a way of the first run less those of a way of the second.

    Raises:
        InputError: the runs are of different tasks, classes or samples.
    """
    for key in ("task", "classes", "background"):
        if first.get(key) != second.get(key):
            raise InputError(
                f"the runs differ in their {key}, {first.get(key)} and {second.get(key)}; compare "
                "runs over the same data set"
            )
    one, other = (
        results["results"][way]["samples"]
        for results, way in zip((first, second), ways, strict=True)
    )
    if first["task"] != "maps":
        found = mask_differences(mask_records(one), mask_records(other), seed=seed)
        return {name: found[name] for name in SENTENCE_COLUMNS if name in found}
    if [each["name"] for each in one] != [each["name"] for each in other]:
        raise InputError(
            "the runs are not over the same images; compare runs over the same data set"
        )
    found = map_differences(
        map_counts(first, one), map_counts(second, other), first["background"], seed=seed
    )
    return {name: found[name] for name in MAP_COLUMNS if name in found}
