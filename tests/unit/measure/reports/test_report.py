from matplotlib.figure import Figure

from shared.measure.reports.report import Plot, Report, Section, Table, versions, write_report
from shared.measure.reports.report_run import flat


def test_html_and_markdown_say_the_same_and_text_is_only_text(tmp_path):
    section = Section(
        "What <came> out",
        "a & b",
        drawing='<svg xmlns="http://www.w3.org/2000/svg"/>',
        plots=[Plot("empty", Figure(figsize=(1, 1)), "nothing <much>")],
        tables=[Table("T", ("name", "value"), [("<script>alert(1)</script>", "1|2")], note="a note")],
        code="x < y",
    )
    html, markdown = write_report(Report("run <1>", "now", [("status", "ok")], [section]), tmp_path / "out")
    page, text = html.read_text(), markdown.read_text()
    assert "<script>" not in page
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


def test_versions_name_what_a_result_depends_on():
    assert {"Python", "numpy", "moto"} <= {row[0] for row in versions().rows}


def test_nested_figures_have_dotted_names():
    value = {"a": {"b": 1.23456789, "c": None}, "d": [1], "e": ""}
    assert list(flat(value)) == [["a.b", "1.23457"], ["d", "[1]"]]
