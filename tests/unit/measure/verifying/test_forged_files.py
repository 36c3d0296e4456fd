"""What lies beside a report's page is forged, file by file, and the report of a sweep number by number."""

import json
import re
from datetime import UTC, datetime

import pytest

from shared.measure.reports.evidence import Contribution, Images, RunManifest, SweepManifest
from shared.measure.reports.figures import figures_of
from shared.measure.reports.redshift_sample import gather
from shared.measure.reports.redshifts import show_redshifts
from shared.measure.reports.report import as_html, as_markdown, write_report
from shared.measure.reports.report_run import show_run
from shared.measure.reports.report_sweep import report_sweep, sweep_figures
from shared.measure.verifying.consistent import judge_alone, manifest_findings
from shared.measure.verifying.page import markdown_findings, page_findings
from shared.measure.verifying.submission import Unreadable, find_submissions
from tests.helpers.reported_run import evidence, provenance
from tests.unit.measure.reports.test_redshifts import survey
from tests.unit.measure.verifying.test_forgeries import forged, numbers


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """The folder of a true report whose redshifts are drawn."""
    section = show_redshifts(gather([survey(600)]))
    told = evidence().model_copy(update={"sections": (Contribution.of(section),)})
    of = provenance(versions={"matplotlib": "another"})  # so that no drawing is made again, which takes long
    report = show_run(told, of, {section.title: section})
    images = {plot.name: Images.of(plot.digests) for plot in report.plots}
    recorded = RunManifest(evidence=told, provenance=of, figures=figures_of(told, of), plots=images)
    folder = tmp_path_factory.mktemp("handed-in") / "ann"
    write_report(report, folder, recorded)
    return folder


def judged(folder):
    (found,), _ = find_submissions(folder)
    return judge_alone(found)[1]


def test_a_true_report_with_redshifts_follows_as_a_folder_and_as_a_page_alone(handed_in, tmp_path):
    assert judged(handed_in) == []
    page = tmp_path / "ann.html"
    page.write_bytes((handed_in / "report.html").read_bytes())
    assert judged(page) == []


def test_each_number_of_the_plots_data_is_named_by_its_file(handed_in):
    files = sorted((handed_in / "plots").glob("*.csv"))
    assert [path.stem for path in files] == ["outliers", "redshift", "residuals-by-magnitude", "residuals"]
    for path in files:
        _forged(path, rb"\d+", most=8, folder=handed_in)


def test_each_drawing_beside_the_page_is_named_by_its_file(handed_in):
    files = sorted((handed_in / "plots").glob("*.svg"))
    assert len(files) == 6
    for path in files:
        _forged(path, rb"\d+(?=[^>]*</|\.\d* [\d.]+ )", most=2, folder=handed_in)


def _forged(path, pattern, *, most, folder):
    true = path.read_bytes()
    found = [*re.finditer(pattern, true)]
    assert found, path
    try:
        for number in found[:: max(1, len(found) // most)]:
            other = str((int(number[0]) + 1) % 10 or 3).encode()
            path.write_bytes(true[: number.start()] + other + true[number.end() :])
            assert f"plots/{path.name}" in {each.figure for each in judged(folder)}
    finally:
        path.write_bytes(true)


def record(world, repeat, seconds):
    ranks = [[rank, 600 // world, seconds / 2, None] for rank in range(world)]
    return {
        "key": f"{world}/{repeat}", "status": "SUCCEEDED", "axes": {"world_size": world}, "repeat": repeat,
        "records": 600, "ranks": ranks, "wall_seconds": seconds, "wall_throughput": 600 / seconds,
        "aggregate_throughput": sum(rank[1] / rank[2] for rank in ranks), "memory_mb": 100, "cost_usd": 0.001,
        "cold_starts": 0, "measured_at": "2026-11-30T12:00:00+00:00",
    }  # fmt: skip


@pytest.fixture(scope="module")
def sweep():
    records = [record(world, repeat, (8 + 0.1 * repeat) / world) for repeat in (1, 2, 3) for world in (1, 2)]
    made = datetime(2026, 11, 30, 13, tzinfo=UTC)
    return SweepManifest(
        title="team2: a sweep", made=made, versions={}, records=records, figures=sweep_figures(records), plots={}
    )


def test_each_number_of_a_sweeps_file_is_named(sweep):
    assert manifest_findings(sweep) == []
    value = sweep.model_dump(mode="json")
    paths = [path for path in numbers(value) if path[0] in {"records", "figures"}]
    assert len(paths) > 150
    missed = []
    for path in paths:
        changed = SweepManifest.model_validate_json(json.dumps(forged(value, path, lambda number: number + 1)))
        try:
            found = manifest_findings(changed)
        except Unreadable:
            continue
        where = [str(step) for step in path]
        told = ["figures", "runs", *where[1:]] if where[0] == "records" else where
        if ".".join(told) not in {each.figure for each in found}:
            missed.append((path, found[:2]))
    assert missed == []


def test_each_number_of_a_sweeps_pages_is_named(sweep):
    report = report_sweep(sweep.records, sweep.title, sweep.made, {})
    page, text = as_html(report, image=lambda _: "<svg></svg>"), as_markdown(report)
    begin = page.index("<body>")
    places = list(re.finditer(r"(?<=<td>)[\d.]+(?=</td>)|(?<=\"right\">)[\d.]+(?=</td>)", page))
    assert len(places) > 30
    for number in places:
        assert number.start() > begin
        changed = f"{page[: number.start()]}9{number[0]}{page[number.end() :]}"
        found = [*page_findings(changed, report, {})]
        assert any(each.says == f"9{number[0]}" for each in found)
    for number in re.finditer(r"(?<=\| )[\d.]+(?= \|)", text):
        changed = f"{text[: number.start()]}9{number[0]}{text[number.end() :]}"
        (found,) = markdown_findings(changed, report)
        assert f"| 9{number[0]} |" in found.says
