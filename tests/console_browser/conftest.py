"""The console's pages in a real browser: Debian's chromium, driven by playwright. Without either, the tests skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console_browser.chromium import CHROMIUM, QUIET
from tests.console_browser.real import console, write_prober
from tests.console_browser.scripted import Scripted


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")  # and not longer: playwright's event loop runs in this thread, where others want theirs
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A tab of a browser that knows nothing; what it says on its console, and where it asks, is kept beside it."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def scripted(page):
    """A console whose answers the test writes, in the tab."""
    return Scripted(page)


@pytest.fixture(scope="session")
def real(tmp_path_factory, copy_project):
    """A console over a cloud, for all tests; a team's ranks do what the signs say."""
    root = copy_project(tmp_path_factory.mktemp("console") / "project")
    write_prober(root)
    with console(root, "prober") as running:
        yield running


class Tab:
    """A tab at the console: what it said, and where it asked."""

    def __init__(self, console, page):
        self.console, self.page = console, page
        self.said, self.asked = [], []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def goto(self, path):
        self.page.goto(self.console.base + path)

    @property
    def foreign(self):
        """What was asked of anybody but the console."""
        return [url for url in self.asked if not url.startswith(f"{self.console.base}/")]


@pytest.fixture
def tab(browser, real):
    """A tab that has come in; when the test ends, it has said nothing and asked nobody else."""
    with browser.new_context() as context:
        context.set_default_timeout(60_000)  # milliseconds; a machine under load may need many
        tab = Tab(real, real.enter(context))
        yield tab
        assert (tab.said, tab.foreign) == ([], [])
        real.signs.set(wait=False, fail=False)
