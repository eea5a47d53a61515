"""The complete table: presets, switches, baselines and oracles of both tasks, on real and rendered images.

    python benchmarks/complete.py FOLDER [-o runs/complete] [--scenes 500] [--asked 0.25]

FOLDER holds `dubai`, `dior_mini` and `dota_mini`. Of the rendered scenes (textures that no training
saw, 256 pixels) three quarters are mapped, about each of the rest one sentence is asked, which takes three times
as long (`--asked` is their share). Every way runs on rs-tiny and on rs-tiny-vit; what a model cannot run is left out and said. All compute in bfloat16.
About rendered scenes, baselines choose among the 100 flat masks that look most like objects: of the
targets these hold 0.66 (mean IoU), all 300 would hold 0.71, and embedding each in four ways is most of the
time. Stopped, it goes on where it was: repeat the command. In the end it prints one table of all sets, and how
much `default` is better than the best baseline and than `paper`, with 95 % intervals of paired
resamples of the images.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from dgl_rsis.benchmark.evaluation.compare import differences, read_results
from dgl_rsis.benchmark.evaluation.summary import Results
from dgl_rsis.benchmark.evaluation.ways import Way, model_label

MODELS = ("rs-tiny", "dir:benchmarks/rs_tiny_vit")
PRECISION = "backbone.precision=bfloat16"
WAYS = ("presets", "ablations", "baselines", "oracles")
FEWER = {"rendered": {"baselines": ",proposals.most_flat=100"}}
FIRST_SCENE = 91000
SIDE = 256
MEASURE = "mean_iou"


def main() -> None:
    """Run what is missing, then print the tables and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/complete"))
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--asked", type=float, default=0.25)
    options = parser.parse_args()
    mapped = round(options.scenes * (1 - options.asked))
    maps = f"{FIRST_SCENE}+{mapped}x{SIDE}"
    scenes = f"{FIRST_SCENE + mapped}+{options.scenes - mapped}x{SIDE}"
    sets: dict[str, tuple[str, ...]] = {
        "dubai": ("dubai", str(options.folder / "dubai")),
        "dior_mini": ("dior_mini", str(options.folder / "dior_mini")),
        "dota_mini": ("dota_mini", str(options.folder / "dota_mini")),
        "rendered-maps": ("rendered-maps", "--split", maps),
        "rendered": ("rendered", "--split", scenes, "--sentences", "1"),
    }
    for name, arguments in sets.items():
        began = time.monotonic()
        command = [sys.executable, "-m", "dgl_rsis", "eval", *arguments, "--no-report", "--quiet"]
        command += ["-o", str(options.output / name)]
        for way in WAYS:
            command += ["-w", f"{way}{FEWER.get(name, {}).get(way, '')},{PRECISION}"]
        command += [part for model in MODELS for part in ("-m", model)]
        subprocess.run(command, check=True)
        print(f"# {name}: {(time.monotonic() - began) / 60:.1f} min in this run\n", flush=True)
        table = (options.output / name / "results.md").read_text(encoding="utf-8")
        print(table.replace(f", {PRECISION}", ""), flush=True)
    results = {name: read_results(options.output / name / "results.json") for name in sets}
    print("\n".join(overview(results)))
    print("\n| Set | Model | default less | mIoU | 95 % | |\n|---|---|---|---|---|---|")
    for name, found in results.items():
        for row in verdict(found):
            print(f"| {name} | {' | '.join(row)} |")


def overview(results: Mapping[str, Results]) -> Iterator[str]:
    """Lines of a table of mIoU with intervals: a row for each way, a column for each set."""
    yield f"| Way | {' | '.join(results)} |"
    yield f"|---|{'---|' * len(results)}"
    cells: dict[str, dict[str, str]] = {}
    for dataset, found in results.items():
        for name, way in found["results"].items():
            figure = way["figures"][MEASURE]
            row = cells.setdefault(name.partition(",")[0], {})
            row[dataset] = f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
    for name, row in cells.items():
        yield f"| {name} | {' | '.join(row.get(dataset, '-') for dataset in results)} |"


def verdict(results: Results) -> Iterator[tuple[str, ...]]:
    """How much better ``default`` is than the best baseline and than ``paper``, per model."""
    for model in MODELS:
        label = model_label(model)
        of_model = {
            way["method"]: name
            for name, way in results["ways"].items()
            if name.startswith(f"{label} ")
        }
        theirs = [
            name
            for method, name in of_model.items()
            if Way(model, method).baseline is not None and not method.startswith("oracle")
        ]
        best = max(theirs, key=lambda name: results["results"][name]["figures"][MEASURE]["value"])
        for other in (best, of_model["paper"]):
            found = differences(results, results, (of_model["default"], other))[MEASURE]
            outside = "better" if found.low > 0 else "worse" if found.high < 0 else "open"
            yield (
                label,
                other.removeprefix(f"{label} ").partition(",")[0],
                f"{found.value:+.3f}",
                f"{found.low:+.3f} to {found.high:+.3f}",
                outside,
            )


if __name__ == "__main__":
    main()
