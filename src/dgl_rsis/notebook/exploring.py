"""Results on an interactive map, by lonboard: what it shows travels with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dgl_rsis.errors import MissingExtraError
from dgl_rsis.notebook.overlays import overlays_of

if TYPE_CHECKING:
    from lonboard import Map

HEIGHT = 500  # pixels of the map on the page


def explore(result: object) -> Map:
    """A result as overlays on a map; see ``Displayed.explore``.

    Raises:
        MissingExtraError: lonboard is not installed.
    """
    try:
        import lonboard
    except ImportError as error:
        raise MissingExtraError("explore()", "notebook") from error
    from lonboard.controls import FullscreenControl, NavigationControl

    overlays = overlays_of(result)
    if not overlays[0].on_earth:
        logging.getLogger(__name__).warning(
            "this has no place on a web map: it is shown as a flat picture, its first row on top"
        )
    layers = [
        lonboard.BitmapLayer(image=each.url, bounds=each.bounds, opacity=each.opacity)
        for each in overlays
    ]
    # without the scale bar: that of lonboard 0.17 says 100 m where 50 m are
    controls = (FullscreenControl(), NavigationControl())
    return lonboard.Map(layers, basemap=None, height=HEIGHT, controls=controls)
