import json

from matplotlib.figure import Figure

from shared.measure.reports.evidence import RunManifest
from shared.measure.reports.read_provenance import read_versions
from shared.measure.reports.report import EMBEDDED, Plot, Report, Section, Table, write_report
from shared.measure.reports.report_run import flat
from tests.helpers.reported_run import evidence, manifest


def test_html_and_markdown_say_the_same_and_text_is_only_text(tmp_path):
    section = Section(
        "What <came> out",
        "a & b",
        drawing='<svg xmlns="http://www.w3.org/2000/svg"/>',
        plots=[Plot("empty", Figure(figsize=(1, 1)), "nothing <much>")],
        tables=[Table("T", ("name", "value"), [("<script>alert(1)</script>", "1|2")], note="a note")],
        code="x < y",
    )
    html, markdown = write_report(Report("run <1>", "now", [("status", "ok")], [section]), tmp_path / "out", manifest())
    page, text = html.read_text(), markdown.read_text()
    assert "<script>" not in page
    assert page.count("<script") == 1  # the block of JSON, which no browser runs
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<svg") == 2
    assert "| <script>alert(1)</script> | 1\\|2 |" in text
    assert "| name | value |\n| --- | ---: |\n" in text
    assert "![nothing <much>](plots/empty.png)" in text
    for part in ("a note", "status"):
        assert part in page
        assert part in text
    assert (tmp_path / "out" / "plots" / "empty.svg").exists()
    assert (tmp_path / "out" / "plots" / "state-machine.svg").exists()


def test_the_file_and_the_block_in_the_page_hold_the_same_and_nothing_in_it_ends_the_block(tmp_path):
    recorded = manifest(evidence(told={"text": "</script><b>&"}))
    html, _ = write_report(Report("r", "now", [], []), tmp_path, recorded)
    block = html.read_text().partition(EMBEDDED)[2].partition("</script>")[0]
    assert "<" not in block
    assert json.loads(block) == json.loads((tmp_path / "report.json").read_text())
    assert json.loads(RunManifest.model_validate_json(block, strict=True).model_dump_json()) == json.loads(block)


def test_versions_name_what_a_result_depends_on():
    assert {"Python", "numpy", "moto"} <= set(read_versions())


def test_nested_figures_have_dotted_names():
    value = {"a": {"b": 1.23456789, "c": None}, "d": [1], "e": ""}
    assert list(flat(value)) == [["a.b", "1.23457"], ["d", "[1]"]]
