"""Whole ways of people through the console: start, watch, find what failed, mend it, redrive."""

import re

import pytest

from tests.console_browser.real import FILE, IMAGE, SCRIPT

pytestmark = pytest.mark.workflow

# Each tab of a browser without a window counts as shown.
SHOWN = """(shown) => {
  Object.defineProperty(document, "hidden", { value: !shown, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
FAILED, RUNNING, SUCCEEDED = "✗", "▸", "✓"


def title_begins(page, sign):
    """Wait until the tab's title tells *sign*: it changes by itself."""
    page.wait_for_function("(sign) => document.title.startsWith(sign)", arg=sign)


def start(tab, **fields):
    """Start a run from its form; return its address."""
    tab.goto("/prober/probe/new")
    for name, value in fields.items():
        tab.page.get_by_label(name, exact=True).fill(str(value))
    tab.page.get_by_role("button", name="Start the run").click()
    tab.page.wait_for_url("**/runs/*")
    return tab.page.url


def press_until(page, wanted):
    """Press Tab until the element *wanted* has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"Tab does not reach {wanted}")


def test_a_run_is_started_from_its_form_and_watched_until_it_has_succeeded(tab, real):
    real.signs.set(wait=True)
    page = tab.page
    tab.goto("/")
    page.click("#team-prober")
    page.get_by_role("link", name="start a run").click()
    page.fill("#field-ranks", "3")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*")
    title_begins(page, RUNNING)
    page.evaluate("window.sameAsBefore = true")
    real.signs.set(wait=False)
    title_begins(page, SUCCEEDED)
    assert page.evaluate("window.sameAsBefore")
    assert page.inner_text("h1").startswith(SUCCEEDED)
    assert "succeeded" in page.inner_text("#head")
    assert "3 of 3 done" in page.inner_text("#ranks")
    assert page.locator("#actions form").count() == 0  # nothing to stop, nothing to redrive
    assert SUCCEEDED in page.inner_text("#news")


def test_a_failing_rank_is_found_in_two_clicks_with_its_log_and_redriven(tab, real):
    real.signs.set(fail=True)
    page = tab.page
    run = start(tab, file=FILE)
    title_begins(page, FAILED)
    tab.goto("/")
    page.click(f"#trouble-run-{run.rsplit('/', 1)[1]}")
    page.click("#why-rank")
    page.wait_for_url("**/ranks/2")
    assert page.locator("#own-lines").get_by_text(f"rank 2 reads {FILE} {IMAGE}").is_visible()
    assert f"{SCRIPT} stands where the header should be" in page.inner_text("#traceback")
    real.signs.set(fail=False)
    page.goto(run)
    page.click("#redrive")
    page.wait_for_url("**/runs/*")
    title_begins(page, SUCCEEDED)
    assert "4 of 4 done" in page.inner_text("#ranks")
    page.goto(f"{run}/ranks/2")
    assert "succeeded" in page.inner_text("h1")


def test_the_same_by_the_keyboard_alone(tab, real):
    real.signs.set(fail=True)
    page = tab.page
    tab.goto("/prober/probe/new")
    press_until(page, "#field-ranks")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("4")
    press_until(page, "button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    title_begins(page, FAILED)
    trouble = f"#trouble-run-{page.url.rsplit('/', 1)[1]}"
    press_until(page, "header nav a")
    page.keyboard.press("Enter")
    page.wait_for_selector(trouble)
    press_until(page, trouble)
    page.keyboard.press("Enter")
    page.wait_for_selector("#why-rank")
    press_until(page, "#why-rank")
    page.keyboard.press("Enter")
    page.wait_for_selector("#own-lines")
    press_until(page, "#own-lines")  # a region that scrolls is reached too
    real.signs.set(fail=False)
    press_until(page, f"header nav a[href$='{trouble.removeprefix('#trouble-run-')}']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#redrive")
    press_until(page, "#redrive")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")
    title_begins(page, SUCCEEDED)


def test_a_run_is_stopped(tab, real):
    real.signs.set(wait=True)
    page = tab.page
    start(tab)
    title_begins(page, RUNNING)
    page.click("#stop")
    title_begins(page, "■")
    assert "aborted" in page.inner_text("#head")


def test_another_tab_sees_a_redrive_when_it_is_shown_again(browser, tab, real):
    real.signs.set(fail=True)
    run = start(tab)
    title_begins(tab.page, FAILED)
    other = tab.page.context.new_page()
    other.goto(run)
    title_begins(other, FAILED)
    other.evaluate(SHOWN, arg=False)
    real.signs.set(fail=False)
    tab.page.click("#redrive")
    title_begins(tab.page, SUCCEEDED)
    assert other.title().startswith(FAILED)  # nobody looks at it
    other.evaluate(SHOWN, arg=True)
    title_begins(other, SUCCEEDED)


def test_errors_of_the_form_are_announced_and_lead_to_their_fields(tab):
    page = tab.page
    tab.goto("/prober/probe/new")
    page.fill("#field-ranks", "65")
    page.evaluate("document.querySelectorAll('form').forEach((form) => (form.noValidate = true))")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_function("() => document.activeElement.id === 'errors'")
    assert page.get_attribute("#errors", "role") == "alert"
    assert "ranks" in page.inner_text("#errors")
    assert page.input_value("#field-ranks") == "65"
    assert page.get_attribute("#field-ranks", "aria-invalid") == "true"
    told = page.get_attribute("#field-ranks", "aria-describedby").split()
    assert any("64" in page.inner_text(f"#{one}") for one in told)
    page.click("#errors a")
    assert page.evaluate("document.activeElement.id") == "field-ranks"


def test_back_and_forward_work(tab):
    page = tab.page
    run = start(tab)
    title_begins(page, SUCCEEDED)
    ways = [f"{tab.console.base}/prober", run, f"{run}?state=Work#state", f"{run}/ranks", f"{run}/ranks/1"]
    for way in ways:
        page.goto(way)
    for way in reversed(ways[:-1]):
        page.go_back()
        assert page.url == way
        assert page.locator("#trouble").is_hidden()
    page.go_forward()
    assert page.url == run
    assert re.search("succeeded", page.inner_text("#head"))
