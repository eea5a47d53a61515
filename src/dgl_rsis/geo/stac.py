"""STAC items as the files of a scene: which asset of each item holds the picture.

A document is an ItemCollection (the answer of a STAC API, or a file), whose further pages are
followed, or one Item (https://stacspec.org, version 1.0; roles of assets are its best practice).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

from dgl_rsis.errors import InputError
from dgl_rsis.geo.dataset import SUFFIXES, opened_by_gdal

ROLES = ("visual", "data")
"""Roles of assets that hold a picture, the better one first."""
_NO_PICTURES = {"thumbnail", "overview", "metadata"}


def stac_files(name: str, read: Callable[[str], str], asset: str | None = None) -> tuple[str, ...]:
    """The pictures of the items of a document, in its order.

    Args:
        name: path or URL of the document.
        read: text of a path or URL.
        asset: key of the asset to take of each item; None goes by roles: the one that is
            ``visual``, else ``data``, else the only raster there is.

    Raises:
        InputError: the document is not STAC, holds no items, or an item has no such asset or
            several that may be meant.
    """
    files: list[str] = []
    seen: set[str] = set()
    page: str | None = name
    while page is not None and page not in seen:
        seen.add(page)
        document = _parsed(read(page), page)
        kind = document.get("type")
        if kind == "Feature":
            return (_picture(document, page, asset),)
        items = document.get("features")
        if kind != "FeatureCollection" or not isinstance(items, list):
            raise InputError(
                f"{page} is no STAC ItemCollection or Item; pass one, a raster, or a list of them"
            )
        for item in items:
            base = next((each["href"] for each in _links(item, "self")), None)
            place = base if base is not None and opened_by_gdal(base) else page
            files.append(_picture(item, place, asset))
        page = next((_next_page(each, page) for each in _links(document, "next")), None)
    if not files:
        raise InputError(f"{name} holds no items; search wider")
    return tuple(files)


def _parsed(text: str, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InputError(
            f"{name} is no STAC ItemCollection or Item, but a {type(document).__name__}"
        )
    return document


def _picture(item: Any, base: str, asset: str | None) -> str:
    """Where the picture of an item lies.

    Args:
        item: as parsed.
        base: what its relative paths are relative to.
        asset: see :func:`stac_files`.
    """
    assets = item.get("assets") if isinstance(item, dict) else None
    if not isinstance(assets, dict) or not assets:
        raise InputError(f"a feature of {base} has no assets, so it is no STAC item")
    label = f"STAC item {item.get('id', 'without id')}"
    known = {key: each for key, each in assets.items() if isinstance(each, dict) and "href" in each}
    if asset is not None:
        if asset not in known:
            raise InputError(f"{label} has no asset {asset!r}; it has {', '.join(known)}")
        return resolved(known[asset]["href"], base)
    pictures = {key: each for key, each in known.items() if _is_picture(each)}
    for role in (*ROLES, None):
        found = [key for key, each in pictures.items() if role in (None, *_roles(each))]
        if len(found) > 1 and role in found:
            found = [str(role)]  # formats of one picture: the first bears the name of the role
        if len(found) == 1:
            return resolved(pictures[found[0]]["href"], base)
        if found:
            raise InputError(
                f"{label} has several assets that may be meant: {', '.join(found)}; choose one "
                "with --asset"
            )
    raise InputError(f"{label} has no raster among its assets ({', '.join(known)}); try --asset")


def _roles(asset: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(asset.get("roles") or ())


def _is_picture(asset: Mapping[str, Any]) -> bool:
    """Whether an asset is a raster of the scene itself."""
    if _NO_PICTURES.intersection(_roles(asset)):
        return False
    kind = asset.get("type")
    if isinstance(kind, str):
        return kind.startswith("image/")
    return PurePosixPath(urlsplit(str(asset["href"])).path).suffix.lower() in SUFFIXES


def _links(document: Any, relation: str) -> Iterator[Mapping[str, Any]]:
    links = document.get("links", ()) if isinstance(document, dict) else ()
    return (each for each in links if each.get("rel") == relation and "href" in each)


def _next_page(link: Mapping[str, Any], page: str) -> str:
    if link.get("method", "GET").upper() != "GET":
        raise InputError(
            f"{page} has further pages that only a search by {link['method']} gives; save all "
            "items in one file and pass that"
        )
    return resolved(link["href"], page)


def resolved(name: str, base: str) -> str:
    """A path or URL, relative to that of a document."""
    if opened_by_gdal(name):
        return name
    return urljoin(base, name) if opened_by_gdal(base) else str(Path(base).parent / name)
