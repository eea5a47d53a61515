"""Classes: a map in the colours of its legend."""

import numpy as np
import pytest

pytestmark = pytest.mark.browser

QUESTION = "classes: building, road, vegetation"


@pytest.fixture
def mapped(user):
    user.open("town.tif")
    user.ask(QUESTION)
    return user


def of_colour(picture, colour):
    """Pixels of that very colour."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return (np.abs(picture.astype(int) - wanted).max(axis=-1) <= 2).sum()


def test_the_legend_has_areas_and_switches_classes(mapped, server):
    jobs = server.get("jobs")["jobs"]
    job = next(each for each in jobs if each["kind"] == "segment")
    result = server.get(f"jobs/{job['id']}")["result"]
    legend = {entry["class"]: entry for entry in result["legend"]}
    rows = mapped.texts(".legend li")
    assert [row.split("\n")[0].strip() for row in rows] == list(legend)
    assert all("m²" in row or " ha" in row for row in rows)
    page = mapped.page
    page.get_by_label("Masks: opacity").fill("1")
    mapped.settle()
    largest = max(legend.values(), key=lambda entry: entry["pixels"])
    full = of_colour(mapped.picture(), largest["colour"])
    assert full > 2000
    page.locator(".legend label", has_text=largest["class"]).click()
    mapped.settle()
    assert of_colour(mapped.picture(), largest["colour"]) < full / 10
    page.locator(".legend label", has_text=largest["class"]).click()
    mapped.settle()
    assert of_colour(mapped.picture(), largest["colour"]) > 0.9 * full


def test_the_place_under_the_mouse_is_named(mapped):
    box = mapped.map_box()
    names = set()
    for step in range(1, 8):
        x = box["x"] + box["width"] / 2 + (step - 4) * box["height"] / 10
        mapped.page.mouse.move(x, box["y"] + box["height"] / 2)
        mapped.page.wait_for_timeout(120)
        text = mapped.page.inner_text("#where")
        names |= {text.split(" · ")[0]} if "·" in text else set()
    assert names
    assert names <= {"building", "road", "vegetation"}
