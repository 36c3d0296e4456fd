"""A sweep of the sample survey, its report, its metrics and its cost, by real commands against one cloud."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def swept(aws, root, folder):
    """What a sweep of four cells says, by a command in a process of its own."""
    axes = ["--world-size", "1,2", "--batch-size", "64,128", "--repeat", "1"]
    command = [sys.executable, "-m", "shared.cli", "sweep", "team2", "cosmic", *axes, "--out", str(folder), "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def newest(swept, folder):
    """The record of the last cell on two ranks."""
    records = map(json.loads, (folder / "cells.jsonl").read_text().splitlines())
    return [record for record in records if record["axes"]["world_size"] == 2][-1]


def test_every_configuration_is_measured_once_and_for_good(swept, lanes, folder):
    points = swept["configurations"]
    assert [point["axes"] for point in points] == [
        {"world_size": world, "batch_size": batch} for world in (1, 2) for batch in (64, 128)
    ]
    assert all(point["figures"]["wall_seconds"]["median"] > 0 for point in points)
    assert all(point["figures"]["cost_usd"]["median"] > 0 for point in points)
    assert all(point["figures"]["memory_mb"]["median"] > 50 for point in points)
    assert [point["speedup"] for point in points[:2]] == [1.0, 1.0]
    journal = (folder / "cells.jsonl").read_text()
    assert len(journal.splitlines()) == 4
    again = lanes(
        "sweep", "team2", "cosmic", "--world-size", "1,2", "--batch-size", "64,128", "--repeat", "1", "--out", folder
    )
    assert again.code == 0
    assert "4 of 4 cells are in" in again.err
    assert "average by world size" in again.out
    assert "\nfastest: world size " in again.out
    assert "ran once only" in again.out
    assert swept["recommended"]["cheapest"]["axes"] in [point["axes"] for point in points]
    assert (folder / "cells.jsonl").read_text() == journal


def test_the_csv_files_are_for_notebooks(swept, folder):
    with (folder / "cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {row["records"] for row in rows} == {"1250"}
    assert (folder / "summary.csv").read_text().count("\n") == 5


def test_a_value_the_card_does_not_allow_is_refused_before_anything_runs(lanes, folder):
    result = lanes("sweep", "team2", "cosmic", "--world-size", "1,0", "--out", folder / "other")
    assert result.code == 2
    assert "world_size" in result.err
    assert not (folder / "other").exists()


def test_metrics_join_states_and_ranks_by_request_id(newest, lanes):
    result = lanes("metrics", "team2", newest["run_id"], "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    joined = {(row["state"], row["rank"]) for row in said["invocations"]}
    assert {("Inference", 0), ("Inference", 1), ("Init", None), ("Summarize", None)} <= joined
    assert all(row["state"] for row in said["invocations"])
    assert said["bad_lines"]["count"] == 0
    assert "cold starts" in lanes("metrics", "team2").out


def test_cost_of_a_run_is_that_of_the_sweep(newest, lanes):
    result = lanes("cost", "team2", newest["run_id"], "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    assert said["usd"] == pytest.approx(newest["cost_usd"])
    amounts = {item["name"]: item["amount"] for item in said["items"]}
    assert amounts["lambda_requests"] >= 4
    assert amounts["state_transitions"] >= 7
    whole = json.loads(lanes("cost", "team2", "--json").out)
    assert whole["total"]["usd"] >= said["usd"]
    assert newest["run_id"] in {run["run"] for run in whole["runs"]}


PROBE = """<script>addEventListener("load", () => parent.postMessage(
  [name, innerWidth, document.documentElement.scrollWidth, document.querySelectorAll("svg").length], "*"))</script>"""
GATHER = """<!doctype html><pre id="seen"></pre>%s<script>addEventListener("message", (message) => {
  document.getElementById("seen").append(message.data.join(" ") + "\\n") })</script>"""


@pytest.fixture
def look(tmp_path):
    """Return a function that opens pages in a browser, each 1280 and 400 pixels wide, and says what it saw."""
    browser = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if browser is None:
        pytest.skip("no Chromium on this machine: reports were not looked at")

    def open_pages(*pages):
        frames = ""
        for number, page in enumerate(pages):
            copy = tmp_path / f"{number}.html"
            copy.write_text(page.read_text().replace("</head>", f"{PROBE}</head>"))
            frames += "".join(
                f'<iframe name="{number}" src="{copy.name}" width="{w}" height="600"></iframe>' for w in (1280, 400)
            )
        (tmp_path / "all.html").write_text(GATHER % frames)
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--virtual-time-budget=9000",
        ]
        alone = [f"--user-data-dir={tmp_path / 'browser'}", "--host-resolver-rules=MAP * ~NOTFOUND"]
        command = [browser, *options, *alone, "--dump-dom", f"file://{tmp_path}/all.html"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        seen = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
        return said, sorted(tuple(map(int, line.split())) for line in seen[1].splitlines())

    return open_pages


def test_reports_fit_a_screen_and_a_telephone_without_network_or_errors(newest, lanes, folder, tmp_path, look):
    pages = []
    for subject in (newest["run_id"], folder):
        result = lanes("report", "team2", subject, "--out", tmp_path / f"report-{len(pages)}", "--json")
        assert result.code == 0, result.err
        pages.append(Path(json.loads(result.out)["html"]))
    said, seen = look(*pages)
    assert said == []
    assert [(number, width) for number, width, _, _ in seen] == [(0, 400), (0, 1280), (1, 400), (1, 1280)]
    assert all(scroll <= width for _, width, scroll, _ in seen), seen
    assert {(number, drawings) for number, _, _, drawings in seen} == {(0, 6), (1, 4)}
    for page in pages:
        assert not re.search(r"""(src|href)=["']?https?:|url\(["']?https?:|@import""", page.read_text())


def test_a_run_that_failed_has_a_report_that_says_why(aws, lanes, tmp_path):
    failed = lanes("run", "team2", "cosmic", "--data-prefix", "nothing-here", "--json")
    assert failed.code == 1
    run_id = json.loads(failed.out)["run_id"]
    result = lanes("report", "team2", run_id, "--out", tmp_path / "report")
    assert result.code == 0, result.err
    text = (tmp_path / "report" / "report.md").read_text()
    assert "**status**: FAILED" in text
    assert "FAILED at state Init\nNoData: " in text
    drawing = (tmp_path / "report" / "plots" / "state-machine.svg").read_text()
    assert "<title>Init: failed" in drawing
    assert "<title>Summarize: not reached" in drawing
