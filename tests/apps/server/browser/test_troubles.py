"""What goes wrong is a sentence with a way out."""

import pytest
from apps.server.browser.serving import free_port, serving

pytestmark = pytest.mark.browser


def test_a_sentence_that_cannot_be_read(visit, server):
    user = visit(server.url)
    user.open("town.tif")
    user.type("classes: ,")
    user.page.press("#question", "Enter")
    alert = user.page.get_by_role("alert").locator("p")
    alert.wait_for()
    assert len(alert.inner_text()) > 20
    assert user.page.is_hidden("#job")
    user.ask("the largest building")
    assert user.page.get_by_role("alert").locator("p").count() == 0


def test_an_empty_question_is_asked_for(user):
    user.open("town.tif")
    user.page.click("#search")
    assert "Write what you are looking for" in user.page.inner_text("#understood")
    assert user.page.evaluate("document.activeElement.id") == "question"


def test_nothing_matches(user):
    user.open("plain.png")
    user.ask("the airport larger than 900000 m²")
    assert user.page.locator("#summary .note").count() >= 1


def test_an_upload_that_is_no_picture(visit, server, tmp_path):
    user = visit(server.url)
    user.open("town.tif")
    wrong = tmp_path / "notes.tif"
    wrong.write_text("not a picture", encoding="utf-8")
    scenes = user.page.locator("#scenes option").count()
    user.page.set_input_files("#file", wrong)
    alert = user.page.get_by_role("alert").locator("p")
    alert.wait_for()
    assert "notes.tif" in alert.inner_text() or "picture" in alert.inner_text()
    assert user.page.get_by_role("button", name="Choose another file").is_visible()
    assert user.page.locator("#scenes option").count() == scenes


def test_an_upload_is_shown_asked_and_deleted(user, scene_folder):
    user.open("town.tif")
    page = user.page
    page.set_input_files("#file", scene_folder / "plain.png")
    page.locator("#forget-scene").wait_for()
    assert page.locator("#facts").inner_text().startswith("320")
    user.settle()
    count = page.locator("#scenes option").count()
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#forget-scene").click()
    page.locator("#forget-scene").wait_for(state="hidden")
    assert page.locator("#scenes option").count() == count - 1


def test_the_only_scene_is_deleted_with_its_answer(user, scene_folder):
    page = user.page

    def uploads_only(route):
        if route.request.method != "GET":
            route.continue_()
            return
        response = route.fetch()
        scenes = [scene for scene in response.json()["scenes"] if scene["uploaded"]]
        route.fulfill(response=response, json={"scenes": scenes})

    page.route("**/scenes", uploads_only)
    page.goto(user.url)
    page.locator("#facts", has_text="No scene yet").wait_for()
    empty = user.picture()[300:500, -400:-200]
    page.set_input_files("#file", scene_folder / "plain.png")
    page.locator("#forget-scene").wait_for()
    user.ask("the largest building")
    assert (user.picture()[300:500, -400:-200] != empty).any()
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#forget-scene").click()
    page.locator("#result").wait_for(state="hidden")
    user.settle()
    assert (user.picture()[300:500, -400:-200] == empty).all()
    assert page.evaluate("location.hash") == ""
    assert page.is_disabled("#search")
    assert page.evaluate("document.activeElement.id") == "upload"


def test_a_job_is_cancelled(user):
    user.open("town.tif")
    user.ask("the largest building")
    user.page.locator(".settings > summary").click()
    user.page.select_option("#preset", "paper")
    user.type("classes: building, road")
    user.page.press("#question", "Enter")
    user.page.click("#cancel")
    user.page.locator("#job").wait_for(state="hidden")
    assert user.page.is_hidden("#result")
    user.page.locator("#history > summary").click()
    assert "cancelled" in user.texts(".past")[0]


def test_the_server_stops_in_the_middle_and_comes_back(visit, scene_folder, tmp_path):
    port = free_port()
    with serving(scene_folder, tmp_path / "first", port) as server:
        user = visit(server.url)
        user.open("town.tif")
        user.page.locator(".settings > summary").click()
        user.page.select_option("#preset", "paper")
        user.type("the building north of the road")
        user.page.press("#question", "Enter")
        user.page.locator("#job").wait_for()
        server.process.kill()
        server.process.wait()
        alert = user.page.get_by_role("alert").locator("p")
        alert.wait_for()
        assert "server does not answer" in alert.inner_text()
        user.page.press("#question", "Enter")
        user.page.wait_for_timeout(500)
        assert alert.count() == 1
    with serving(scene_folder, tmp_path / "second", port):
        user.page.locator(".alert", has_text="does not answer").wait_for(state="detached")
        user.page.locator(".settings select").select_option("default")
        user.ask("the largest building")


def test_the_server_comes_back_with_another_token(visit, scene_folder, tmp_path):
    port = free_port()
    with serving(scene_folder, tmp_path / "first", port, ["--token", "one"]) as server:
        user = visit(f"{server.url}?token=one")
        user.open("town.tif")
        server.process.kill()
        server.process.wait()
        user.type("the largest building")
        user.page.locator(".alert", has_text="does not answer").wait_for()
    with serving(scene_folder, tmp_path / "second", port, ["--token", "two"]) as server:
        user.page.locator(".alert", has_text="wants its token").wait_for()
        other = user.page.context.new_page()
        other.goto(f"{server.url}?token=two")
        user.page.get_by_role("button", name="Try again").click()
        user.page.locator(".alert").wait_for(state="detached")
        user.ask("the largest building")
