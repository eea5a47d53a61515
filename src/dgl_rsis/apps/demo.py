"""The demo: render a scene, run both tasks, compare with the exact truth (docs/design.md 3.2).

What is measured here says that the installation works, not how good the method is: rendered
scenes never stand in for real accuracy.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.console import Console, load_model, table
from dgl_rsis.apps.saving import record_answers, record_map, save_answers, save_map

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dgl_rsis.render import ReferringSentence, RenderedScene
    from dgl_rsis.results import ReferResult, SegmentResult
    from dgl_rsis.types import BoolArray

BELOW_ACCURACY = 1
LEAST_MEAN_IOU = 0.5
LEAST_RIGHT = 3
SENTENCES = 5
RIGHT_IOU = 0.5
LEAST_SHARE = 0.01
VEHICLES = ("car", "ship", "plane")  # come and go: objects to refer to, not land cover


@dataclass(frozen=True)
class MapScore:
    """Accuracy of a class map on the pixels whose true kind was asked for.

    Attributes:
        ious: IoU of every class.
        mean_iou: their mean.
        counted: share of the pixels that count.
    """

    ious: dict[str, float]
    mean_iou: float
    counted: float


def demo(
    seed: Annotated[int, typer.Option(help="Which scene is rendered.", min=0)] = 1,
    folder: Annotated[
        str, typer.Option(help="Where to; the demo's own files are replaced.", metavar="FOLDER")
    ] = "demo",
    model: options.ModelName = "rs-tiny",
    preset: options.Preset = "default",
    overrides: options.Overrides = None,
    device: options.Device = None,
    precision: options.Precision = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Render a scene, run both tasks on it and report the accuracy against the known truth.

    Exit code 1: mean IoU of the map below 0.5, or fewer than 3 of 5 sentences right.
    """
    from dgl_rsis.geo.output_file import check_folder
    from dgl_rsis.geo.raster import read_raster
    from dgl_rsis.render import render_scene, write_scene

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    choice = options.ModelChoice.from_options(model, None, preset, overrides, device, precision)
    target = Path(folder)
    check_folder(target, "the demo")
    with console.progress("rendering a scene", "steps") as progress:
        loaded = load_model(choice, console)
        scene = render_scene(seed, split="test")
        scene = replace(scene, sentences=scene.sentences[:SENTENCES])
        paths = list(write_scene(scene, target).values())
        raster = read_raster(paths[0])
        classes = land_cover(scene)
        asked = scene.sentences
        began = time.perf_counter()
        result = loaded.segment(raster, classes, progress=progress)
        between = time.perf_counter()
        texts = [sentence.text for sentence in asked]
        answers = loaded.refer_many(raster, texts, progress=progress)
        ended = time.perf_counter()
    given = {"seed": seed, "rendered": True, **choice.given()}
    files = save_map(result, target / "map.tif", target / "scores.tif")
    files += save_map(result, target / "map.png")
    paths += record_map(result, files, loaded, options=given, seconds=between - began)
    files = save_answers(answers, target / "answers.gpkg")
    for number, answer in enumerate(answers, start=1):
        files += save_answers([answer], target / f"answer-{number}.png")
    paths += record_answers(answers, files, loaded, options=given, seconds=ended - between)

    score = score_map(result, scene)
    ious = score_answers(answers, asked, scene)
    right = sum(iou >= RIGHT_IOU for iou in ious)
    passed = score.mean_iou >= LEAST_MEAN_IOU and right >= LEAST_RIGHT
    for line in _report(scene, score, answers, asked, ious, (between - began, ended - between)):
        console.show(line)
    console.show(f"\nfiles in {target.resolve()}:")
    for path in paths:
        console.show(f"  {path.name}")
    console.show_json(
        {
            "rendered": True,
            "seed": seed,
            "theme": scene.theme,
            "mean_iou": score.mean_iou,
            "ious": score.ious,
            "sentences": [
                {"sentence": sentence.text, "kind": sentence.kind_of_sentence, "iou": iou}
                for sentence, iou in zip(asked, ious, strict=True)
            ],
            "right": right,
            "passed": passed,
            "outputs": paths,
        }
    )
    if not passed:
        console.say(
            f"below the accuracy that the demo must reach: mean IoU {LEAST_MEAN_IOU}, "
            f"{LEAST_RIGHT} of {SENTENCES} sentences"
        )
        raise typer.Exit(BELOW_ACCURACY)


def land_cover(scene: RenderedScene) -> list[str]:
    """Kinds that cover at least a hundredth of the scene, without vehicles."""
    return [
        name
        for index, name in enumerate(scene.classes)
        if name not in VEHICLES and (scene.class_map == index).mean() >= LEAST_SHARE
    ]


def score_map(result: SegmentResult, scene: RenderedScene) -> MapScore:
    """Compare a map with the truth; pixels of kinds that were not asked for do not count."""
    import numpy as np

    from dgl_rsis.benchmark.metrics import class_ious, confusion_matrix, mean_iou

    asked = {name: index for index, name in enumerate(result.classes)}
    lookup = np.array([asked.get(name, -1) for name in scene.classes], np.int16)
    truth: NDArray[np.int16] = lookup[scene.class_map]
    confusion = confusion_matrix(truth, result.labels, len(result.classes))
    ious = dict(zip(result.classes, class_ious(confusion).tolist(), strict=True))
    return MapScore(ious, mean_iou(confusion), float((truth >= 0).mean()))


def score_answers(
    answers: Sequence[ReferResult], asked: Sequence[ReferringSentence], scene: RenderedScene
) -> list[float]:
    """IoU of every answer with the union of the instances that are the truth."""
    from dgl_rsis.benchmark.metrics import mask_iou

    return [
        mask_iou(answer.mask, true_mask(sentence, scene))
        for answer, sentence in zip(answers, asked, strict=True)
    ]


def true_mask(sentence: ReferringSentence, scene: RenderedScene) -> BoolArray:
    """``(H, W)`` bool: the instances that a sentence refers to."""
    import numpy as np

    mask = np.zeros(scene.class_map.shape, bool)
    for instance in scene.instances:
        if instance.id in sentence.instance_ids:
            x0, y0, x1, y1 = instance.box
            mask[y0:y1, x0:x1] |= instance.mask
    return mask


def _report(
    scene: RenderedScene,
    score: MapScore,
    answers: Sequence[ReferResult],
    asked: Sequence[ReferringSentence],
    ious: Sequence[float],
    seconds: tuple[float, float],
) -> list[str]:
    height, width = scene.class_map.shape
    rows: list[list[Any]] = [[name, f"{iou:.3f}"] for name, iou in score.ious.items()]
    lines = [
        f"rendered scene: theme {scene.theme}, seed {scene.seed}, {width} x {height} pixels of "
        f"{scene.gsd:g} m",
        "(figures on rendered scenes show that all works, not how good it is on real imagery)",
        "",
        f"class names to a map ({seconds[0]:.1f} s), IoU against the truth, rendered:",
        *table([*rows, ["mean IoU", f"{score.mean_iou:.3f}"]]),
        f"  counted: {score.counted:.0%} of the pixels; the others are of kinds not asked for",
        "",
        f"sentences to objects ({seconds[1]:.1f} s), rendered:",
    ]
    numbered = enumerate(zip(answers, asked, ious, strict=True), start=1)
    for number, (answer, sentence, iou) in numbered:
        state = "right" if iou >= RIGHT_IOU else "wrong"
        said = f'"{sentence.text}" ({sentence.kind_of_sentence})'
        count = len(answer.chosen)
        found = f"{count} instances" if count > 1 else "1 instance" if count else "nothing"
        lines.append(f"  {number}  {state}  IoU {iou:.2f}  {said}: {found}, answer-{number}.png")
        lines.append(f"            understood: {answer.query}")
        lines += [f"            note: {note}" for note in answer.notes]
    right = sum(iou >= RIGHT_IOU for iou in ious)
    return [*lines, f"  {right} of {len(ious)} right (IoU at least {RIGHT_IOU})"]
