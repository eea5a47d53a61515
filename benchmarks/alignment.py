"""Time region alignment from one forward pass against ways that embed each mask by itself.

    python benchmarks/alignment.py [--size b16] [--size l14] [--masks 200] [--sample N]

A rendered image of 512 px, the cells around random points as masks, and CLIP image towers of the
usual sizes with random weights, in float32 on the CPU:

* one forward: mask tokens of all masks, the image read at its own size (``Backbone.regions``); and
  the same with the image read at the input size, as both others do
* Global-Local CLIP and HybridGL: ``dgl_rsis.benchmark.baselines``, in batches of 16 masks

Each way has a process of its own, one after the other. Memory is the largest resident set above
that of the loaded model. The first row is the median of three runs, the per-mask ways run once.
With ``--sample``, they are timed on one mask and on so many, and the time of all masks is
extrapolated on the line through both.

The second table asks what a mask costs beyond the first one: (seconds of n masks - seconds of one)
/ (n - 1), as a share of an ordinary forward pass of the same pixels; of each the fastest of
``--rounds`` rounds in CPU time. Resizing and finding the patches of masks are included everywhere.

Exits with 1 when a per-mask way takes less than 25 times as long as one forward, by either clock,
or when a mask costs 0.2 % of a forward pass or more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

# Nothing heavy is imported here: measuring has processes of its own.
from common import command, print_header, print_row
from processes import Cost, measure, resident, run_alone

if TYPE_CHECKING:
    from dgl_rsis.models.hf_clip import HfClip
    from dgl_rsis.proposals.masks import MaskSet
    from dgl_rsis.types import FloatArray, RGBImage

SIDE = 512  # pixels of the image
INPUT = 224  # pixels of the square that the models were made for
LEAST_FACTOR = 25.0
MOST_SHARE = 0.002
COUNTS = (10, 100, 1000)
RUNS = 3
OURS = "one forward"
WAYS = {
    OURS: SIDE,
    f"one forward, read at {INPUT} px": INPUT,
    "Global-Local CLIP": INPUT,
    "HybridGL": INPUT,
}
PER_MASK = ("Global-Local CLIP", "HybridGL")
SIZES: dict[str, dict[str, int]] = {
    "b16": {"width": 768, "heads": 12, "blocks": 12, "patch": 16, "joint": 512},
    "l14": {"width": 1024, "heads": 16, "blocks": 24, "patch": 14, "joint": 768},
}


def build(size: str, region_side: int) -> HfClip:
    """A CLIP with random weights, and next to no text tower."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    from dgl_rsis.models.base import BackboneOptions
    from dgl_rsis.models.hf_clip import HfClip
    from dgl_rsis.models.preprocess import Preprocessing

    shape = SIZES[size]
    tower = {
        "hidden_size": shape["width"],
        "intermediate_size": 4 * shape["width"],
        "num_attention_heads": shape["heads"],
        "num_hidden_layers": shape["blocks"],
        "patch_size": shape["patch"],
        "image_size": INPUT,
    }
    text = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1, "vocab_size": 8,
            "num_hidden_layers": 1, "bos_token_id": 0, "eos_token_id": 1}  # fmt: skip
    torch.manual_seed(0)
    model = CLIPModel(
        CLIPConfig(text_config=text, vision_config=tower, projection_dim=shape["joint"])
    )
    options = BackboneOptions(region_side=region_side)
    return HfClip(model, None, Preprocessing(), name=size, folder=Path(size), options=options)


def picture() -> RGBImage:
    """The image that is measured on."""
    from dgl_rsis.render import render_scene

    return render_scene(1, size=SIDE).image


def cells(count: int) -> MaskSet:
    """Masks that fill the image: the pixels nearest to each of ``count`` random pixels."""
    import numpy as np
    from scipy import ndimage
    from scipy.spatial import cKDTree

    from dgl_rsis.proposals.masks import MaskSet

    chosen = np.random.default_rng(0).choice(SIDE * SIDE, count, replace=False)
    points = np.stack(np.divmod(chosen, SIDE), axis=1)
    pixels = np.indices((SIDE, SIDE)).reshape(2, -1).T
    labels = cKDTree(points).query(pixels)[1].reshape(SIDE, SIDE) + 1
    windows = ndimage.find_objects(labels)
    crops = [labels[window] == number for number, window in enumerate(windows, start=1)]
    corners = [(columns.start, rows.start) for rows, columns in windows]
    return MaskSet.from_crops(crops, corners, (SIDE, SIDE))


def way(name: str) -> Callable[[HfClip, RGBImage, MaskSet], FloatArray]:
    """The function that embeds masks that way."""
    from dgl_rsis.benchmark.baselines.global_local import global_local
    from dgl_rsis.benchmark.baselines.hybrid_gl import hybrid_gl

    if name in PER_MASK:
        return {"Global-Local CLIP": global_local, "HybridGL": hybrid_gl}[name]
    return lambda model, image, masks: model.regions(image, masks)


def embed_all(size: str, name: str, count: int, sample: int) -> dict[str, Any]:
    """Seconds of all masks and bytes above the loaded model, of one way in this process."""
    model, image, masks = build(size, WAYS[name]), picture(), cells(count)
    embed, loaded = way(name), resident()
    timed = sample if name in PER_MASK and 1 < sample < count else count
    runs = 1 if name in PER_MASK else RUNS
    one = [measure(lambda: embed(model, image, masks.take([0])))[1] for _ in range(2)]
    many = [measure(lambda: embed(model, image, masks.take(range(timed))))[1] for _ in range(runs)]

    def seconds(clock: str) -> float:
        first, last = getattr(one[-1], clock), median(getattr(each, clock) for each in many)
        return extrapolated(first, last, timed, count)

    return {
        "wall": seconds("wall"),
        "cpu": seconds("cpu"),
        "memory": max(each.peak for each in (*one, *many)) - loaded,
        "timed": timed,
    }


def extrapolated(first: float, last: float, timed: int, count: int) -> float:
    """Seconds of ``count`` masks from those of one mask and of ``timed`` masks."""
    if timed == count:
        return last
    return last + (count - timed) * (last - first) / (timed - 1)


def add_masks(size: str, rounds: int) -> dict[str, Any]:
    """Costs of a forward pass, and of one forward with numbers of masks, in this process."""
    from dgl_rsis.models.torch_tools import resize, to_tensor

    model, image, masks = build(size, SIDE), picture(), cells(max(COUNTS))
    side = round(SIDE / model.patch) * model.patch
    facts = model.preprocessing

    def forward() -> FloatArray:
        resized = resize(image, (side, side), facts.resample)
        return model.embed_pixels(to_tensor([resized], facts.mean, facts.std, model.device))

    def regions(count: int) -> Callable[[], FloatArray]:
        return lambda: model.regions(image, masks.take(range(count)))

    jobs = {"forward": forward, **{str(count): regions(count) for count in (1, *COUNTS)}}
    costs: dict[str, list[Cost]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            costs[name].append(measure(job)[1])
    fastest = {name: min(each, key=lambda cost: cost.cpu) for name, each in costs.items()}
    return {name: asdict(cost) for name, cost in fastest.items()}


def compare(size: str, count: int, sample: int) -> bool:
    """Print one row per way; whether the per-mask ways take long enough."""
    found = {
        name: run_alone(__file__, ["--size", size, "--way", name, "--masks", str(count),
                                   "--sample", str(sample)])
        for name in WAYS
    }  # fmt: skip
    ours = found[OURS]
    factors = {
        name: tuple(each[clock] / ours[clock] for clock in ("wall", "cpu"))
        for name, each in found.items()
    }
    for name, each in found.items():
        timed = "" if each["timed"] == count else f" ({each['timed']} timed, extrapolated)"
        print_row(
            size, name, f"{WAYS[name]} px", f"{count}{timed}", f"{each['wall']:.2f}",
            f"{each['cpu']:.2f}", f"{each['memory'] / 1e6:.0f}",
            *(f"{factor:.1f}" for factor in factors[name]),
        )  # fmt: skip
    return all(min(factors[name]) >= LEAST_FACTOR for name in PER_MASK)


def compare_counts(size: str, rounds: int) -> bool:
    """Print one row per number of masks; whether additional masks are cheap enough."""
    costs = run_alone(__file__, ["--size", size, "--way", "counts", "--rounds", str(rounds)])
    forward, first = costs["forward"]["cpu"], costs["1"]["cpu"]
    shares = [(costs[str(count)]["cpu"] - first) / (count - 1) / forward for count in COUNTS]
    print_row(size, "forward pass", f"{costs['forward']['wall']:.3f}", f"{forward:.3f}", "")
    print_row(size, "1", f"{costs['1']['wall']:.3f}", f"{first:.3f}", "")
    for count, share in zip(COUNTS, shares, strict=True):
        cost = costs[str(count)]
        print_row(size, str(count), f"{cost['wall']:.3f}", f"{cost['cpu']:.3f}", f"{share:.3%}")
    return bool(max(shares) < MOST_SHARE)


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", choices=SIZES, action="append", help="may be repeated")
    parser.add_argument("--masks", type=int, default=200)
    parser.add_argument(
        "--sample", type=int, default=0, help="masks that per-mask ways are timed on"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--way", choices=(*WAYS, "counts"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = options.size or list(SIZES)
    if options.way == "counts":
        print(json.dumps(add_masks(sizes[0], options.rounds)))
        return
    if options.way:
        print(json.dumps(embed_all(sizes[0], options.way, options.masks, options.sample)))
        return
    print(f"{command()}: {SIDE} px, float32 on the CPU, random weights")
    print_header("Size", "way", "read at", "masks", "wall s", "CPU s", "MB above the model",
                 "times ours (wall)", "times ours (CPU)")  # fmt: skip
    is_fast = [compare(size, options.masks, options.sample) for size in sizes]
    print_header("Size", "masks", "wall s", "CPU s", "share of a forward pass per further mask")
    is_cheap = [compare_counts(size, options.rounds) for size in sizes]
    print(f"\nper-mask ways at least {LEAST_FACTOR:g} times slower: {_verdict(all(is_fast))}")
    print(f"a further mask below {MOST_SHARE:.1%} of a forward pass: {_verdict(all(is_cheap))}")
    sys.exit(int(not (all(is_fast) and all(is_cheap))))


def _verdict(is_kept: bool) -> str:
    return "kept" if is_kept else "missed"


if __name__ == "__main__":
    main()
