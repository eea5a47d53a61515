"""Options about scenes that are computed in tiles, and the values behind them."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import Annotated, Any

import typer

TileSize = Annotated[
    int | None,
    typer.Option(
        help="Side in pixels of the tiles of a large scene; 1024, or what suits the model.", min=1
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Processes that compute the tiles of a scene, a model in each: 1, or with --ray all "
        "that the cluster has room for.",
        min=1,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        help="Compute the tiles of a scene on a Ray cluster: auto, local, HOST:PORT or "
        "ray://HOST:PORT.",
        metavar="ADDRESS",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on with a run over a scene that was cut off."),
]
GroundSampling = Annotated[
    float | None,
    typer.Option("--gsd", help="Read, and map, at so many metres a pixel.", metavar="METRES"),
]
Asset = Annotated[
    str | None,
    typer.Option(
        help="Asset of STAC items; without: the one with the role visual, else data.",
        metavar="KEY",
    ),
]


@dataclass(frozen=True)
class Tiling:
    """How a scene is computed in tiles; the fields are options of the command line."""

    tile_size: int | None
    workers: int | None
    resume: bool
    gsd: float | None
    ray: str | None
    asset: str | None

    def remarks(self) -> AbstractContextManager[object]:
        """What sends remarks of others to stderr: Ray reports dead workers where results stand."""
        return nullcontext() if self.ray is None else redirect_stdout(sys.stderr)

    def given(self) -> dict[str, Any]:
        """The options that differ from the defaults, for the manifest."""
        defaults = Tiling(None, None, False, None, None, None)
        return {
            name: value for name, value in vars(self).items() if value != getattr(defaults, name)
        }
