"""An open page keeps itself up to date, asks little, and takes nothing from who is reading, choosing or typing."""

import json
from itertools import pairwise

import pytest

SECTION = '<section id="s" data-live>{}</section>'


def asked_at(scripted, milliseconds, step=100):
    """Return when the console was asked, in steps of time."""
    return [now for now in range(step, milliseconds + 1, step) if scripted.later(step)]


def test_it_asks_after_half_a_second_and_then_ever_less_often_up_to_five(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    times = asked_at(scripted, 45_000)
    waits = [times[0], *(later - before for before, later in pairwise(times))]
    assert waits[0] == 500
    assert waits == sorted(waits)
    assert waits[-3:] == [5000] * 3
    assert 12 <= len(times) <= 18


def test_it_asks_its_own_address_with_the_version_that_it_shows(scripted):
    scripted.shows(SECTION.format("one"), version="v7")
    scripted.open()
    scripted.later(500)
    assert scripted.asked[0].endswith("/runs/x?state=Two&seen=v7")


def test_news_are_shown_and_asked_for_often_again(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    asked_at(scripted, 20_000, 500)
    scripted.shows(SECTION.format("two"), version="v2")
    scripted.later(5000)
    assert scripted.page.inner_text("#s") == "two"
    assert asked_at(scripted, 1500)[0] == 500
    assert "seen=v2" in scripted.asked[-1]


def test_what_is_not_live_stays(scripted):
    scripted.shows(SECTION.format("one") + '<p id="p">before</p>')
    scripted.open()
    scripted.shows(SECTION.format("two") + '<p id="p">after</p>', version="v2")
    scripted.later(500)
    assert (scripted.page.inner_text("#s"), scripted.page.inner_text("#p")) == ("two", "before")


def test_sections_that_begin_and_end_while_the_page_is_open_come_and_go(scripted):
    one, two, three = (f'<section id="{name}" data-live>{name}</section>' for name in ("one", "two", "three"))
    scripted.shows(one + '<p id="p">fixed</p>')
    scripted.open()
    scripted.shows(one + two + three + '<p id="p">fixed</p>', version="v2")
    scripted.later(500)
    order = "() => [...document.querySelectorAll('main > [id]')].map((each) => each.id)"
    assert scripted.page.evaluate(order) == ["trouble", "unread", "title", "one", "two", "three", "p"]
    scripted.shows(one + three + '<p id="p">fixed</p>', version="v3")
    scripted.later(500)
    assert scripted.page.evaluate(order) == ["trouble", "unread", "title", "one", "three", "p"]


def test_a_hidden_page_asks_nothing_and_one_shown_again_at_once(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    assert scripted.hide() == 0
    assert scripted.later(600_000) == 0
    assert scripted.hide(hidden=False) == 1
    assert asked_at(scripted, 1000)[0] in {600, 700}  # nothing was new, so the wait had begun to grow


def test_what_is_over_is_not_asked_for_until_the_page_is_shown_again_and_then_a_redrive_is_seen(scripted):
    scripted.shows(SECTION.format("failed"), moving=False)
    scripted.open()
    assert scripted.later(600_000) == 0
    scripted.hide()
    assert scripted.hide(hidden=False) == 1
    assert scripted.later(600_000) == 0
    scripted.shows(SECTION.format("running"), version="v2")
    scripted.hide()
    scripted.hide(hidden=False)
    assert scripted.page.inner_text("#s") == "running"
    assert scripted.later(500) == 1


def test_it_stops_when_the_run_ends(scripted):
    scripted.shows(SECTION.format("running"))
    scripted.open()
    scripted.shows(SECTION.format("succeeded"), version="v2", moving=False)
    assert scripted.later(500) == 1
    assert scripted.later(600_000) == 0


def test_the_title_is_the_news_and_told_when_it_changes_alone(scripted):
    scripted.shows(SECTION.format("1 of 4"), title="cosmic: running")
    scripted.open()
    scripted.page.evaluate(
        "window.told = []; new MutationObserver(() => window.told.push(news.textContent))"
        ".observe(news, { childList: true, characterData: true, subtree: true })"
    )
    scripted.shows(SECTION.format("2 of 4"), version="v2", title="cosmic: running")
    scripted.later(500)
    scripted.shows(SECTION.format("4 of 4"), version="v3", title="cosmic: succeeded")
    scripted.later(500)
    assert scripted.page.title() == "cosmic: succeeded - lanes"
    assert scripted.page.inner_text("h1") == "cosmic: succeeded"
    assert scripted.page.evaluate("window.told") == ["cosmic: succeeded - lanes"]
    assert scripted.page.get_attribute("#news", "role") == "status"


def rows(*ranks):
    return "".join(f'<tr><td><a id="rank-{rank}" href="/r/{rank}">{rank}</a></td></tr>\n' for rank in ranks)


def test_focus_stays_on_the_same_rank_where_rows_come_go_and_change_places(scripted):
    scripted.shows(SECTION.format(f"<table><tbody>{rows(0, 1, 2, 3, 4)}</tbody></table>"))
    scripted.open()
    scripted.page.focus("#rank-3")
    scripted.shows(SECTION.format(f"<table><tbody>{rows(4, 3, 1, 7)}</tbody></table>"), version="v2")
    scripted.later(500)
    assert scripted.page.locator("a").all_inner_texts()[-4:] == ["4", "3", "1", "7"]
    assert scripted.page.evaluate("document.activeElement.href").endswith("/r/3")


def test_what_is_typed_chosen_and_opened_stays(scripted):
    main = (
        '<input id="words" value=""><details id="more"><summary>more</summary>{0}</details>'
        '<details id="less" open><summary>less</summary>{0}</details><p id="said">the line that is read {0}</p>'
    )
    scripted.shows(SECTION.format(main.format("one")))
    scripted.open()
    page = scripted.page
    page.click("#more summary")
    page.click("#less summary")
    page.evaluate("getSelection().setBaseAndExtent(said.firstChild, 4, said.firstChild, 8)")
    page.fill("#words", "rank 7")
    page.evaluate("words.setSelectionRange(1, 3)")
    scripted.shows(SECTION.format(main.format("one and two")), version="v2")
    scripted.later(500)
    assert page.inner_text("#said") == "the line that is read one and two"
    assert page.input_value("#words") == "rank 7"
    assert page.evaluate("[document.activeElement.id, words.selectionStart, words.selectionEnd]") == ["words", 1, 3]
    assert page.evaluate("[more.open, less.open]") == [True, False]
    page.evaluate("getSelection().setBaseAndExtent(said.firstChild, 4, said.firstChild, 8)")
    scripted.shows(SECTION.format(main.format("one and two and three")), version="v3")
    scripted.later(500)
    assert page.evaluate("getSelection().toString()") == "line"


def test_scrolled_places_stay(scripted):
    wide = '<div id="w" class="scroll" tabindex="0"><table><tr><td>{}</td></tr></table></div>'
    log = '<pre class="log" id="log" tabindex="0">{}</pre><p id="end">{}</p>'
    before = wide.format("x" * 2000) + log.format("line\n" * 400, "\n<br>" * 200)
    after = wide.format("x" * 2001) + log.format("line\n" * 401, "\n<br>" * 201)
    scripted.shows(SECTION.format(before))
    scripted.open()
    scripted.page.evaluate("w.scrollLeft = 300; log.scrollTop = 500; scrollTo(0, 400)")
    scripted.shows(SECTION.format(after), version="v2")
    scripted.later(500)
    assert scripted.page.evaluate("[w.scrollLeft, log.scrollTop, scrollY]") == [300, 500, 400]
    assert scripted.page.evaluate("log.textContent.length") == 401 * 5


def test_kinds_of_nodes_change_where_they_must(scripted):
    scripted.shows(SECTION.format('<p class="dim" title="a">one</p><svg><g id="g"><circle r="1"/></g></svg>text'))
    scripted.open()
    fresh = '<ul><li>one</li></ul><svg><g id="g"><circle r="2" class="x"/><rect/></g></svg><!-- c -->other'
    scripted.shows(SECTION.format(fresh), version="v2")
    scripted.later(500)
    html = scripted.page.evaluate("document.getElementById('s').innerHTML")
    assert html == (
        '<ul><li>one</li></ul><svg><g id="g"><circle r="2" class="x"></circle><rect></rect></g></svg><!-- c -->other'
    )
    assert scripted.page.evaluate("document.querySelector('rect').namespaceURI") == "http://www.w3.org/2000/svg"


def test_other_scripts_are_told_of_changes(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    scripted.page.evaluate("document.addEventListener('lanes:changed', () => (window.seen = s.textContent))")
    scripted.shows(SECTION.format("two"), version="v2")
    scripted.later(500)
    assert scripted.page.evaluate("window.seen") == "two"


CLOUD_GONE = '<main><section id="problem"><p>the cloud does not answer</p>\n<p>Fix: <code>lanes up</code></p></section>'
TROUBLES = {
    "ended": (lambda scripted: scripted.listens("ended"), "The console does not answer"),
    "no cloud": (lambda scripted: scripted.refuses(502, CLOUD_GONE, "text/html"), "not answer Fix: lanes up"),
    "other session": (lambda scripted: scripted.refuses(403, "open the newest address"), "open the newest address"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("moving", [True, False])
def test_a_banner_tells_that_there_is_no_answer_until_there_is_one(scripted, trouble, moving):
    happens, told = TROUBLES[trouble]
    scripted.shows(SECTION.format("one"), moving=moving)
    scripted.open()
    banner = scripted.page.locator("#trouble")
    assert banner.is_hidden()
    happens(scripted)
    scripted.hide()
    scripted.hide(hidden=False)
    assert banner.is_visible()
    assert told in banner.inner_text()
    assert "what was known before" in banner.inner_text()
    assert scripted.page.inner_text("#s") == "one"
    scripted.listens("answers")
    scripted.shows(SECTION.format("one"), moving=moving)
    assert scripted.later(5000) >= 1
    assert banner.is_hidden()


def test_a_console_that_says_nothing_is_one_that_does_not_answer(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    scripted.listens("silent")
    scripted.later(500)
    scripted.later(29_000)
    assert scripted.page.locator("#trouble").is_hidden()
    scripted.later(1500)
    scripted.page.wait_for_selector("#trouble:not([hidden])")
    assert len(scripted.asked) == 1


def test_an_ended_console_is_asked_seldom(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    scripted.listens("ended")
    times = asked_at(scripted, 40_000, 500)
    assert len(times) <= 18
    own = [said for said in scripted.said if "Failed to load resource" not in said]  # the browser's own words
    assert own == []


def test_nothing_is_said_on_the_browsers_console(scripted):
    scripted.shows(SECTION.format("one"))
    scripted.open()
    for number in range(5):
        scripted.shows(SECTION.format(number), version=f"v{number + 2}")
        scripted.later(500)
    assert scripted.said == []


def test_memory_does_not_grow_with_changes(scripted):
    def body(number):
        return f"<table><tbody>{rows(*range(number % 7, number % 7 + 100))}</tbody></table><p>{number}</p>"

    scripted.shows(SECTION.format(body(0)))
    scripted.open()
    devtools = scripted.page.context.new_cdp_session(scripted.page)
    devtools.send("Performance.enable")

    def held():
        devtools.send("HeapProfiler.collectGarbage")
        figures = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
        return figures["Nodes"], figures["JSEventListeners"], figures["JSHeapUsedSize"]

    def change(first, count):
        for number in range(first, first + count):
            scripted.shows(SECTION.format(body(7 * number)), version=f"v{number}")
            scripted.later(500)

    change(10, 20)
    nodes, listeners, heap = held()
    change(100, 100)
    more_nodes, more_listeners, more_heap = held()
    assert more_listeners == listeners
    assert more_nodes - nodes < 500  # a page has some 600
    assert more_heap - heap < 1_000_000


def test_times_tell_the_local_one_on_hover(browser):
    from tests.console_browser.scripted import Scripted

    with browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB") as context:
        scripted = Scripted(context.new_page())
        scripted.shows(SECTION.format("{{ parts.moment(at) }}"))
        scripted.open()
        time = scripted.page.locator("time")
        assert time.inner_text() == "2026-11-30 15:40:49 UTC"
        assert "1 Dec 2026" in time.get_attribute("title")
        assert "00:40:49" in time.get_attribute("title")
        scripted.shows(SECTION.format("{{ parts.moment(at) }} and more"), version="v2")
        scripted.later(500)
        assert "00:40:49" in time.get_attribute("title")


def test_a_form_is_sent_once(scripted):
    form = (
        '<form method="post" action="/team2/cosmic/new">{{ parts.key_field() }}<button id="start">start</button></form>'
    )
    scripted.shows(form, moving=False)
    scripted.open()
    sent = []

    def take(route):
        sent.append(route.request.post_data)
        route.fulfill(status=204)  # and so the page stays

    scripted.page.route("**/team2/cosmic/new", take)
    for _ in range(2):
        scripted.page.click("#start")
        scripted.later(1000)
    assert sent == ["form_key=key"]
    assert scripted.page.inner_text("#news") == "sent"


def test_errors_of_a_form_have_the_focus_when_the_page_comes(scripted):
    told = "<ul><li>world-size: 99 is more than 64</li></ul>"
    scripted.shows(f'<section id="errors" role="alert" tabindex="-1">{told}</section>', moving=False)
    scripted.open()
    assert scripted.page.evaluate("document.activeElement.id") == "errors"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_command_is_copied_or_else_selected(browser, allowed):
    from tests.console_browser.scripted import Scripted

    with browser.new_context(permissions=["clipboard-read", "clipboard-write"] if allowed else []) as context:
        scripted = Scripted(context.new_page())
        scripted.shows('{{ parts.command("debug", "lanes debug team2 x --rank 0") }}', moving=False)
        scripted.open()
        if not allowed:
            scripted.page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
        scripted.page.click("#copy-debug")
        scripted.page.wait_for_function("() => document.getElementById('news').textContent !== ''")
        read = "navigator.clipboard.readText()" if allowed else "getSelection().toString()"
        assert scripted.page.evaluate(read) == "lanes debug team2 x --rank 0"
        assert scripted.page.inner_text("#copy-debug") == ("copied" if allowed else "selected")
        scripted.page.clock.run_for(2000)
        assert scripted.page.inner_text("#copy-debug") == "copy"


def test_cells_carry_their_columns_names_where_each_has_one(scripted):
    def table(*cells):
        return (
            '<div class="scroll"><table><thead><tr><th>rank</th><th>error</th></tr></thead><tbody>'
            f"<tr>{''.join(cells)}</tr></tbody></table></div>"
        )

    scripted.shows(table("<th>0</th>", "<td>x</td>") + table('<td colspan="2">none</td>'), moving=False)
    scripted.open()
    labels = scripted.page.evaluate(
        "JSON.stringify([...document.querySelectorAll('tbody tr > *')].map((cell) => cell.dataset.label ?? null))"
    )
    assert json.loads(labels) == ["rank", "error", None]


def test_what_is_opened_in_a_table_stays_where_rows_come_on_top(scripted):
    def table(*numbers):
        opened = '<tr><td><details id="event-{0}-detail"><summary>{0}</summary>it</details></td></tr>'
        return SECTION.format(
            f'<div class="scroll"><table><tbody>{"".join(map(opened.format, numbers))}</tbody></table></div>'
        )

    scripted.shows(table(2, 1))
    scripted.open()
    scripted.page.click("#event-1-detail summary")
    scripted.shows(table(3, 2, 1), version="v2")
    scripted.later(500)
    assert scripted.page.locator("summary").all_inner_texts() == ["3", "2", "1"]
    assert scripted.page.evaluate("document.getElementById('event-1-detail').open")
