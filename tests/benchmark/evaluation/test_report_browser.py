"""The page in Chromium: how wide it is, what is seen, and that it is drawn at all.

Chromium's own windows are at least 500 px wide, so the page stands in a frame of the width that is
asked for; media queries and the viewport follow the frame.
"""

import html
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from benchmark.evaluation.page import made
from PIL import Image

from dgl_rsis.benchmark.evaluation.answering import Plan
from dgl_rsis.benchmark.evaluation.ways import Way

pytestmark = pytest.mark.browser

HEIGHT = 1400
MEASURE = """
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement;
  const box = element => element.getBoundingClientRect();
  const outside = [...page.querySelectorAll("body *")].filter(element =>
    !element.closest(".scroll table") && box(element).right > root.clientWidth + 0.5);
  document.body.dataset.found = JSON.stringify({
    width: root.clientWidth,
    scrolled: root.scrollWidth,
    outside: outside.map(element => element.tagName),
    tables: [...page.querySelectorAll("table")].map(table => table.rows.length),
    boxes: [...page.querySelectorAll(".scroll")].map(
      each => [each.scrollWidth, each.clientWidth]),
    pictures: [...page.images].filter(image => image.naturalWidth > 0).length,
    images: page.images.length,
    paper: getComputedStyle(page.body).backgroundColor,
  });
};
"""


def browse(folder, page, width, *options, opened=False):
    """What was measured in a frame of that width, and the picture of it."""
    if opened:
        page = page.replace("<details>", "<details open>")
    frame = (
        f'<!doctype html><body style="margin: 0"><iframe id="frame" srcdoc="{html.escape(page)}"'
        f' style="border: 0; width: {width}px; height: {HEIGHT}px"></iframe>'
        f"<script>{MEASURE}</script>"
    )
    file, shot = folder / "frame.html", folder / "shot.png"
    file.write_text(frame, encoding="utf-8")
    browser = shutil.which("chromium")
    assert browser, "no chromium is installed; make test-browser installs it from Debian"
    command = [
        *(browser, "--headless", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"),
        *(f"--window-size={max(width, 500)},{HEIGHT}", f"--user-data-dir={folder / 'profile'}"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *options,
    ]  # fmt: skip
    address = file.as_uri()
    dumped = subprocess.run(
        [*command, "--dump-dom", address], check=True, capture_output=True, text=True, timeout=240
    ).stdout
    subprocess.run(
        [*command, f"--screenshot={shot}", address], check=True, capture_output=True, timeout=240
    )
    found = re.search(r'data-found="([^"]*)"', dumped)
    assert found, "the page was not loaded"
    picture = np.asarray(Image.open(shot).convert("RGB"))[:, :width]
    return json.loads(html.unescape(found[1])), picture


@pytest.fixture(params=["own-maps", "own-sentences"])
def page(request, own_set, tiny_rs_folder):
    long = ("paint.painter=leaf", "local.context_crop=false", "text.decouple=false")
    ways = tuple(Way(f"dir:{tiny_rs_folder}", "fast", options) for options in ((), long))
    return made(Plan(request.param, str(own_set), None, ways)).html


@pytest.mark.parametrize("width", [360, 1600])
def test_nothing_stands_out_of_the_window(page, tmp_path, width):
    found, picture = browse(tmp_path, page, width, opened=True)
    assert found["width"] == width
    assert found["scrolled"] == width
    assert found["outside"] == []
    assert found["tables"] == [3, 3]  # a head and two ways
    assert all(shown <= width for _, shown in found["boxes"])
    if width == 360:
        assert found["boxes"][0][0] > found["boxes"][0][1]  # it scrolls in its own box
    assert found["pictures"] == found["images"] > 8
    # text and pictures all the way down, on plain paper
    assert picture.shape == (HEIGHT, width, 3)
    paper = picture[0, 0]
    assert np.abs(paper.astype(int) - 250).max() <= 3
    inked = (np.abs(picture.astype(int) - paper).max(axis=-1) > 40).any(axis=1)
    assert all(part.any() for part in np.array_split(inked, 10))


def test_the_paper_is_dark_where_that_is_preferred(page, tmp_path):
    found, picture = browse(tmp_path, page, 700, "--blink-settings=preferredColorScheme=0")
    assert found["paper"] == "rgb(22, 24, 27)"
    assert picture.mean() < 110
    assert picture[:200].max() > 200  # the title is light
