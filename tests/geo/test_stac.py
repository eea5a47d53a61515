"""Which pictures STAC documents name, from files and from servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dgl_rsis.errors import InputError
from dgl_rsis.geo.mosaic import names_files, scene_files

TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"


def item(name: str, assets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "stac_version": "1.0.0", "id": name, "assets": assets, **more}


def asset(href: str, *roles: str, kind: str | None = TIFF) -> dict[str, Any]:
    return {"href": href, "roles": list(roles)} | ({} if kind is None else {"type": kind})


def collection(*items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(items), **more}


def saved(folder: Path, document: Any, name: str = "items.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_visual_goes_before_data_and_thumbnails_are_no_pictures(tmp_path: Path) -> None:
    assets = {
        "thumbnail": asset("t.png", "thumbnail", kind="image/png"),
        "red": asset("red.tif", "data", "reflectance"),
        "nir": asset("nir.tif", "data", "reflectance"),
        "metadata": asset("m.xml", "metadata", kind="application/xml"),
        "visual": asset("rgb.tif", "visual"),
        "visual-jp2": asset("rgb.jp2", "visual", kind="image/jp2"),
    }
    path = saved(tmp_path, collection(item("a", assets)))
    assert scene_files(path) == (str(tmp_path / "rgb.tif"),)
    assert scene_files(path, "nir") == (str(tmp_path / "nir.tif"),)
    del assets["visual"], assets["visual-jp2"], assets["nir"]
    assert scene_files(saved(tmp_path, item("a", assets))) == (str(tmp_path / "red.tif"),)
    assets["red"] = {"href": "red.tif", "roles": None}  # the only raster by its name
    assert scene_files(saved(tmp_path, item("a", assets))) == (str(tmp_path / "red.tif"),)


def test_items_in_their_order_and_where_their_paths_lead(tmp_path: Path) -> None:
    """Relative to the item's own address where it has one, else to the document."""
    own = {"links": [{"rel": "self", "href": "https://example.org/stac/b.json"}]}
    path = saved(
        tmp_path,
        collection(
            item("a", {"image": asset("tiles/a.tif", "data")}),
            item("b", {"image": asset("../b.tif", "data")}, **own),
            item("c", {"image": asset("s3://bucket/c.tif", "data")}),
            item("d", {"image": asset("/data/d.tif", "data")}),
        ),
        "items.geojson",
    )
    assert scene_files(path) == (
        str(tmp_path / "tiles/a.tif"),
        "https://example.org/b.tif",
        "s3://bucket/c.tif",
        "/data/d.tif",
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "items.json is not JSON"),
        ("[]", "no STAC ItemCollection or Item, but a list"),
        ({"type": "Catalog"}, "is no STAC ItemCollection or Item; pass one"),
        (collection(), "holds no items"),
        (collection({"type": "Feature", "geometry": None}), "has no assets, so it is no STAC item"),
        (collection("a"), "has no assets, so it is no STAC item"),
        (
            item("S2", {"red": asset("r.tif", "data"), "nir": asset("n.tif", "data")}),
            "STAC item S2 has several assets that may be meant: red, nir; choose one with --asset",
        ),
        (
            item("S2", {"info": asset("i.json", "metadata", kind="application/json")}),
            r"STAC item S2 has no raster among its assets \(info\)",
        ),
        (
            collection(links=[{"rel": "next", "href": "https://x.org/search", "method": "POST"}]),
            "further pages that only a search by POST gives",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        scene_files(saved(tmp_path, document))


def test_asset_that_is_not_there(tmp_path: Path) -> None:
    path = saved(tmp_path, item("S2", {"red": asset("r.tif"), "nir": asset("n.tif")}))
    with pytest.raises(InputError, match="STAC item S2 has no asset 'rgb'; it has red, nir"):
        scene_files(path, "rgb")
    for image in (tmp_path / "a.tif", [tmp_path / "a.tif"]):
        with pytest.raises(InputError, match="asset 'rgb' is that of STAC items"):
            scene_files(image, "rgb")
    with pytest.raises(InputError, match=r"gone\.json does not exist"):
        scene_files(tmp_path / "gone.json")


def test_what_names_files(tmp_path: Path) -> None:
    for name in ("l.txt", "i.json", "https://x.org/l.txt", "https://x.org/collections/c/items?q=1"):
        assert names_files(name), name
    assert names_files(tmp_path)
    for name in ("a.tif", "https://x.org/a.tif?list=l.txt", "/vsizip/a.zip/l.txt", "s3://b/i.json"):
        assert not names_files(name), name


class Handler(SimpleHTTPRequestHandler):
    """Tests are quiet."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of a server of the files in the folder of the test."""

    def handler(*parts: Any) -> Handler:
        return Handler(*parts, directory=str(tmp_path))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_pages_and_lists_on_a_server(tmp_path: Path, server: str) -> None:
    """Two pages of a search, and a list; paths are relative to where they stand."""
    left, right = (
        item(name, {"image": asset(f"{name}.tif", "data")}) for name in ("left", "right")
    )
    saved(tmp_path, collection(left, links=[{"rel": "next", "href": "2.json"}]), "search")
    again = {"rel": "next", "href": f"{server}/search"}  # a server that goes round
    saved(tmp_path, collection(right, links=[again]), "2.json")
    saved(tmp_path, "# both\nleft.tif\nright.tif\n", "list.txt")
    expected = (f"{server}/left.tif", f"{server}/right.tif")
    assert scene_files(f"{server}/search") == expected
    assert scene_files(f"{server}/list.txt") == expected


def test_server_that_does_not_answer() -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9/l\.txt cannot be read: .*refused"):
        scene_files("http://127.0.0.1:9/l.txt")
