"""What every page of these tests is held to finds what it is there for."""

import pytest

from tests.helpers.html_page import problems_of


def page(main):
    return f'<!doctype html><html lang="en"><body><h1 id="title">a</h1>{main}</body></html>'


@pytest.mark.parametrize(
    ("main", "problem"),
    [
        ('<p id="a"></p><p id="a"></p>', "twice"),
        ("<p>one<p>two</p>", "<p> in <p>"),
        ("<p><pre>x</pre></p>", "<pre> in <p>"),
        ("<section><div></section>", "ends no <div>"),
        ("<div>", "ends no <div>"),
        ("<input>", "no label"),
        ('<label for="b">x</label>', "'b', which is not there"),
        ('<a href="#b">x</a>', "'b', which is not there"),
        ("<section data-live></section>", "live, and has no id"),
        ("<table><tr><th>x</th></tr></table>", "no scope"),
        ("<ul><p>x</p></ul><li>x</li>", "<li> in <body>"),
        ('<a href="/"><button>x</button></a>', "<button> in <a>"),
        ("<form><label>x <input></label><form></form></form>", "<form> in <form>"),
        ('<p style="color: red">x</p>', "the policy forbids"),
        ('<img src="/x">', "no alt"),
        ("<h1>b</h1>", "not one <h1>"),
    ],
)  # fmt: skip
def test_a_fault_is_found(main, problem):
    assert any(problem in each for each in problems_of(page(main))), problems_of(page(main))


def test_a_right_page_has_none():
    drawn = '<ul><li>a<svg><a href="/"><path d="M0"/></a></svg></li></ul>'
    right = f'<section id="s" data-live><label>x <input></label>{drawn}</section>'
    assert problems_of(page(right)) == []
