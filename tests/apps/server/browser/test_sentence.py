"""A sentence, from the first key to the file that another program reads."""

import geopandas
import numpy as np
import pyogrio
import pytest
from scipy.ndimage import binary_dilation, binary_erosion
from shapely import contains_xy
from shapely.geometry import shape

pytestmark = pytest.mark.browser

SENTENCE = "the largest building"


@pytest.fixture
def asked(user):
    user.open("town.tif")
    before = user.picture()
    user.ask(SENTENCE)
    return user, before


def job_of(server, text):
    asked = [job for job in server.get("jobs")["jobs"] if job["request"].get("text") == text]
    return server.get(f"jobs/{max(asked, key=lambda job: job['created'])['id']}")


def test_chips_appear_while_typing_and_mark_unknown_words(user):
    user.open("town.tif")
    user.type("the red building north of the road")
    user.page.wait_for_selector(".chip.target")
    user.page.locator(".chip", has_text="north of").wait_for()
    chips = user.texts(".chip")
    assert any(chip.endswith("building") for chip in chips)
    assert any("red" in chip and "colour" in chip for chip in chips)
    user.type("the blorfish near the road")
    user.page.wait_for_selector(".chip.unknown")
    assert "blorfish" in " ".join(user.texts(".chip.unknown"))


def test_progress_is_seen_before_the_answer(user):
    user.open("town.tif")
    user.type("the smallest building")
    seen = user.page.evaluate("""() => new Promise((resolve) => {
      const seen = [], look = () => {
        for (const id of ["job", "result"]) {
          if (!document.getElementById(id).hidden && seen.at(-1) !== id) seen.push(id);
        }
        if (seen.at(-1) === "result") resolve(seen);
      };
      new MutationObserver(look).observe(document.body, {attributes: true, subtree: true});
      document.getElementById("ask").requestSubmit();
    })""")
    assert seen == ["job", "result"]
    assert user.page.get_by_role("heading", name="Progress").count() == 0


def test_the_answer_before_stays_until_the_next_one_comes(asked):
    user, _ = asked
    held = []
    user.page.route("**/candidates.geojson", lambda route: held.append(route))
    user.type("the smallest building")
    user.page.press("#question", "Enter")
    while not held:
        user.page.wait_for_timeout(50)
    assert user.texts("#summary .asked") == [SENTENCE]
    assert user.page.is_visible(".candidate >> nth=0")
    held[0].continue_()
    user.answered("the smallest building")


def test_the_mask_lies_where_the_geojson_says(asked, server):
    user, before = asked
    after = user.picture()
    place = user.places()
    job = job_of(server, SENTENCE)
    chosen = shape(
        next(
            feature["geometry"]
            for feature in server.get(f"jobs/{job['id']}/candidates.geojson")["features"]
            if feature["id"] == job["result"]["matches"][0]["id"]
        )
    )
    saved = geopandas.GeoDataFrame.from_features(
        server.get(f"jobs/{job['id']}/result.geojson")["features"]
    )
    assert saved[saved["chosen"]].union_all().symmetric_difference(chosen).area < 1e-3 * chosen.area
    box = user.map_box()
    rows, columns = np.mgrid[
        int(box["y"]) + 50 : int(box["y"] + box["height"]) - 50,
        int(box["x"]) + 10 : int(box["x"] + box["width"]) - 60,
    ]
    inside = contains_xy(chosen, *place(columns + 0.5, rows + 0.5))
    # A mask of yellow lifts red and green over blue; the outlines of other candidates are grey.
    shift = after[rows, columns].astype(int) - before[rows, columns].astype(int)
    yellow = (shift[..., 0] + shift[..., 1]) / 2 - shift[..., 2] > 25
    # The line around the mask is 5 px wide, half of it dark.
    core, reach = binary_erosion(inside, iterations=3), binary_dilation(inside, iterations=4)
    assert core.sum() > 400
    assert yellow[core].mean() > 0.95
    assert (yellow & ~reach).sum() < 0.02 * core.sum()
    for found, wanted in zip(np.nonzero(yellow & reach), np.nonzero(inside), strict=True):
        assert abs(found.mean() - wanted.mean()) < 1


def test_the_second_candidate_is_chosen_by_mouse_keyboard_and_map(asked, server):
    user, _ = asked
    page = user.page
    rows = page.locator(".candidate")
    assert (
        page.locator(".candidate input:checked").input_value()
        == rows.first.locator("input").input_value()
    )
    rows.nth(1).click()
    page.get_by_role("heading", name="Download candidate 2").wait_for()
    assert page.locator(".candidate:has(input:checked) .term").count() >= 2
    page.keyboard.press("ArrowDown")
    page.get_by_role("heading", name="Download candidate 3").wait_for()
    page.keyboard.press("ArrowUp")
    page.get_by_role("heading", name="Download candidate 2").wait_for()


def test_pointing_at_a_candidate_lights_it_on_the_map(asked):
    user, _ = asked
    user.page.mouse.move(5, 5)
    user.page.wait_for_timeout(300)
    before = user.picture()
    user.page.locator(".candidate").nth(1).hover()
    user.page.wait_for_timeout(500)
    box = user.map_box()
    area = slice(int(box["x"]) + 1, None)
    assert (user.picture()[:, area] != before[:, area]).any(axis=-1).sum() > 30


def test_the_geopackage_is_read_by_others(asked, tmp_path):
    user, _ = asked
    page = user.page
    with page.expect_download() as first:
        page.get_by_role("link", name="GeoPackage").click()
    path = tmp_path / "answer.gpkg"
    first.value.save_as(path)
    answer = geopandas.read_file(path, layer="result")
    assert answer["chosen"].sum() == 1
    page.locator(".candidate").nth(1).click()
    page.get_by_role("heading", name="Download candidate 2").wait_for()
    with page.expect_download() as second:
        page.get_by_role("link", name="GeoPackage").click()
    other = tmp_path / "other.gpkg"
    second.value.save_as(other)
    table = geopandas.read_file(other, layer=pyogrio.list_layers(other)[0, 0])
    assert table.crs == answer.crs
    assert len(table) >= 1
    chosen = table[table["chosen"].astype(bool)].union_all()
    assert not chosen.equals(answer[answer["chosen"].astype(bool)].union_all())


def test_all_downloads_are_there_for_the_answer_and_for_another_candidate(asked):
    user, _ = asked
    page = user.page
    assert downloads(page) == {"GeoPackage": 200, "GeoJSON": 200, "GeoTIFF": 200}
    page.locator(".candidate").nth(1).click()
    page.get_by_role("heading", name="Download candidate 2").wait_for()
    assert downloads(page) == {"GeoPackage": 200, "GeoJSON": 200}  # the heat map is of no candidate
    page.locator(".candidate").first.click()
    page.get_by_role("heading", name="Download", exact=True).wait_for()
    assert "GeoTIFF" in downloads(page)


def downloads(page):
    """What each link answers."""
    links = page.locator("#downloads a").all()
    return {
        link.inner_text(): page.request.get(link.evaluate("link => link.href")).status
        for link in links
    }


def test_the_heat_map_follows_its_opacity(asked):
    user, _ = asked
    page = user.page
    page.mouse.move(5, 5)
    before = user.picture()
    page.get_by_label("Heat map: opacity").fill("1")
    user.settle()
    box = user.map_box()
    middle = np.s_[200:600, int(box["x"]) + 200 : int(box["x"]) + 700]
    assert (user.picture()[middle] != before[middle]).any(axis=-1).mean() > 0.05


def test_commands_are_copied(asked, server):
    user, _ = asked
    page = user.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Repeat it elsewhere").click()
    page.get_by_role("button", name="Copy as Python").click()
    page.get_by_text("Copied").first.wait_for()
    commands = job_of(server, SENTENCE)["commands"]
    assert page.evaluate("navigator.clipboard.readText()") == commands["python"]
    page.get_by_role("button", name="Copy as Command line").click()
    page.wait_for_timeout(300)
    assert page.evaluate("navigator.clipboard.readText()") == commands["cli"]


def test_history_brings_an_answer_back_after_a_reload(asked):
    user, _ = asked
    user.ask("the smallest building")
    user.open("town.tif")
    user.page.locator("#history > summary").click()
    user.page.locator(".past", has_text=SENTENCE).first.click()
    user.answered(SENTENCE)
    assert user.page.input_value("#question") == SENTENCE


def test_a_picture_without_georeference_shows_pixels(user, server):
    user.open("plain.png")
    scene = next(each for each in server.get("scenes")["scenes"] if each["name"] == "plain.png")
    box = user.map_box()
    column, row = user.read_place(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert column == pytest.approx(scene["width"] / 2, abs=2)
    assert row == pytest.approx(scene["height"] / 2, abs=2)
    assert user.page.is_disabled("#basemap")
    user.ask(SENTENCE)
    assert all("px" in text for text in user.texts(".candidate .head"))
