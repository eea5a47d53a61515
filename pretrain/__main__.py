"""Make rs-tiny: ``python -m pretrain STEP --data DIR``; every step resumes where it stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

STEPS = ("text", "image", "export", "all")


def main() -> None:
    """Run one step or all of them."""
    parser = argparse.ArgumentParser(prog="python -m pretrain", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path, required=True, help="folder with aid_rsicd and rsscn7")
    parser.add_argument("--output", type=Path, default=Path("runs/rs-tiny"))
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument(
        "--initial", type=Path, help="exported model to start both towers from instead of at random"
    )
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
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


if __name__ == "__main__":
    main()
