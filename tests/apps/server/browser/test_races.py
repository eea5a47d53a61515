"""News that overtakes other news, and jobs that are gone: the page shows what was asked last."""

import pytest
from apps.server.browser.serving import free_port, serving

pytestmark = pytest.mark.browser

FIRST, SECOND = "the largest building", "the smallest building"


def hold(page, pattern, method="GET"):
    """Requests to a pattern wait in a list until the test lets them go."""
    held = []

    def handle(route):
        if route.request.method == method:
            held.append(route)
        else:
            route.continue_()

    page.route(pattern, handle)
    return held


def wait_until(page, condition):
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen")


def enter(user, text):
    user.type(text)
    user.page.press("#question", "Enter")


def test_enter_pressed_twice_asks_once(user):
    user.open("town.tif")
    held = hold(user.page, "**/refer", "POST")
    enter(user, FIRST)
    user.page.press("#question", "Enter")
    wait_until(user.page, lambda: held)
    user.page.press("#question", "Enter")
    user.page.wait_for_timeout(500)
    assert len(held) == 1
    held[0].continue_()
    user.answered(FIRST)


def test_the_question_asked_last_is_shown_whichever_is_taken_first(user):
    user.open("town.tif")
    page = user.page
    held = hold(page, "**/refer", "POST")
    for number, text in enumerate((FIRST, SECOND), start=1):
        enter(user, text)
        wait_until(page, lambda count=number: len(held) == count)
    held[1].continue_()
    user.answered(SECOND)
    before = page.locator("#jobs li").count()
    held[0].continue_()
    wait_until(page, lambda: page.locator("#jobs li").count() == before + 1)
    page.wait_for_timeout(500)
    assert page.is_hidden("#job")
    assert user.texts("#summary .asked") == [SECOND]


def test_a_question_that_is_taken_late_does_not_bring_its_scene_back(user):
    user.open("town.tif")
    page = user.page
    before = page.locator("#jobs li").count()
    held = hold(page, "**/refer", "POST")
    enter(user, FIRST)
    wait_until(page, lambda: held)
    page.select_option("#scenes", label="plain.png")
    held[0].continue_()
    wait_until(page, lambda: page.locator("#jobs li").count() == before + 1)
    page.wait_for_timeout(500)
    assert page.locator("#scenes option:checked").inner_text() == "plain.png"
    assert page.is_hidden("#job")


class Lists:
    """Answers to GET /jobs: those of the server and a job that waits for ever, so that the page goes on looking."""

    def __init__(self, page):
        self.change = lambda jobs: None
        self.taken = 0
        page.route("**/jobs", self.answer)

    def answer(self, route):
        response = route.fetch()
        body = response.json()
        waiting = {
            "id": "waits", "kind": "refer", "scene": "none", "request": {"text": "a wait"},
            "created": "2020-01-01T00:00:00.000Z", "state": "waiting", "done": 0, "total": 0,
            "message": "waiting", "finished": None, "error": None, "matches": None,
            "seconds_left": None,
        }  # fmt: skip
        body["jobs"].append(waiting)
        self.change(body["jobs"])
        self.taken += 1
        route.fulfill(response=response, json=body)


def test_an_old_list_of_jobs_does_not_bring_an_ended_one_to_life(user):
    page = user.page
    lists = Lists(page)
    user.open("town.tif")
    user.ask(FIRST)
    page.locator(".candidate").nth(1).click()
    page.get_by_role("heading", name="Download candidate 2").wait_for()

    def age(jobs):
        jobs[0].update(state="running", message="answering", finished=None, matches=None)

    lists.change, taken = age, lists.taken
    wait_until(page, lambda: lists.taken > taken)
    page.wait_for_timeout(300)
    assert page.is_hidden("#job")
    assert page.get_by_role("heading", name="Download candidate 2").is_visible()


def test_an_old_list_of_jobs_does_not_lose_a_new_one(user):
    page = user.page
    Lists(page)
    user.open("town.tif")
    held = []
    page.unroute("**/jobs")
    page.route("**/jobs", lambda route: held.append((route, route.fetch())))
    wait_until(page, lambda: held)
    user.ask(FIRST)
    before = page.locator("#jobs li").count()
    route, response = held[0]
    route.fulfill(response=response)
    page.wait_for_timeout(500)
    assert page.locator("#jobs li").count() >= before - 1  # the job that waits for ever is gone
    page.locator("#history > summary").click()
    page.locator(".past").first.click()
    user.answered(FIRST)
    assert page.get_by_role("alert").locator("p").count() == 0


def test_an_answer_that_the_server_has_forgotten(visit, server):
    user = visit(server.url)
    user.open("town.tif")
    page = user.page
    user.ask(FIRST)
    first = server.get("jobs")["jobs"][0]["id"]
    user.ask(SECOND)
    server.delete(f"jobs/{first}")
    page.locator("#history > summary").click()
    count = page.locator("#jobs li").count()
    page.locator(".past", has_text=FIRST).first.click()
    alert = page.get_by_role("alert").locator("p")
    alert.wait_for()
    assert "has forgotten" in alert.inner_text()
    assert page.is_hidden("#result")
    assert page.locator("#jobs li").count() == count - 1
    page.get_by_role("button", name="Ask again").click()
    user.answered(FIRST)


def test_the_server_comes_back_with_another_storage(visit, scene_folder, tmp_path):
    port = free_port()
    with serving(scene_folder, tmp_path / "log", port, ["--storage", str(tmp_path / "a")]) as first:
        user = visit(first.url)
        user.open("town.tif")
        user.ask(FIRST)
        user.page.locator(".settings > summary").click()
        user.page.select_option("#preset", "paper")
        enter(user, "classes: building, road, vegetation")
        user.page.locator("#job").wait_for()
        first.process.kill()
        first.process.wait()
        user.page.locator(".alert", has_text="does not answer").wait_for()
    with serving(scene_folder, tmp_path / "log", port, ["--storage", str(tmp_path / "b")]):
        user.page.locator(".alert", has_text="has forgotten").wait_for()
        assert user.page.is_hidden("#job")
        assert user.page.is_hidden("#result")
        assert user.page.is_hidden("#history")
