"""Take the pictures of docs/page.md in Chromium: python -m docs.tools.screenshots.

Serves a rendered scene and uses the page as people do. A picture of a wrong answer is refused: what the
page chose is compared with the truth of the renderer. Needs the extras serve and browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import geopandas
import shapely
from PIL import Image

from dgl_rsis.render import RenderedScene, render_scene, write_scene

FOLDER = Path(__file__).resolve().parents[1] / "images"
SEED, SIDE = 3, 500
SENTENCE = "the ship above the car park"
CLASSES = "classes: building, road, vegetation"
LEAST_IOU = 0.5
WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # without a GPU
PATIENCE = 120_000  # ms


def main() -> None:
    """Take both pictures."""
    scene = render_scene(SEED, size=SIDE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = write_scene(scene, folder)
        words = [sys.executable, "-m", "dgl_rsis", "serve", str(written["scene"]), "--port", "0"]
        words += ["--storage", str(folder / "state")]
        server = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+", line) for line in server.stderr)))
            _take(
                found.group(), scene, geopandas.read_file(written["instances"], layer="instances")
            )
        finally:
            server.terminate()
            server.wait(60)


def _take(base: str, scene: RenderedScene, truth: geopandas.GeoDataFrame) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = [*WEBGL, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(base)
        page.wait_for_selector("#scenes option", state="attached")
        _ask(page, SENTENCE)
        _check(base, scene, truth)
        _save(page, "page-sentence")
        _ask(page, CLASSES)
        _save(page, "page-classes")
        browser.close()


def _ask(page: Any, text: str) -> None:
    page.fill("#question", text)
    page.wait_for_timeout(1000)  # until the chips are those of the text
    page.press("#question", "Enter")
    page.locator("#summary .asked", has_text=text).wait_for()
    page.wait_for_timeout(1000)
    page.wait_for_selector("#map[aria-busy=false]")


def _check(base: str, scene: RenderedScene, truth: geopandas.GeoDataFrame) -> None:
    """Refuse a wrong answer."""
    asked = next(each for each in scene.sentences if each.text == SENTENCE)
    with urlopen(f"{base}jobs") as answer:
        job = json.load(answer)["jobs"][0]
    with urlopen(f"{base}jobs/{job['id']}/shapes.geojson") as answer:
        shapes = geopandas.GeoDataFrame.from_features(json.load(answer), crs="EPSG:4326")
    ours = shapes.to_crs(truth.crs).union_all()
    theirs = shapely.union_all(truth.loc[truth["id"].isin(asked.instance_ids), "geometry"])
    iou = ours.intersection(theirs).area / ours.union(theirs).area
    if iou < LEAST_IOU:
        raise SystemExit(f"IoU {iou:.2f}: the answer is wrong; show another sentence, and say so")


def _save(page: Any, name: str) -> None:
    taken = FOLDER / f"{name}.png"
    page.screenshot(path=taken)
    with Image.open(taken) as picture:
        small = picture.convert("RGB").quantize(
            128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    small.save(taken, optimize=True)


if __name__ == "__main__":
    main()
