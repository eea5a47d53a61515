"""Options that several commands share, and the values behind them.

One name, one meaning: what ``--bbox`` says in one command it says in all (docs/design.md 2).
Values are checked here, before anything is read or computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dgl_rsis.errors import InputError, OutputError

if TYPE_CHECKING:
    from dgl_rsis.scene.source import SceneOptions
    from dgl_rsis.text.knowledge import Knowledge
    from dgl_rsis.types import Raster

ImageArgument = Annotated[str, typer.Argument(help="Any raster that GDAL reads.", metavar="IMAGE")]
Bbox = Annotated[
    str | None,
    typer.Option(
        help="Read this part only, in the CRS of the image; in pixels if it has none.",
        metavar="MINX,MINY,MAXX,MAXY",
    ),
]
Aoi = Annotated[
    str | None,
    typer.Option(help="Vector file: pixels outside its polygons are no data.", metavar="FILE"),
]
Bands = Annotated[
    str | None,
    typer.Option(
        help="Band numbers of red, green and blue (or one band), e.g. 4,3,2.", metavar="R,G,B"
    ),
]
Stretch = Annotated[
    str,
    typer.Option(
        help="How values become 0..255: auto, pLOW-HIGH (percentiles of the scene), minmax, "
        "none, or LOW,HIGH.",
        metavar="RULE",
    ),
]
NoData = Annotated[
    str | None,
    typer.Option(help="Value of no data; 'none' ignores the one in the file.", metavar="VALUE"),
]
KeepCollar = Annotated[
    bool,
    typer.Option("--keep-collar", help="Take black margins as part of the image, not as no data."),
]
ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="rs-tiny (embedded), hf:ORG/NAME, openclip:FILE or dir:FOLDER; see "
        "`dgl-rsis models list`.",
        metavar="NAME",
    ),
]
ProposerName = Annotated[
    str | None,
    typer.Option(
        help="tree, flat, maskcut, hierarchy, sam, sam2, samhq or sam3; several as tree+sam2. "
        "--set proposals.checkpoint=dir:FOLDER names a network's folder.",
        metavar="NAME",
    ),
]
Preset = Annotated[
    str,
    typer.Option(help="default, fast or paper.", metavar="NAME"),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Set an option of a stage, e.g. paint.painter=cut; repeatable.",
        metavar="STAGE.OPTION=VALUE",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        help="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else Metal, else the CPU.",
        metavar="NAME",
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help="auto, float32, bfloat16 or float16; auto is float32, the same answers everywhere.",
        metavar="NAME",
    ),
]
Classes = Annotated[
    list[str] | None,
    typer.Option("--classes", "-c", help="A class in any words; repeatable.", metavar="NAME"),
]
ClassesFile = Annotated[
    str | None,
    typer.Option(help=".txt with a class a line, or .yaml with a list.", metavar="FILE"),
]
Other = Annotated[
    str | None,
    typer.Option(help="Name of a class for everything else; without: no class.", metavar="NAME"),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", "-f", help="Replace outputs."),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for machines."),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print errors only."),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say what is done, on stderr."),
]


@dataclass(frozen=True)
class Reading:
    """How an image is read; the fields are the options of the command line as they were given."""

    bands: str | None
    stretch: str
    nodata: str | None
    keep_collar: bool
    bbox: str | None
    aoi: str | None

    def read(self, path: str) -> Raster:
        """Read an image.

        Raises:
            InputError: an option or the image cannot be used.
        """
        from dgl_rsis.geo.raster import read_raster

        return read_raster(path, **self.arguments(), bbox=self._bounds(), aoi=self.aoi)

    def arguments(self) -> dict[str, Any]:
        """How values become a picture, as arguments of the functions that read images.

        Raises:
            InputError: an option cannot be used.
        """
        bands = None if self.bands is None else parse_numbers(self.bands, "--bands", "3,2,1", int)
        return {
            "bands": None if bands is None else tuple(bands),
            "stretch": self.stretch,
            "nodata": self.nodata,
            "collar": not self.keep_collar,
        }

    def scene(self, gsd: float | None, asset: str | None = None) -> SceneOptions:
        """The same for a scene that is read in tiles.

        Raises:
            InputError: an option cannot be used.
        """
        from dgl_rsis.scene.source import SceneOptions

        bounds = self._bounds()
        return SceneOptions(
            **self.arguments(),
            bbox=None if bounds is None else tuple(bounds),
            aoi=self.aoi,
            gsd=gsd,
            asset=asset,
        )

    def _bounds(self) -> list[float] | None:
        box = self.bbox
        bounds = None if box is None else parse_numbers(box, "--bbox", "0,0,512,512", float)
        if bounds is not None and len(bounds) != 4:
            raise InputError(f"--bbox {box} has {len(bounds)} numbers; write minx,miny,maxx,maxy")
        return bounds

    def given(self) -> dict[str, Any]:
        """The options that differ from the defaults, for the manifest."""
        defaults = Reading(None, "auto", None, False, None, None)
        return {
            name: value for name, value in vars(self).items() if value != getattr(defaults, name)
        }


@dataclass(frozen=True)
class ModelChoice:
    """Which model, on what and with which settings.

    Attributes:
        name: of the model.
        preset: of the settings.
        overrides: ``{stage: {option: value}}`` over the preset.
        device: where it computes.
        precision: of the backbone.
    """

    name: str
    preset: str
    overrides: dict[str, dict[str, Any]]
    device: str
    precision: str

    @classmethod
    def from_options(
        cls,
        name: str,
        proposer: str | None,
        preset: str,
        pairs: Sequence[str] | None,
        device: str | None,
        precision: str | None,
        **more: dict[str, Any],
    ) -> ModelChoice:
        """Check the options of the command line.

        Args:
            name: of the model.
            proposer: over the choice of preset and ``pairs``.
            preset: of the settings.
            pairs: ``stage.option=value`` each.
            device: where it computes, over ``pairs``.
            precision: of the backbone, over ``pairs``.
            more: further options by stage, over the preset and under ``pairs``.

        Raises:
            InputError: a preset, proposer, stage, option or value cannot be used.
        """
        from dgl_rsis.config import make_settings, parse_overrides

        overrides = parse_overrides(pairs or ())
        for stage, options in more.items():
            overrides[stage] = {**options, **overrides.get(stage, {})}
        if proposer is not None:
            overrides["proposals"] = {**overrides.get("proposals", {}), "proposer": proposer}
        where = {"device": device, "precision": precision}
        given = {option: value for option, value in where.items() if value is not None}
        if given:
            overrides["backbone"] = {**overrides.get("backbone", {}), **given}
        # says what is wrong before anything is loaded
        backbone = make_settings(preset, overrides).backbone
        return cls(name, preset, overrides, backbone.device, backbone.precision)

    @property
    def words(self) -> Knowledge:
        """The words that are known with these settings."""
        from dgl_rsis.config import make_settings

        return make_settings(self.preset, self.overrides).knowledge.words

    def given(self) -> dict[str, Any]:
        """The choice, for the manifest."""
        return {"model": self.name, "preset": self.preset, "set": self.overrides}


def parse_numbers(text: str, option: str, example: str, kind: type[int] | type[float]) -> list[Any]:
    """Numbers separated by commas.

    Raises:
        InputError: something else is between the commas.
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise InputError(
            f"{option} {text!r} is not a list of numbers; write e.g. {option} {example}"
        ) from None


def rest_of(other: str | None, no_other: bool) -> str | bool | None:
    """What ``Model.segment`` calls ``other``, from the two options.

    Raises:
        InputError: both were given.
    """
    if other is not None and no_other:
        raise InputError("--other and --no-other exclude each other; keep one of them")
    return False if no_other else other


def check_outputs(
    image: str, outputs: Sequence[tuple[str | None, Sequence[str]]], *, overwrite: bool
) -> list[Path | None]:
    """Refuse outputs that could not be written, before any computation.

    Args:
        image: the input, which no output may replace.
        outputs: path (None if it is not wanted) and allowed suffixes of each.
        overwrite: whether files may be replaced.

    Returns:
        The paths in the same order.

    Raises:
        OutputError: an output or the manifest beside the first cannot be written, is the input,
            or is named twice.
    """
    from dgl_rsis.geo.output_file import check_output
    from dgl_rsis.manifest import manifest_path

    paths: list[Path | None] = []
    taken = {Path(image).resolve(): "the input"}
    for name, suffixes in outputs:
        if name is None:
            paths.append(None)
            continue
        path = check_output(name, overwrite=overwrite, suffixes=suffixes)
        if path.resolve() in taken:
            raise OutputError(f"{path} is {taken[path.resolve()]} too; choose another name")
        taken[path.resolve()] = "another output"
        paths.append(path)
    main = next((path for path in paths if path is not None), None)
    if main is not None:
        check_output(manifest_path(main), overwrite=overwrite, suffixes=(".json",))
    return paths
