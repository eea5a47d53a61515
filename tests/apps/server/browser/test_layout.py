"""Widths, colour schemes and accessibility."""

import pytest

pytestmark = pytest.mark.browser

SIZES = ((360, 740), (1280, 800), (3840, 2160))


def faults(user):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(user.page).response["violations"]
    return [
        (fault["id"], [node["target"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_leaves_the_window_and_axe_finds_nothing(visit, server, keep_picture, size, scheme):
    user = visit(server.url, *size, color_scheme=scheme)
    user.open("town.tif")
    user.type("the largest building north of the blorf")
    user.page.wait_for_selector(".chip.unknown")
    assert faults(user) == []
    keep_picture(user, f"question-{size[0]}-{scheme}")
    user.ask("the largest building")
    assert faults(user) == []
    keep_picture(user, f"sentence-{size[0]}-{scheme}")
    user.ask("classes: building, road, vegetation")
    user.page.locator("#history > summary").click()
    assert faults(user) == []
    keep_picture(user, f"classes-{size[0]}-{scheme}")
    outside = user.page.evaluate("""() => [...document.querySelectorAll(".panel *")]
      .filter((element) => !element.closest(".visually-hidden, pre, svg"))
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
      }).map((element) => element.outerHTML.slice(0, 80))""")
    assert outside == []
    assert user.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert user.complaints == []


def test_the_sheet_of_a_phone_grows(visit, server):
    user = visit(server.url, 360, 740)
    user.open("town.tif")
    height = user.map_box()["height"]
    handle = user.page.locator("#handle")
    handle.click()
    assert handle.get_attribute("aria-expanded") == "true"
    assert user.map_box()["height"] < 0.6 * height
    user.ask("the largest building")
    assert user.page.locator("#result-title").is_visible()


def test_keys_reach_everything_in_the_order_of_reading(user):
    user.open("town.tif")
    user.ask("the largest building")
    page = user.page
    page.locator("#question").focus()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    wanted = ["draw-box", "draw-polygon", "draw-view", "search"]
    assert reached[:4] == wanted
    assert "opacity-heat-map" in reached
    assert any("opacity" not in each and each == "A" for each in reached)


def test_the_page_asks_nobody_else(visit, server):
    user = visit(server.url)
    asked = []
    user.page.on("request", lambda request: asked.append(request.url))
    user.open("town.tif")
    user.ask("the largest building")
    assert asked
    assert [url for url in asked if not url.startswith(server.url)] == []
