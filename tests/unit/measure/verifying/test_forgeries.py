"""Every single number of a report is forged, one at a time, and each time the figure must be named."""

import json
import re

import pytest

from shared.measure.reports.evidence import RunManifest
from shared.measure.reports.report import as_html, as_markdown
from shared.measure.reports.report_run import show_run
from shared.measure.verifying.consistent import manifest_findings
from shared.measure.verifying.page import markdown_findings, page_findings
from shared.measure.verifying.submission import Unreadable
from tests.helpers.reported_run import PLOT, images, manifest

_NUMBER = re.compile(r"(?<![\w#.-])\d+(?:[.,]\d+)*(?![\w-])")
PLOTS = images()
_SHOWN = re.compile(r">([^<>]*\d[^<>]*)<|aria-label=\"([^\"]*\d[^\"]*)\"")


@pytest.fixture(scope="module")
def true():
    return manifest()


@pytest.fixture(scope="module")
def report(true):
    return show_run(true.evidence, true.provenance)


@pytest.fixture(scope="module")
def page(report):
    return as_html(report, image=lambda _: PLOT)


def numbers(value, path=()):
    """Yield the path of every number in *value*."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from numbers(inner, (*path, place))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def forged(value, path, change):
    """Return *value* with the number at *path* changed."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = change(inner[path[-1]])
    return copy


def names(finding, path):
    """Whether *finding* names the number at *path*: by its last key, or by an item's place and a name of its own."""
    told = f"{finding.figure} {finding.says} {finding.follows} {finding.why}"
    keys = [str(step) for step in path if isinstance(step, str)]
    return keys[-1] in told or keys[-1].removesuffix("_ms").replace("at", "reported_seconds") in told


def test_a_true_report_follows(true, report, page):
    assert manifest_findings(true) == []
    assert list(page_findings(page, report, PLOTS)) == []
    assert list(markdown_findings(as_markdown(report), report)) == []


CHANGES = {"one more": lambda number: number + 1, "much more": lambda number: number * 1000 + 7}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_number_of_the_file_is_named(true, page, change):
    value = true.model_dump(mode="json")
    paths = [path for path in numbers(value) if path[0] in {"evidence", "figures", "provenance"}]
    paths = [path for path in paths if path[:2] != ("evidence", "definition")]
    assert len(paths) > 200
    missed = []
    for path in paths:
        try:
            changed = RunManifest.model_validate_json(json.dumps(forged(value, path, change)))
            found = manifest_findings(changed)
        except Unreadable:
            continue  # so large a number that no figure follows: it is refused
        if path[-1] == "numbers":  # where a table's columns of numbers begin: the page has them elsewhere then
            found = list(page_findings(page, show_run(changed.evidence, changed.provenance), PLOTS))
            assert [each.figure for each in found] == ["page: markup"]
        elif not any(names(each, path) for each in found):
            missed.append((path, found[:3]))
    assert missed == []


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("text", ["input", "output"])
def test_each_number_of_input_and_output_is_named(true, text, change):
    value = true.model_dump(mode="json")
    told = json.loads(value["evidence"]["run"][text])
    for path in numbers(told):
        value["evidence"]["run"][text] = json.dumps(forged(told, path, change))
        found = manifest_findings(RunManifest.model_validate_json(json.dumps(value)))
        assert f"figures.{text}.{'.'.join(map(str, path))}" in {each.figure for each in found}


def test_each_number_of_the_page_is_named(report, page):
    places = [
        (shown.start(shown.lastindex) + number.start(), number[0])
        for shown in _SHOWN.finditer(page, page.index("<body>"))
        for number in _NUMBER.finditer(shown[shown.lastindex])
        if shown[1] != "12 bars"
    ]
    assert len(places) > 100
    for start, number in places:
        other = str(int(number[0]) + 1 if number[0] != "9" else 1) + number[1:]
        changed = page[:start] + other + page[start + len(number) :]
        found = list(page_findings(changed, report, PLOTS))
        assert any(other in each.says and number in each.follows for each in found), (number, found)


def test_a_plot_is_known_by_its_digest(report, page):
    (found,) = page_findings(page.replace("12 bars", "13 bars", 1), report, PLOTS)
    assert found.figure == "page: Timeline, plot"
    assert found.follows == f"SHA-256 {PLOTS['timeline'].svg}"


def test_what_is_added_to_a_page_is_named(report, page):
    changed = page.replace("</dl>", "<div><dt>mae</dt><dd>0.0001</dd></div></dl>")
    assert {(each.says, each.follows) for each in page_findings(changed, report, PLOTS)} == {
        ("mae", "(absent)"),
        ("0.0001", "(absent)"),
    }


def test_a_page_that_draws_other_numbers_by_its_style_is_named(report, page):
    changed = page.replace("</style>", "dd::after { content: '9' }</style>")
    assert [each.figure for each in page_findings(changed, report, PLOTS)] == ["page: markup"]


def test_each_line_of_the_markdown_is_named(report):
    text = as_markdown(report)
    (found,) = markdown_findings(text.replace("| world_size | 3 |", "| world_size | 30 |"), report)
    assert (found.says, found.follows) == ("| world_size | 30 |", "| world_size | 3 |")
