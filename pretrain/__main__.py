"""Make rs-tiny: ``python -m pretrain STEP --data DIR``; every step resumes where it stopped.

``all`` is text, image and export. ``average`` exports the mean of exported models in place of
``image``. ``vit`` distils what these exported into rs-tiny-vit, under OUTPUT/vit.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pretrain import configuration

STEPS = ("text", "image", "export", "all", "average", "vit")


def share(run: Path, output: Path, more: tuple[str, ...]) -> None:
    """Link what another run has made already into the folder of this one."""
    output.mkdir(parents=True, exist_ok=True)
    for name in ("teacher.npz", "rendered.npz", "calibration.npz", *more):
        if (run / name).exists() and not (output / name).exists():
            os.link(run / name, output / name)


def main() -> None:
    """Run one step or all of them."""
    parser = argparse.ArgumentParser(prog="python -m pretrain", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path, required=True, help="folder with aid_rsicd and dubai")
    parser.add_argument("--output", type=Path, default=Path("runs/rs-tiny"))
    parser.add_argument("--config", type=Path, default=configuration.CONFIG)
    parser.add_argument("--variant", help="of variants.yaml")
    parser.add_argument(
        "--share", type=Path, help="run whose text tower and rendered scenes are taken"
    )
    parser.add_argument(
        "--initial", type=Path, help="exported model to start both towers from instead of at random"
    )
    parser.add_argument(
        "--of", type=Path, nargs="+", default=[], metavar="MODEL", help="exported models to average"
    )
    arguments = parser.parse_args()
    if (arguments.step == "average") != bool(arguments.of):
        parser.error("--of names the models that the step average takes, and no other step does")
    config = configuration.read(arguments.config, arguments.variant)
    if arguments.share is not None:
        keeps_text = configuration.read(arguments.config)["text"] == config["text"]
        share(arguments.share, arguments.output, ("text.pt",) if keeps_text else ())
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
