"""One server and one browser for all tests of the page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from apps.server.browser.serving import Visitor, chromium, serving
from PIL import Image

from dgl_rsis.render.files import write_scene
from dgl_rsis.render.scene import render_scene


@pytest.fixture(scope="session")
def scene_folder(tmp_path_factory):
    """Rendered GeoTIFFs of 500 and 1,000 px and a picture without georeference."""
    drawn, folder = (tmp_path_factory.mktemp(name) for name in ("drawn", "scenes"))
    for name, size in (("town", 500), ("city", 1000)):
        files = write_scene(render_scene(3, size=size), drawn)
        files["scene"].rename(folder / f"{name}.tif")
    Image.fromarray(render_scene(5, size=(240, 320)).image).save(folder / "plain.png")
    return folder


@pytest.fixture(scope="session")
def server(scene_folder, tmp_path_factory):
    with serving(scene_folder, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    """Opens a window: `visit(url, width, height, **options of a context)`."""
    contexts = []

    def open_window(url, width=1280, height=800, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        contexts.append(context)
        return Visitor(context.new_page(), url)

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def user(visit, server):
    """A user whose page must not complain."""
    visitor = visit(server.url)
    yield visitor
    assert visitor.complaints == []


@pytest.fixture
def keep_picture(tmp_path):
    """Saves a screenshot to look at: below DGL_RSIS_SCREENSHOTS where it is set."""
    folder = Path(os.environ.get("DGL_RSIS_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def save(visitor, name):
        visitor.page.screenshot(path=folder / f"{name}.png")

    return save
