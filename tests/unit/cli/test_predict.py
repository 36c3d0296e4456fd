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


def test_what_cannot_be_kept_fails_and_names_what_can():
    done = run("cosmic", "--records", "51130000", "--budget", "1", "--json")
    assert done.exit_code == 1
    assert "the cheapest:" in done.output


def test_another_workflow_has_no_model():
    with pytest.raises(UsageError, match="no model of wssr"):
        CliRunner().invoke(app, ["predict", "wssr", "--records", "1"], catch_exceptions=False)
