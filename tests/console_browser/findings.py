"""What is wrong with the page in a tab, in words: by axe, and by its width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5 && !one.closest('.scroll, .unseen, pre'))
  .map((one) => `${one.nodeName.toLowerCase()}#${one.id}.${one.className} ${one.textContent.trim().slice(0, 40)}`)"""


def findings(page: Page) -> list[str]:
    """Return what axe finds, a line each: the rule, and the elements."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in Axe().run(page).response["violations"]]


def overflows(page: Page) -> list[str]:
    """Return the elements that make the page wider than its window."""
    found: list[str] = page.evaluate(WIDER)
    return found
