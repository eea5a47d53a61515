"""The command `serve`: a map and a service on this machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from dgl_rsis.apps import options
from dgl_rsis.apps.commands_inspect import missing_extras
from dgl_rsis.apps.console import Console
from dgl_rsis.errors import InputError, MissingExtraError

TOKEN = "DGL_RSIS_TOKEN"


def serve(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Scenes: rasters, and folders of rasters.", metavar="PATH"),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            help=f"Secret that requests must carry; `new` makes one. Also {TOKEN}.",
            metavar="TEXT",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Private folder for uploads and results.", metavar="FOLDER"),
    ] = None,
    bands: options.Bands = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the map in a browser.")] = False,
    model: options.ModelName = "rs-tiny",
    overrides: options.Overrides = None,
    device: options.Device = None,
    precision: options.Precision = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """A map on which one types words and sees masks; the same server is an API.

    It listens on this machine only, unless --host and a token say otherwise. What is uploaded is
    kept in a private folder and removed when the server ends; results of jobs stay in it.
    """
    if "serve" in missing_extras():
        raise MissingExtraError("dgl-rsis serve", "serve")
    from dgl_rsis.apps.server.access import is_loopback
    from dgl_rsis.apps.server.running import run_server
    from dgl_rsis.apps.server.scene_files import find_scenes
    from dgl_rsis.apps.server.service import ServerOptions

    console = Console(quiet=quiet, verbose=verbose)
    choice = options.ModelChoice.from_options(model, None, "default", overrides, device, precision)
    picked = None if bands is None else options.parse_numbers(bands, "--bands", "3,2,1", int)
    secret = token if token is not None else os.environ.get(TOKEN) or None
    if secret == "new":
        secret = secrets.token_urlsafe(18)
    is_near = is_loopback(host)
    if not is_near and secret is None:
        raise InputError(
            f"--host {host} can be reached by others; pass --token new, or a secret in {TOKEN}"
        )
    if secret is not None and not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise InputError("a token is made of letters, digits and signs, without spaces")
    found = find_scenes(paths or ())
    for refused in found.refused:
        console.say(f"left out: {refused}")
    names = tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", host)))
    place = Path(storage) if storage is not None else default_storage(port)
    run_server(
        ServerOptions(
            found.files,
            place,
            choice,
            secret,
            hosts=names if secret is None else None,  # who has the token may use any name
            bands=None if picked is None else tuple(picked),
        ),
        host,
        port,
        console.say,
        open_page=open_page,
    )


def default_storage(port: int) -> Path:
    """Where uploads and results of the server on a port are kept: with the state of programs."""
    state = os.environ.get("XDG_STATE_HOME")
    return (
        (Path(state) if state else Path.home() / ".local" / "state") / "dgl-rsis" / f"serve-{port}"
    )
