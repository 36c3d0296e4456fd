import json

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.errors import UsageError


def run(*words):
    return CliRunner().invoke(app, ["predict", *words], env={"COLUMNS": "200", "NO_COLOR": "1"})


def test_sizes_beyond_what_was_measured_say_so():
    done = run("cosmic", "--records", "51130000", "--world-size", "100", "--world-size", "10000", "--json")
    assert done.exit_code == 0
    said = json.loads(done.output)
    assert [each["world_size"] for each in said["predictions"]] == [100, 10000]
    assert said["recommended"] is None
    assert said["fit"]["error"] < 0.2


def test_a_row_fits_80_columns_and_the_headings_are_explained():
    done = CliRunner().invoke(
        app,
        ["predict", "cosmic", "--records", "51130000", "--world-size", "1000", "--deadline", "900"],
        env={"COLUMNS": "80"},
    )
    table, _, rest = done.output.partition("\n(")
    heading, first, chosen = table.splitlines()
    assert heading.split() == ["ranks", "batch", "memory", "time", "9", "in", "10", "cost", "a", "rank"]
    assert first.rstrip().endswith("extrapolated")
    assert chosen.rstrip().endswith("recommended, extrapolated")
    assert all(word in rest for word in ("a rank: ", "9 in 10: ", "in seconds", "in MB"))


def test_what_meeting_over_fmi_adds_is_told_and_what_cannot_meet():
    words = ("cosmic", "--records", "1000000", "--world-size", "128", "--world-size", "1100", "--world-size", "9000")
    lines = run(*words).output.splitlines()
    assert any(line.startswith("with fmi_enabled, 128 ranks join in ") and " 832 pairings" in line for line in lines)
    assert any(
        "1,100 ranks are refused: they wait for each other, and the account runs 1,000" in line for line in lines
    )
    assert any("9,000 ranks are refused: the rendezvous carries " in line for line in lines)
    said = json.loads(run(*words, "--json").output)["predictions"]
    assert said[0]["joining"]["pairings"] == 832
    assert {"seconds", "server_cpu", "server_share", "waited", "usd", "carried"} <= said[0]["joining"].keys()


def test_outside_of_a_project_nothing_is_known_of_the_server(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "nothing is known of the server's cpu" in run("cosmic", "--records", "1000000", "--world-size", "8").output


def test_a_deadline_is_kept_with_the_models_own_error():
    said = json.loads(run("cosmic", "--records", "1000000", "--deadline", "300", "--json").output)
    assert said["recommended"]["seconds"] < said["recommended"]["high"] <= 300


def test_the_held_out_runs_are_told_measured_and_predicted():
    done = run("cosmic", "--held-out")
    assert done.exit_code == 0
    rows = {line.split()[0]: line.split() for line in done.output.splitlines()[1:10]}
    assert rows["1TB"][1:5] == ["10,485", "3", "221..247", "242.6"]
    assert rows["983GB"][-3:] == ["3", "of", "3"]
    assert "1TB (ranks by the order of the results): starting the Map's children dominates" in done.output
    said = json.loads(run("cosmic", "--held-out", "--json").output)["held_out"]
    assert {each["label"] for each in said} >= {"1TB", "100GB", "983GB"}
    assert all(abs(each["error"]) < 0.25 for each in said if each["label"] != "2GB")
    assert said[-1]["dominates"] == "children"


def test_a_terabyte_as_the_authors_ran_it_is_what_they_measured():
    words = ("--records", "53609805", "--world-size", "10485", "--concurrency", "10000", "--way", "field", "--json")
    (found,) = json.loads(run("cosmic", *words).output)["predictions"]
    assert all(found["low"] < seconds < found["high"] for seconds in (220.97, 242.6, 246.87))
    assert found["seconds"] == pytest.approx(242.6, rel=0.25)
    assert sum(found["parts"].values()) == pytest.approx(found["seconds"])
    assert (found["dominates"], found["extrapolated"]) == ("children", True)


def test_several_fits_are_fitted_together_and_say_from_how_many_runs(tmp_path):
    lines = []
    for world in (1, 2, 4, 8):
        for records in (1000, 4000):
            cell = {"axes": {"world_size": world}, "status": "SUCCEEDED", "repeat": 1, "memory_size_mb": 1769}
            took = {"records": world * records, "wall_seconds": 2 + 0.01 * world + 0.005 * records, "ranks": []}
            lines.append(json.dumps({**cell, **took, "key": f"{world}/{records}"}) + "\n")
    for name, half in (("a", lines[::2]), ("b", lines[1::2])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cells.jsonl").write_text("".join(half))
    fits = ("--fit", str(tmp_path / "a"), "--fit", str(tmp_path / "b"))
    said = json.loads(run("cosmic", "--records", "8000", "--world-size", "2", *fits, "--json").output)
    assert (said["fit"]["measurements"], said["fit"]["held_out"]) == (4, 4)
    assert said["read"] == [f"4 runs of the sweep in {tmp_path}/{name}" for name in "ab"]
    assert said["predictions"][0]["seconds"] == pytest.approx(22, rel=0.05)
    told = run("cosmic", "--records", "8000", "--world-size", "2", *fits).output
    assert "ms (from 4 runs), a batch 0 ms" in told


def test_without_records_there_is_nothing_to_predict():
    with pytest.raises(UsageError, match="not said how many records"):
        CliRunner().invoke(app, ["predict", "cosmic"], catch_exceptions=False)


def test_what_cannot_be_kept_fails_and_names_what_can():
    done = run("cosmic", "--records", "51130000", "--budget", "1", "--json")
    assert done.exit_code == 1
    assert "the cheapest:" in done.output


def test_another_workflow_has_no_model():
    with pytest.raises(UsageError, match="no model of wssr"):
        CliRunner().invoke(app, ["predict", "wssr", "--records", "1"], catch_exceptions=False)
