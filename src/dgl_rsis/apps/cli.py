"""The command line ``dgl-rsis`` (docs/design.md 2).

Exit codes: 0 done, 1 the demo is below its accuracy or the program is at fault, 2 the input or the
usage is wrong (one line on stderr), 3 finished with tiles that failed, which are listed, 4 nothing matched, 130 interrupted.
Heavy libraries are imported inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from dgl_rsis import __version__
from dgl_rsis.apps import (
    commands_assess,
    commands_eval,
    commands_inspect,
    commands_label,
    commands_map,
    commands_propose,
    commands_refer,
    commands_serve,
    demo,
)
from dgl_rsis.errors import DglRsisError

WRONG_INPUT = 2
INTERRUPTED = 130

app = typer.Typer(
    name="dgl-rsis",
    help="Say it, and it is on the map: segmentation of overhead imagery by words.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _examples(*lines: str) -> str:
    """Examples below the help of a command; the backspace keeps their line breaks."""
    return "\n".join(["\b", "Examples:", *(f"  dgl-rsis {line}" for line in lines)])


app.command(
    epilog=_examples(
        'segment scene.tif -c building -c "paved road" -c water -o map.tif',
        "segment scene.tif -c vineyard --other background -o vineyards.gpkg --min-area 100",
        "segment tiles/ -c building -c road -o city.tif --workers 4 --resume",
        "segment sentinel.tif --bands 4,3,2 --classes-file classes.txt -o map.png",
    )
)(commands_map.segment)
app.command(
    epilog=_examples(
        'refer scene.tif "the largest white roof left of the river"',
        'refer scene.tif "the second tank from the left" -o tank.gpkg --explain why.png',
        "refer scene.tif --sentences questions.csv -o answers.gpkg",
        'refer demo/scene.tif "the largest building" --candidates demo/instances.gpkg '
        "--names-from class",
    )
)(commands_refer.refer)
app.command(
    epilog=_examples("label scene.tif parcels.gpkg -c orchard -c vineyard -o labelled.gpkg")
)(commands_label.label)
app.command(epilog=_examples("propose scene.tif -o proposals.gpkg --min-area 20"))(
    commands_propose.propose
)
app.command(epilog=_examples("polygonize map.tif -o map.gpkg --simplify 1.0 --min-area 25"))(
    commands_map.polygonize
)
app.command(epilog=_examples('parse "the second court from the left"', "parse --schema"))(
    commands_refer.parse
)
app.add_typer(commands_assess.assess)
app.add_typer(commands_inspect.models)
app.command(epilog=_examples("info scene.tif"))(commands_inspect.info)
app.command(epilog=_examples("doctor"))(commands_inspect.doctor)
app.command(
    "eval",
    epilog=_examples(
        "eval dubai DUBAI -o runs/dubai -w default -w paper -w baselines",
        "eval rrsis-d RRSISD -o runs/rrsisd --model hf:openai/clip-vit-base-patch16 --limit 200",
        'eval --compare a/results.json b/results.json -w "rs-tiny default"',
        "eval --list",
    ),
)(commands_eval.evaluate)
app.command(epilog=_examples("serve scene.tif --open", "serve scenes/ --host 0.0.0.0 --token new"))(
    commands_serve.serve
)
app.command(epilog=_examples("demo --seed 3 --folder demo"))(demo.demo)

# Recent versions of typer carry a copy of click inside: its base class of usage errors is reached
# through what typer exports in all versions.
_UsageError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Say it, and it is on the map: segmentation of overhead imagery by words."""
    if version:
        typer.echo(f"dgl-rsis {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: words after the name of the program; None takes those of the process.

    Returns:
        The exit code.
    """
    command = typer.main.get_command(app)
    given = None if arguments is None else list(arguments)
    try:
        code = command.main(args=given, prog_name="dgl-rsis", standalone_mode=False)
    except DglRsisError as error:
        return _fail(str(error))
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        path = "dgl-rsis" if context is None else context.command_path
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return _fail(f"{message} (see `{path} --help`)")
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return int(code or 0)


def _fail(message: str) -> int:
    line = " ".join(message.split())
    typer.echo(f"dgl-rsis: error: {line}", err=True)
    return WRONG_INPUT


if __name__ == "__main__":
    sys.exit(main())
