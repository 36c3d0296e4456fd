"""All seven pages over a run with a failed rank, whose error, log and file name are hostile."""

import pytest

from tests.console_browser.findings import findings, overflows
from tests.console_browser.real import FILE, IMAGE, SCRIPT

pytestmark = pytest.mark.workflow

PAGES = {
    "home": "/",
    "team": "/prober",
    "new": "/prober/probe/new",
    "runs": "/prober/runs",
    "run": "/runs/{run}",
    "state": "/runs/{run}?state=Work",
    "ranks": "/runs/{run}/ranks",
    "rank": "/runs/{run}/ranks/2",
    "error": "/runs/nobody",
}
OTHERS = {  # that have other things on them
    "new from a run": "/prober/probe/new?from={run}",
    "failed ranks": "/runs/{run}/ranks?status=FAILED",
    "no rank": "/runs/{run}/ranks?status=TIMED_OUT",
    "a team without runs": "/team1/runs",
    "a team that is not deployed": "/team1",
}


@pytest.fixture(scope="module")
def run(real):
    """The id of a failed run."""
    real.signs.set(fail=True, wait=False)
    run_id = "a-failed-run"
    real.seconds(real.start("prober", run_id, {"ranks": 4, "file": FILE}))
    real.signs.set(fail=False)
    return run_id


def settled(tab, address):
    """Open the page at *address*; wait until nothing on it is still being read."""
    tab.goto(address)
    tab.page.wait_for_function("() => !document.querySelector('main').textContent.includes('being read')")


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_it_is_for_everybody(tab, run, name):
    """Axe finds nothing, light and dark, and nothing is wider than a narrow or a usual window."""
    page = tab.page
    settled(tab, (PAGES | OTHERS)[name].format(run=run))
    if name == "error":
        tab.said.clear()  # the browser's own word for 404
    for scheme, width in (("light", 1280), ("dark", 400)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert overflows(page) == [], width
        assert findings(page) == [], (scheme, width)
    assert page.locator("h1").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert sorted(ids) == sorted(set(ids))
    unnamed = "[...document.querySelectorAll('[data-live] :is(a[href], button, input, summary)')]"
    named = "(one) => one.id || one.closest('details')?.id || one.type === 'hidden'"
    assert page.evaluate(f"{unnamed}.filter((one) => !({named})(one)).map((one) => one.outerHTML)") == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "error"])
def test_it_is_json_too(tab, run, name):
    tab.goto("/")
    path, _, query = PAGES[name].format(run=run).partition("?")
    told = tab.page.evaluate(
        "async (address) => { const told = await fetch(address); return [told.status, await told.json()]; }",
        f"{path}.json?{query}",
    )
    assert told[0] == 200
    assert told[1]


def test_titles_tell_the_pages_apart(tab, run):
    titles = []
    for address in PAGES.values():
        tab.goto(address.format(run=run))
        titles.append(tab.page.title())
    tab.said.clear()  # the browser's own word for 404
    named = [title for title in titles if "state" not in title]
    assert all(title.endswith(" - lanes") for title in titles)
    assert len(set(named)) >= len(PAGES) - 1  # a run's page is the same run's whatever state it shows


@pytest.mark.parametrize("name", ["run", "state", "rank", "ranks", "new from a run"])
def test_hostile_texts_are_shown_as_texts(tab, run, name):
    page = tab.page
    settled(tab, (PAGES | OTHERS)[name].format(run=run))
    assert "owned" not in page.title()
    assert page.evaluate("[...document.scripts].filter((one) => !one.src).length") == 0
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    wanted = {
        "run": (SCRIPT, FILE, IMAGE),
        "state": (SCRIPT, FILE),
        "rank": (SCRIPT, FILE, IMAGE),
        "ranks": (SCRIPT,),
        "new from a run": (),
    }
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    shown = page.inner_text("main").replace("\n", "")
    assert [text for text in wanted[name] if text not in shown] == []
    if name == "new from a run":
        assert page.input_value("#field-file") == FILE


def test_no_page_is_kept_open_for_ever_by_what_it_shows(tab, run):
    """A run that is over is asked for no more."""
    settled(tab, f"/runs/{run}")
    tab.page.wait_for_function("() => !document.body.hasAttribute('data-moving')")
