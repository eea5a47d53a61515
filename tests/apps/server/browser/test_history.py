"""The history: it says how questions ended, stands still while others run, and forgets."""

import pytest

pytestmark = pytest.mark.browser

FIRST, SECOND = "the largest building", "the smallest building"
LONG = "classes: building, road, water, vegetation, bare ground"


@pytest.fixture
def past(user):
    """A user with two answers, the second on the map, and an open history."""
    user.open("town.tif")
    user.ask(FIRST)
    user.ask(SECOND)
    user.page.locator("#history > summary").click()
    return user


def run_long(user):
    """A question that takes seconds, of whose progress there is news."""
    page = user.page
    page.locator(".settings > summary").click()
    page.select_option("#preset", "paper")
    user.type(LONG)
    page.press("#question", "Enter")
    page.wait_for_selector("#bar[value]")


def cancel(user):
    user.page.click("#cancel")
    user.page.locator("#job").wait_for(state="hidden")


def row(page, text):
    return page.locator("#jobs li", has_text=text).first


def test_the_number_of_matches_is_seen_also_after_a_reload(past):
    page = past.page
    assert "1 match" in row(page, FIRST).inner_text()
    past.open("town.tif")
    page.locator("#history > summary").click()
    assert "1 match" in row(page, FIRST).inner_text()


def test_news_of_a_job_leaves_rows_and_focus_alone(past):
    page = past.page
    run_long(past)
    forget = row(page, FIRST).get_by_role("button", name="Forget")
    forget.focus()
    page.evaluate("document.activeElement.ours = true")
    page.evaluate("""() => {
      globalThis.drawn = 0;
      new MutationObserver((changes) => { drawn += changes.length; })
        .observe(document.getElementById("jobs"), {childList: true, subtree: true, characterData: true});
    }""")
    for _ in range(3):
        value = page.locator("#bar").get_attribute("value")
        page.wait_for_function(
            "value => document.getElementById('bar').getAttribute('value') !== value", arg=value
        )
    assert page.evaluate("document.activeElement.ours") is True
    assert page.evaluate("drawn") == 0
    cancel(past)


def test_after_a_row_is_forgotten_the_next_one_has_the_focus(past):
    page = past.page
    rows = page.locator("#jobs li")
    count = rows.count()
    row(page, SECOND).get_by_role("button", name="Forget").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "count => document.querySelectorAll('#jobs li').length < count", arg=count
    )
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Forget: {FIRST}"
    assert page.is_hidden("#result")
    assert "Forgotten" in page.inner_text("#status")


def test_forgetting_the_answer_on_the_map_while_another_question_runs(past):
    page = past.page
    run_long(past)
    assert past.texts("#summary .asked") == [SECOND]
    row(page, SECOND).get_by_role("button", name="Forget").click()
    page.locator("#result").wait_for(state="hidden")
    assert page.is_visible("#job")
    cancel(past)


def test_a_running_job_is_forgotten_by_one_click(past, server):
    page = past.page
    run_long(past)
    running = server.get("jobs")["jobs"][0]["id"]
    count = page.locator("#jobs li").count()
    row(page, LONG).get_by_role("button", name="Forget").click()
    page.locator("#job").wait_for(state="hidden")
    page.wait_for_timeout(3000)  # longer than between two looks at the list
    assert page.locator("#jobs li").count() == count - 1
    assert running not in [job["id"] for job in server.get("jobs")["jobs"]]
