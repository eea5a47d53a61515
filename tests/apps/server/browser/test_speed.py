"""How long a user waits, with a warm model on a scene of 1,000 px."""

import time

import pytest

pytestmark = pytest.mark.browser

WATCH = """
globalThis.longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
}).observe({type: "longtask"});
"""
DRAWN = """(sentence) => document.querySelector("#summary .asked")?.textContent.includes(sentence)
  && document.querySelector(".candidate") !== null
  && document.querySelector("#map[aria-busy=false]") !== null"""
POLYGONS = (72, 70)


def seconds_until_drawn(user, sentence):
    """From Enter until the answer stands in the panel and the map is drawn with it, by frames."""
    user.page.fill("#question", sentence)
    start = time.perf_counter()
    user.page.press("#question", "Enter")
    user.page.wait_for_function(DRAWN, arg=sentence, polling="raf")
    return time.perf_counter() - start


def test_answers_come_soon(visit, server, record_property):
    warm = visit(server.url)
    warm.open("city.tif")
    warm.ask("the largest building")
    warm.page.close()
    user = visit(server.url)
    start = time.perf_counter()
    user.page.goto(server.url)
    user.page.wait_for_selector("#scenes option", state="attached")
    user.page.select_option("#scenes", label="city.tif")
    seconds_until_drawn(user, "the smallest building")
    first = time.perf_counter() - start
    second = seconds_until_drawn(user, "the northernmost building")
    other = seconds_until_drawn(user, "the largest swimming pool")
    record_property("seconds", (first, second, other))
    assert first < 8
    assert second < 1
    assert other < 1.2  # another noun asks the model anew: 0.9 s where nothing else runs


def test_five_thousand_polygons_never_block_the_page(visit, server, record_property):
    scene = next(each for each in server.get("scenes")["scenes"] if each["name"] == "city.tif")
    west, south, east, north = scene["bounds"]
    across, down = POLYGONS
    wide, high = (east - west) / across, (north - south) / down
    boxes = [
        (west + (x + 0.1) * wide, south + (y + 0.1) * high)
        for y in range(down)
        for x in range(across)
    ]
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [
                        [x, y],
                        [x + 0.8 * wide, y],
                        [x + 0.8 * wide, y + 0.8 * high],
                        [x, y + 0.8 * high],
                        [x, y],
                    ]
                ],
            },
        }
        for x, y in boxes
    ]
    request = {
        "scene": scene["id"],
        "classes": ["building", "road", "vegetation"],
        "polygons": {"type": "FeatureCollection", "features": features},
        "settings": {},
    }
    job = server.wait_for(server.post("label", request))
    assert job["state"] == "done", job["error"]
    drawn = server.get(f"jobs/{job['id']}/shapes.geojson")["features"]
    assert len(drawn) >= 5000
    user = visit(server.url)
    user.open("city.tif")
    user.page.evaluate(WATCH)
    user.page.locator("#history > summary").click()
    user.page.locator(".past", has_text="building, road, vegetation").first.click()
    user.page.locator("#summary .asked").wait_for()
    user.settle()
    box = user.map_box()
    for step in range(20):
        user.page.mouse.move(box["x"] + 300 + 20 * step, box["y"] + 150 + 20 * step)
        user.page.wait_for_timeout(30)
    for _ in range(4):
        user.page.mouse.wheel(0, -300)
        user.page.wait_for_timeout(300)
    user.page.mouse.down()
    user.page.mouse.move(box["x"] + 300, box["y"] + 300, steps=10)
    user.page.mouse.up()
    user.settle()
    longest = user.page.evaluate("longest")
    record_property("longest task in ms", longest)
    assert longest < 200
