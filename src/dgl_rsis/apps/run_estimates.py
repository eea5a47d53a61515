"""What `info` predicts of runs: memory, disk, tiles and time with rs-tiny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgl_rsis.scene.source import SceneOptions

# Peak memory and CPU time of the commands with rs-tiny, preset default, on scenes of 512, 1,024
# and 2,048 pixels a side: bytes and seconds at the start, then for every pixel.
_COSTS = {"segment": (430e6, 200.0, 4.5, 7.1e-6), "refer": (520e6, 230.0, 9.7, 8.0e-6)}
_PRESETS = ("fast", "default")


def estimates(pixels: int, reading_bytes: int) -> dict[str, dict[str, float]]:
    """Peak memory and CPU time of both tasks with rs-tiny and the preset default.

    Args:
        pixels: of the image.
        reading_bytes: memory that reading takes.
    """
    return {
        task: {
            "memory_bytes": start_bytes + reading_bytes + pixels * pixel_bytes,
            "cpu_seconds": start_seconds + pixels * pixel_seconds,
        }
        for task, (start_bytes, pixel_bytes, start_seconds, pixel_seconds) in _COSTS.items()
    }


def estimates_in_tiles(
    image: str, reading: SceneOptions, *, tile_size: int | None, workers: int
) -> dict[str, dict[str, dict[str, float]]]:
    """What both tasks take in tiles, by task and preset.

    Args:
        image: a raster, or a folder, list or STAC document that names some.
        reading: part and working resolution.
        tile_size: side of a tile in pixels; None for that of a run.
        workers: processes that compute.

    Raises:
        ImageError: a file cannot be read.
        InputError: an option makes no sense for it.
    """
    from dgl_rsis.config import make_settings
    from dgl_rsis.scene.estimates import TASKS, estimate_scene
    from dgl_rsis.scene.survey import outline_scene

    scene = outline_scene(image, reading)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for task in TASKS:
        found[task] = {}
        for preset in _PRESETS:
            estimate = estimate_scene(
                scene, make_settings(preset), task=task, tile_size=tile_size, workers=workers
            )
            found[task][preset] = {
                "tiles": estimate.tiles,
                "tile_size": estimate.grid.size,
                "memory_bytes": estimate.memory_bytes,
                "disk_bytes": estimate.disk_bytes,
                "cpu_seconds": estimate.cpu_seconds,
            }
    return found


def estimate_lines(
    whole: Mapping[str, Mapping[str, float]],
    in_tiles: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> list[list[str]]:
    """The same for people."""
    rows = []
    for task, estimate in whole.items():
        memory, seconds = estimate["memory_bytes"] / 1e9, _duration(estimate["cpu_seconds"])
        rows.append(
            [f"{task} as a whole", f"about {memory:.1f} GB and {seconds} of CPU time with rs-tiny"]
        )
    for task, presets in in_tiles.items():
        for preset, found in presets.items():
            needs = f"{found['tiles']} tiles, {found['memory_bytes'] / 1e9:.1f} GB"
            disk = f"{found['disk_bytes'] / 1e9:.1f} GB beside the {_BESIDE[task]}"
            seconds = _duration(found["cpu_seconds"])
            rows.append([f"{task} in tiles, {preset}", f"{needs}, {disk}, {seconds} of CPU time"])
    return rows


_BESIDE = {"segment": "output", "refer": "image"}


def _duration(seconds: float) -> str:
    if seconds >= 6000:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
