"""Make rs-tiny: ``python -m pretrain STEP --data DIR``.

``all`` is text, image and export. ``average`` exports the mean of exported models in place of
``image``. ``vit`` distils what these exported into rs-tiny-vit, under OUTPUT/vit.

Both image towers go on from their last checkpoint. A text tower is distilled in one go, but what its
teacher says is kept; once it is there it is not made again. Exports are always made anew. Text
towers, checkpoints and rendered scenes know the configuration that they were made from: a run stops
at a text tower or a checkpoint of rs-tiny that is of another one, and renders scenes anew. Figures
are printed and appended to ``log.jsonl``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from pretrain import configuration, stamps

STEPS = ("text", "image", "export", "all", "average", "vit")


def share(run: Path, output: Path, config: dict[str, Any]) -> None:
    """Link what another run has made already into the folder of this one.

    Args:
        run: folder that is linked from; its text tower only where it is that of ``config``.
        output: folder that is linked into; what it has already stays.
        config: of this run.
    """
    names = ["teacher.npz", "rendered.npz", "calibration.npz"]
    text = run / "text.pt"
    if text.exists() and stamps.differing(text, stamps.parts(config, "text")) is None:
        names.append("text.pt")
    else:
        print(f"{text} is not the text tower of this configuration and not shared", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (run / name).exists() and not (output / name).exists():
            os.link(run / name, output / name)


def main() -> None:
    """Run one step or all of them."""
    parser = argparse.ArgumentParser(prog="python -m pretrain", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path, required=True, help="folder with aid_rsicd and dubai")
    parser.add_argument(
        "--output", type=Path, help="default: runs/rs-tiny, or runs/VARIANT for a variant"
    )
    parser.add_argument("--config", type=Path, default=configuration.CONFIG)
    parser.add_argument("--variant", help="of variants.yaml")
    parser.add_argument(
        "--share", type=Path, help="run whose text tower and rendered scenes are taken"
    )
    parser.add_argument(
        "--initial",
        type=Path,
        help="exported model to start from instead of at random; a text tower in OUTPUT stays",
    )
    parser.add_argument(
        "--of", type=Path, nargs="+", default=[], metavar="MODEL", help="exported models to average"
    )
    arguments = parser.parse_args()
    if (arguments.step == "average") != bool(arguments.of):
        parser.error("--of names the models that the step average takes, and no other step does")
    config = configuration.read(arguments.config, arguments.variant)
    arguments.output = arguments.output or Path("runs") / (arguments.variant or "rs-tiny")
    if arguments.share is not None:
        share(arguments.share, arguments.output, config)
    if arguments.step in ("text", "image", "all") and arguments.initial is None:
        stamps.require(arguments.output / "text.pt", stamps.parts(config, "text"))
    if arguments.step in ("text", "all") and not (arguments.output / "text.pt").exists():
        from pretrain import text

        if arguments.initial is None:
            text.train(arguments.data, arguments.output, config["text"], config["seed"])
        else:
            text.adopt(arguments.initial, arguments.output)
    if arguments.step in ("image", "all"):
        from pretrain import image

        image.train(arguments.data, arguments.output, config, arguments.initial)
    if arguments.step in ("export", "all"):
        from pretrain import export

        export.export(arguments.data, arguments.output, config)
    if arguments.step == "average":
        from pretrain import export

        export.average(arguments.data, arguments.output, config, arguments.of)
    if arguments.step == "vit":
        from pretrain import vit

        vit.make(arguments.data, arguments.output, config)


if __name__ == "__main__":
    main()
