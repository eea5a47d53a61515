"""Boxes and polygons drawn by mouse, finger and keyboard."""

import pytest
from shapely.geometry import box as rectangle
from shapely.geometry import shape

pytestmark = pytest.mark.browser


def newest(server):
    job = max(server.get("jobs")["jobs"], key=lambda job: job["created"])
    return server.get(f"jobs/{job['id']}")


def middle(user, across, down):
    box = user.map_box()
    half = min(box["width"], box["height"]) / 2
    return (
        box["x"] + box["width"] / 2 + across * half,
        box["y"] + box["height"] / 2 + down * half,
    )


def test_a_dragged_box_restricts_the_search(user, server):
    user.open("town.tif")
    page = user.page
    page.locator("#draw-box").click()
    start, end = middle(user, -0.6, -0.6), middle(user, 0.1, 0.1)
    north, west = user.read_place(*start)
    page.mouse.down()
    page.mouse.move(*middle(user, -0.2, -0.2), steps=4)
    south, east = user.read_place(*end)
    page.mouse.up()
    page.locator("#drawn-text", has_text="1 shape drawn").wait_for()
    user.ask("the largest building")
    job = newest(server)
    area = shape(job["request"]["area"])
    drawn = rectangle(west, south, east, north)
    assert area.intersection(drawn).area / area.union(drawn).area > 0.97
    for match in job["result"]["matches"]:
        assert area.buffer(1e-5).contains(rectangle(*match["bounds"]))


def test_polygons_become_candidates(user, server):
    user.open("town.tif")
    page = user.page
    for step in range(3):
        page.locator("#draw-polygon").click()
        across = -0.6 + 0.45 * step
        for at in ((0, 0), (0.3, 0), (0.3, 0.3), (0, 0)):
            page.mouse.click(*middle(user, across + at[0], at[1]))
        page.locator("#drawn-text", has_text=f"{min(step + 1, 3)} shape").wait_for()
        if step == 0:
            page.get_by_label("Choose among them").check()
    with page.expect_request(server.url + "refer") as sent:
        user.ask("the leftmost building")
    request = sent.value.post_data_json
    assert request["area"] is None
    assert len(request["candidates"]["features"]) == 3
    assert 1 <= page.locator(".candidate").count() <= 3


def test_a_box_is_drawn_by_keyboard_alone(user):
    user.open("town.tif")
    page = user.page
    page.locator("#draw-box").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(700)
    page.keyboard.press("Space")
    page.locator("#drawn-text", has_text="1 shape drawn").wait_for()
    page.get_by_role("button", name="Remove").press("Enter")
    assert page.is_hidden("#drawn")
    assert page.evaluate("document.activeElement.id") == "draw-box"


def test_escape_leaves_a_drawing_and_the_view_becomes_a_box(user):
    user.open("town.tif")
    page = user.page
    page.locator("#draw-polygon").click()
    page.mouse.click(*middle(user, 0, 0))
    page.keyboard.press("Escape")
    assert page.get_attribute("#draw-polygon", "aria-pressed") == "false"
    page.locator("#draw-view").click()
    page.locator("#drawn-text", has_text="1 shape drawn").wait_for()
