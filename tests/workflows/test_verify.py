"""Thirty submissions, graded in one command: true reports of real runs, and forgeries of every kind."""

import json
import shutil

import pytest

from shared.measure.reports.evidence import RunManifest
from shared.measure.reports.figures import figures_of
from shared.measure.reports.report import write_report
from shared.measure.reports.report_run import show_run

pytestmark = pytest.mark.workflow


@pytest.fixture
def reports(lanes, tmp_path):
    """Reports of a run of cosmic and of one of the list, in a folder for each."""
    made = {}
    for team, words in {"team2": ("cosmic", "--world-size", 2), "topics": ("item-map",)}.items():
        ran = lanes("run", team, *words, "--json")
        assert ran.code == 0, ran.err
        made[team] = tmp_path / "made" / team
        written = lanes("report", team, json.loads(ran.out)["run_id"], "--out", made[team])
        assert written.code == 0, written.err
    return made


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def forge(folder, change):
    """Change what a report rests on, and make everything else follow from that, as a careful forger would."""
    value = json.loads((folder / "report.json").read_text())
    change(value)
    told = RunManifest.model_validate_json(json.dumps(value))
    told = told.model_copy(update={"figures": figures_of(told.evidence, told.provenance)})
    write_report(show_run(told.evidence, told.provenance), folder, told)


def better(value):
    output = json.loads(value["evidence"]["run"]["output"])
    output["quality"]["mae"] /= 2
    value["evidence"]["run"]["output"] = json.dumps(output)


def other_code(value):
    name = next(name for name in value["provenance"]["code"] if name.endswith("quality.py"))
    value["provenance"]["code"][name] = "0" * 64


def other_data(value):
    value["provenance"]["data"][0]["sha256"] = "0" * 64


def test_thirty_submissions_in_one_command(lanes, reports, tmp_path):
    place = tmp_path / "submissions"
    for number in range(12):
        shutil.copytree(reports["team2"], place / f"galaxies-{number:02}")
        shutil.copytree(reports["topics"], place / f"topics-{number:02}")
    shutil.copytree(reports["team2"], place / "page-forged")
    mae = json.loads((place / "page-forged" / "report.json").read_text())["figures"]["output"]["quality"]["mae"]
    edit(place / "page-forged" / "report.html", f"quality.mae</td><td>{mae:.6g}", "quality.mae</td><td>0.000123")
    shutil.copytree(reports["topics"], place / "json-forged")
    edit(place / "json-forged" / "report.json", '"billed_ms": ', '"billed_ms": 9')
    for name, change in {"output-forged": better, "other-code": other_code, "other-data": other_data}.items():
        forge(shutil.copytree(reports["team2"], place / name), change)
    (place / "broken").mkdir()
    (place / "broken" / "report.json").write_text("{")

    graded = lanes("verify", place, "--json", "--times", 2)
    verdicts = {each["name"]: each for each in json.loads(graded.out)}

    assert graded.code == 1
    assert len(verdicts) == 30
    true = [name for name in verdicts if name.startswith(("galaxies", "topics"))]
    assert {verdicts[name]["outcome"] for name in true} == {"verified"}, [verdicts[name] for name in true]
    assert verdicts["broken"]["outcome"] == "cannot be read"
    page = verdicts["page-forged"]["findings"]
    assert [(each["says"], each["follows"]) for each in page] == [("0.000123", f"{mae:.6g}")]
    assert "quality.mae" in page[0]["figure"]
    assert any("billed_ms" in each["figure"] for each in verdicts["json-forged"]["findings"])
    assert "figures.output.quality.mae" in {each["figure"] for each in verdicts["output-forged"]["findings"]}
    assert "quality.py" in verdicts["other-code"]["why"]
    assert verdicts["other-data"]["why"].startswith("its data is not here: datasets/")
    assert graded.err.count("run 1 of 2") == 2  # one for all of cosmic, one for all of the list


def test_without_a_run_reports_are_held_to_themselves(lanes, reports):
    found = lanes("verify", reports["topics"], "--no-run")
    assert found.code == 0, found.out
    assert "consistent" in found.out
