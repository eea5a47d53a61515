"""What results can do in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lonboard import Map


class Displayed:
    """A result that shows itself where a cell of a notebook ends with it."""

    def _repr_html_(self) -> str:
        """The result as a piece of a page: picture, figures and what was decided."""
        from dgl_rsis.notebook.page import page

        return page(self)

    def _repr_png_(self) -> bytes | None:
        """The result as a picture; None where it holds no pixels."""
        from dgl_rsis.notebook.picture import png

        return png(self)

    def explore(self) -> Map:
        """Show the result on a map that one can move and zoom.

        All pictures travel to the browser with the map, at most 2,048 pixels a side, so that it
        needs no tile server and works in a notebook that runs elsewhere. (The browser itself
        fetches a part of lonboard from cdn.jsdelivr.net; where it cannot, the map stays empty.)
        The layers, from below: the image where the result holds it, then what was found. Each can
        be hidden or made transparent: ``view.layers[1].opacity = 0.3``; the heat map of an answer
        is there with opacity 0. There is no basemap; ``view.basemap`` takes one.

        What has no place on a web map (no georeference, or beyond 85 degrees of latitude) is shown
        as a flat picture beside the equator, and a line in the log says so.

        Raises:
            MissingExtraError: lonboard is not installed.
        """
        from dgl_rsis.notebook.exploring import explore

        return explore(self)
