"""The complete table: presets, switches, baselines and oracles of both tasks on all that is here.

    python benchmarks/complete.py FOLDER [-o runs/complete] [--scenes 500]

FOLDER holds `dubai`, `dior_mini` and `dota_mini`; scenes are rendered (textures that no training
saw, 256 pixels, one sentence each). Every way runs on rs-tiny and on rs-tiny-vit; what a model
cannot run is left out and said. Baselines choose among the 100 flat masks of an image that look most
like objects. Stopped, it goes on where it was: repeat the command. In the end it prints the tables,
and how much `default` is better than the best baseline and than `paper`, with 95 % intervals of
paired resamples of the images.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dgl_rsis.benchmark.evaluation.compare import differences, read_results
from dgl_rsis.benchmark.evaluation.summary import Results
from dgl_rsis.benchmark.evaluation.ways import Way

MODELS = ("rs-tiny", "dir:benchmarks/rs_tiny_vit")
MOST_MASKS = 100  # embedding each of 300 in four ways is most of the time, and the last are specks
WAYS = ("presets", "ablations", f"baselines,proposals.most_flat={MOST_MASKS}", "oracles")
FIRST_SCENE = 91000
SIDE = 256
SENTENCES = 1  # of a scene: images differ more than sentences about one
MEASURE = "mean_iou"


def main() -> None:
    """Run what is missing, then print the tables and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/complete"))
    parser.add_argument("--scenes", type=int, default=500)
    options = parser.parse_args()
    scenes = f"{FIRST_SCENE}+{options.scenes}x{SIDE}"
    sets: dict[str, tuple[str, ...]] = {
        "dubai": ("dubai", str(options.folder / "dubai")),
        "dior_mini": ("dior_mini", str(options.folder / "dior_mini")),
        "dota_mini": ("dota_mini", str(options.folder / "dota_mini")),
        "rendered-maps": ("rendered-maps", "--split", scenes),
        "rendered": ("rendered", "--split", scenes, "--sentences", str(SENTENCES)),
    }
    for name, arguments in sets.items():
        began = time.monotonic()
        command = [sys.executable, "-m", "dgl_rsis", "eval", *arguments, "--no-report", "--quiet"]
        command += ["-o", str(options.output / name)]
        command += [part for way in WAYS for part in ("-w", way)]
        command += [part for model in MODELS for part in ("-m", model)]
        subprocess.run(command, check=True)
        print(f"# {name}: {(time.monotonic() - began) / 60:.1f} min in this run\n", flush=True)
        print((options.output / name / "results.md").read_text(encoding="utf-8"), flush=True)
    print("| Set | Model | default less | mIoU | 95 % | |\n|---|---|---|---|---|---|")
    for name in sets:
        for row in verdict(read_results(options.output / name / "results.json")):
            print(f"| {name} | {' | '.join(row)} |")


def verdict(results: Results) -> Iterator[tuple[str, ...]]:
    """How much better ``default`` is than the best baseline and than ``paper``, per model."""
    for model in MODELS:
        ours = Way(model, "default").name
        theirs = [
            name
            for name, way in results["ways"].items()
            if way["model"] == results["ways"][ours]["model"]
            and Way(model, way["method"]).baseline is not None
            and not way["method"].startswith("oracle")
        ]
        best = max(theirs, key=lambda name: results["results"][name]["figures"][MEASURE]["value"])
        for other in (best, Way(model, "paper").name):
            found = differences(results, results, (ours, other))[MEASURE]
            outside = "better" if found.low > 0 else "worse" if found.high < 0 else "open"
            yield (
                model,
                other,
                f"{found.value:+.3f}",
                f"{found.low:+.3f} to {found.high:+.3f}",
                outside,
            )


if __name__ == "__main__":
    main()
