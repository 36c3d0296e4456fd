"""The console's pages in a real browser: Debian's chromium, driven by playwright. Without either, the tests skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console_browser.scripted import Scripted

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",  # the sandbox does not start for root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


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
