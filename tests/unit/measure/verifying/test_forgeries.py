"""Every single number of a report is forged, one at a time, and each time the figure must be named."""

import hashlib
import json
import re

import pytest
from matplotlib.figure import Figure

from shared.config.express import states_of_express_children
from shared.measure.reports.evidence import Contribution, Evidence, Images, RunManifest
from shared.measure.reports.figures import figures_of
from shared.measure.reports.plots_style import element, files_of
from shared.measure.reports.report import EMBEDDED, as_html, as_markdown
from shared.measure.reports.report_run import show_run
from shared.measure.verifying.checks import arithmetic
from shared.measure.verifying.consistent import manifest_findings
from shared.measure.verifying.follows import compare
from shared.measure.verifying.page import markdown_findings, page_findings
from shared.measure.verifying.submission import Unreadable
from tests.helpers.reported_run import PLOT, images, manifest

_NUMBER = re.compile(r"(?<![\w#.-])\d+(?:[.,]\d+)*(?![\w-])")
PLOTS = images()
_SHOWN = re.compile(r">([^<>]*\d[^<>]*)<|aria-label=\"([^\"]*\d[^\"]*)\"")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


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
    if path[:2] == ("evidence", "definition"):
        return finding.figure == "figures.definition_sha256"
    keys = [str(step) for step in path if isinstance(step, str)]
    return keys[-1] in told or keys[-1].removesuffix("_ms").replace("at", "reported_seconds") in told


def test_a_true_report_follows(true, report, page):
    assert manifest_findings(true) == []
    assert list(page_findings(page, report, PLOTS)) == []
    assert list(markdown_findings(as_markdown(report), report)) == []


def told_of(value):
    return {each.figure: each.follows for each in manifest_findings(RunManifest.model_validate(value))}


@pytest.mark.parametrize(
    "name", ["lambda_requests", "storage_gb_seconds", "lambda_gb_seconds", "state_transitions", "s3_puts"]
)
def test_an_amount_of_the_bill_is_counted_again_though_its_dollars_follow(true, name):
    value = true.model_dump(mode="json")
    (item,) = (each for each in value["evidence"]["cost"] if each["name"] == name)
    item |= {"amount": item["amount"] / 2, "usd": item["usd"] / 2}
    assert f"figures.cost.{name}.amount" in told_of(value)


def test_an_item_that_is_in_the_bill_twice_is_named(true):
    value = true.model_dump(mode="json")
    value["evidence"]["cost"].append(value["evidence"]["cost"][0])
    assert "figures.cost" in told_of(value)


def test_express_children_are_billed_by_their_time_and_make_no_transitions(true):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    value = true.model_dump(mode="json")
    work = value["evidence"]["definition"]["States"]["Ranks"]["ItemProcessor"]
    work["ProcessorConfig"] = config
    value["evidence"] |= {"maps": [{"count": 3, "express": True, "logged": 2, "gb_seconds": 0.5}], "transitions": 3}
    changed = RunManifest.model_validate(value)
    found = {each.figure: each.follows for each in arithmetic(changed.evidence, changed.provenance)}
    assert "figures.transitions" not in found
    assert float(found["figures.cost.state_transitions.amount"]) == 3
    assert float(found["figures.cost.express_requests.amount"]) == 3
    assert found["figures.cost.express_gb_seconds.amount"] == "0.75"


CHANGES = {"one more": lambda number: number + 1, "much more": lambda number: number * 1000 + 7}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_number_of_the_file_is_named(true, page, change):
    value = true.model_dump(mode="json")
    paths = [path for path in numbers(value) if path[0] in {"evidence", "figures", "provenance"}]
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


HIDDEN = "<h2>mae 0.0001</h2>"


@pytest.mark.parametrize(
    ("place", "with_what"),
    [
        ("</style>", f"{EMBEDDED}</style>{HIDDEN}<style></script></style>"),
        ('aria-label="State machine"', f'aria-label="State machine{EMBEDDED}">{HIDDEN}<p title="</script>"'),
        ("</body>", f"{EMBEDDED}{HIDDEN}</script></body>"),
    ],
)
@pytest.mark.parametrize("data", ["", "{}"])
def test_a_block_of_figures_hides_nothing_elsewhere(report, data, place, with_what):
    page = as_html(report, data, lambda _: PLOT)
    assert list(page_findings(page, report, PLOTS)) == []
    changed = page.replace(place, with_what, 1)
    assert changed != page
    assert list(page_findings(changed, report, PLOTS))


@pytest.mark.parametrize(
    "plot",
    [
        f"<svg></svg></div>{HIDDEN}<div><svg></svg>",
        f"<svg>{HIDDEN}</svg>",
        f"<svg><!-->{HIDDEN}--></svg>",
        "<svg><text>mae 0.0001</text></svg>",
        "<svg><script>document.title = 9</script></svg>",
        "<svg><g onmouseover='alert(9)'></g></svg>",
        "<svg><style>dd::after { content: '9' }</style></svg>",
        '<svg style="position: fixed"></svg>',
        '<svg style="overflow:visible"></svg>',
    ],
)
def test_a_plot_is_a_drawing_and_no_more_whatever_digest_is_given(report, page, plot):
    changed = page.replace(PLOT, plot)
    assert list(page_findings(changed, report, dict.fromkeys(PLOTS, Images(svg=sha256(plot), png="0" * 64))))


def test_what_matplotlib_draws_is_a_drawing(report):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2], label="a < b & $c$ -- d")
    axes.bar([1, 2], [1, 2], hatch="//")
    axes.hexbin([1, 2, 3], [1, 2, 3])
    axes.imshow([[1, 2], [3, 4]])
    axes.legend()
    svg = element(files_of(figure)[0])
    page = as_html(report, image=lambda _: svg)
    assert list(page_findings(page, report, dict.fromkeys(PLOTS, Images(svg=sha256(svg), png="0" * 64)))) == []


def test_a_page_that_is_large_or_deep_is_read_in_no_more_time_than_its_size_asks(report, page):
    many = 20_000  # with a time that grows by the square, each of these took minutes
    for more in (
        EMBEDDED * many,
        '<figure><div role="img" aria-label=""><svg>' * many,
        "<b>" * many + "</i>" * many,
        "<p>1</p>" * many,
    ):
        assert list(page_findings(page.replace("</body>", f"{more}</body>"), report, PLOTS))
    assert list(markdown_findings(as_markdown(report).replace("\n", "\n1\n" * 200), report))


def texts(value, path=()):
    """Yield the path of every text with a number in *value*."""
    if isinstance(value, str) and re.search(r"\d", value):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from texts(inner, (*path, key))


def another(text):
    """Return *text* with another last digit."""
    *_, last = re.finditer(r"\d", text)
    return f"{text[: last.start()]}{(int(last[0]) + 1) % 10}{text[last.end() :]}"


def test_each_number_in_the_words_and_tables_of_a_section_is_named(true):
    """They follow from the section's figures, so that neither a page nor a run is needed to name them."""
    value = true.model_dump(mode="json")
    paths = [path for path in texts(value["evidence"]["sections"]) if "figures" not in path]
    assert len(paths) > 30
    for path in paths:
        changed = forged(value, ("evidence", "sections", *path), another)
        found = manifest_findings(RunManifest.model_validate_json(json.dumps(changed)))
        told = changed["evidence"]["sections"]
        for step in path:
            told = told[step]
        assert any(json.loads(each.says) == told for each in found if each.says.startswith('"')), path


@pytest.mark.parametrize("name", ["residuals", "residuals-by-magnitude", "outliers"])
def test_the_digest_of_the_bins_is_that_of_the_figures(true, name):
    value = true.model_dump(mode="json")
    value["plots"][name]["csv"] = "f" * 64
    (found,) = manifest_findings(RunManifest.model_validate_json(json.dumps(value)))
    assert (found.figure, found.says) == (f"plots.{name}.csv", "f" * 64)


def test_a_section_that_no_report_has_is_named(true):
    more = Contribution(title="Prizes", text="We won 3.")
    changed = true.model_copy(
        update={"evidence": true.evidence.model_copy(update={"sections": (*true.evidence.sections, more)})}
    )
    assert "evidence.sections.Prizes" in {each.figure for each in manifest_findings(changed)}


def test_a_second_figure_under_the_path_of_a_true_one_is_named(true):
    """A key may hold dots: the page would show both."""
    output = json.loads(true.evidence.run.output)
    told = true.evidence.model_copy(
        update={"run": true.evidence.run.model_copy(update={"output": json.dumps({"quality.mae": 0.0001, **output})})}
    )
    changed = true.model_copy(update={"evidence": told})
    assert manifest_findings(changed) != []
    changed = changed.model_copy(update={"figures": figures_of(told, true.provenance)})
    again = [true, true.model_copy(), true.model_copy()]
    assert compare(changed, again).findings != ()


def test_the_transitions_of_express_children_are_in_no_bill(true):
    """Their visits are told, and a true report of them follows."""
    told = true.model_dump(mode="json")["evidence"]
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    told["definition"]["States"]["Ranks"]["ItemProcessor"]["ProcessorConfig"] = config
    assert list(states_of_express_children(told["definition"])) == ["Work"]
    told["transitions"] = 3
    found = {each.figure for each in arithmetic(Evidence.model_validate_json(json.dumps(told)), true.provenance)}
    assert found == {"figures.cost.state_transitions.amount"}  # the bill of the same run has those of standard ones
    told["maps"] = [{"count": 3, "express": True, "logged": 3, "gb_seconds": 0.5}]
    found = {each.figure for each in arithmetic(Evidence.model_validate_json(json.dumps(told)), true.provenance)}
    assert {"figures.cost.express_requests.amount", "figures.cost.express_gb_seconds.amount"} <= found


def test_the_title_of_a_page_is_named(report, page):
    (found,) = page_findings(page.replace("<title>team2", "<title>team3", 1), report, PLOTS)
    assert (found.figure, found.says) == ("page: title", "team3: a run of cosmic")
