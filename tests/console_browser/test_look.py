"""All that pages are made of, on one page: for everybody, at every width, in every scheme of colours."""

from pathlib import Path

import pytest

from tests.console_browser.findings import findings, overflows
from tests.console_browser.scripted import Scripted

EVERYTHING = Path(__file__).with_name("everything.html.j2").read_text(encoding="utf-8")


@pytest.fixture
def everything(scripted):
    scripted.shows("", template=EVERYTHING, moving=False)
    scripted.visit()
    return scripted


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_axe_finds_nothing(everything, scheme, width):
    everything.page.emulate_media(color_scheme=scheme)
    everything.page.set_viewport_size({"width": width, "height": 900})
    assert findings(everything.page) == []
    assert everything.said == []


@pytest.mark.parametrize("width", [320, 400, 600, 1280, 1920])
def test_nothing_is_wider_than_the_window(everything, width):
    everything.page.set_viewport_size({"width": width, "height": 900})
    assert overflows(everything.page) == []


def test_each_control_is_reached_by_tab_and_seen_to_have_the_focus(everything):
    page = everything.page
    wanted = set(page.evaluate(CONTROLS))
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        name, width, style = page.evaluate(FOCUSED)
        reached.add(name)
        if name != "body":  # after the last one
            assert (float(width.removesuffix("px")) >= 2, style == "none") == (True, False), name
    assert wanted <= reached


NAME = (
    "(one) => one === document.body ? 'body' : one.id || one.name || one.textContent.trim() || one.getAttribute('href')"
)
CONTROLS = f"""[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((one) => !one.disabled && one.type !== 'hidden').map({NAME})"""
FOCUSED = f"""(() => {{
  const style = getComputedStyle(document.activeElement);
  return [({NAME})(document.activeElement), style.outlineWidth, style.outlineStyle];
}})()"""


def test_the_first_tab_leads_past_what_all_pages_share(scripted):
    scripted.shows("<p>one</p>", moving=False)
    scripted.open()
    scripted.page.keyboard.press("Tab")
    assert scripted.page.inner_text(":focus") == "to the page"
    scripted.page.keyboard.press("Enter")
    assert scripted.page.evaluate("document.activeElement.id") == "main"


def test_nothing_moves_for_who_wants_no_motion(scripted):
    scripted.shows('<p id="m" class="moves">one</p>', moving=False)
    scripted.open()
    moving = "getComputedStyle(document.getElementById('m')).animationName"
    assert scripted.page.evaluate(moving) == "pulse"
    scripted.page.emulate_media(reduced_motion="reduce")
    assert scripted.page.evaluate(moving) == "none"


def test_kinds_of_outcome_have_an_edge_where_the_reader_sets_the_colours(everything):
    everything.page.emulate_media(forced_colors="active")
    edges = everything.page.evaluate(
        "[...document.querySelectorAll('.status')].map((one) => getComputedStyle(one).borderTopColor)"
    )
    assert "rgba(0, 0, 0, 0)" not in edges


def test_a_printed_page_has_no_controls(everything):
    everything.page.emulate_media(media="print")
    assert everything.page.locator("header nav, .actions, .copy, nav.tabs").filter(visible=True).count() == 0
    assert everything.page.locator("#log").is_visible()


def test_a_narrow_table_names_the_column_of_each_cell(everything):
    everything.page.set_viewport_size({"width": 400, "height": 900})
    cell = "document.querySelector('tbody td:nth-child(2)')"
    assert "outcome" in everything.page.evaluate(f"getComputedStyle({cell}, '::before').content")
    everything.page.set_viewport_size({"width": 1280, "height": 900})
    assert everything.page.evaluate(f"getComputedStyle({cell}, '::before').content") == "none"


@pytest.mark.parametrize("wide", [True, False])
def test_zoomed_text_overflows_nothing(browser, wide):
    """Text alone twice as large, WCAG 2.2, 1.4.4."""
    with browser.new_context(viewport={"width": 1280 if wide else 640, "height": 900}) as context:
        scripted = Scripted(context.new_page())
        scripted.shows("", template=EVERYTHING, moving=False)
        scripted.visit()
        scripted.page.evaluate("document.documentElement.style.fontSize = '32px'")
        assert overflows(scripted.page) == []
