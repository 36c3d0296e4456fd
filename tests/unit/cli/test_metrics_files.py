"""``lanes metrics --csv``: each file is counted to the millisecond, or refused with its line. None is ignored."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.errors import LanesError, UsageError

ROOT = Path(__file__).parents[3]
STREAM = "2024/11/26/[$LATEST]" + "0" * 31


def report(number, between="\t"):
    fields = [
        f"REPORT RequestId: 00000000-0000-4000-8000-00000000000{number}",
        f"Duration: {number}00.25 ms",
        f"Billed Duration: {number}01 ms",
        "Memory Size: 1024 MB",
        f"Max Memory Used: 10{number} MB",
    ]
    return between.join(fields) + between


def quoted(number, separator=",", between="\t"):
    return f'2024-11-26 16:25:1{number}.565{separator}"{report(number, between)}\n"\n'


def platform(number):
    metrics = {"durationMs": number * 100.25, "billedDurationMs": number * 100 + 1, "memorySizeMB": 1024}
    return json.dumps({"type": "platform.report", "record": {"requestId": str(number), "metrics": metrics}}) + "\n"


COUNTED = {
    "commas": "@timestamp,@message\n" + quoted(1) + quoted(2),
    "semicolons": "@timestamp;@message\n" + quoted(1, ";") + quoted(2, ";"),
    "tabs": "@timestamp\t@message\n" + quoted(1, "\t") + quoted(2, "\t"),
    "one space between fields": "@timestamp,@message\n" + quoted(1, between=" ") + quoted(2, between=" "),
    "spaces": "".join(f"2024-11-26 16:25:1{n}.565000+00:00 - {report(n, '       ')}\n" for n in (1, 2)),
    "the stream first": "".join(f"{STREAM}{n} 2024-11-26T16:25:1{n}.565000 {report(n)}\n" for n in (1, 2)),
    "restored": "@timestamp,@message\n" + quoted(1, between="\tRestore Duration: 614.29 ms\t") + quoted(2),
}
REFUSED = {
    "a spreadsheet's times": (f'@timestamp,@message\n11/12/2024 16:25,"{report(1)}\n"\n', 2, "may be of two days"),
    "fields of a query": ("@timestamp,@requestId,@duration,@billedDuration\n2024-11-26,a,1,1\n", 1, "the columns are"),
    "logs as JSON": ("\n" + platform(1), 2, "without Max Memory Used"),
    "logs as JSON in CSV": (
        '@timestamp,@message\n2024-11-26 16:25:10.565,"' + platform(1).replace('"', '""') + '"',
        2,
        "without Max Memory Used",
    ),
    "a report that is cut off": ("x\ny\n" + report(1)[:80], 3, "a REPORT line without"),
}


def run(*words):
    return CliRunner().invoke(app, ["metrics", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "logs.txt"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("form", COUNTED)
def test_a_form_that_is_known_is_counted_to_the_millisecond(form, file):
    told = json.loads(run("--csv", file(COUNTED[form]), "--json").stdout)
    assert told["summary"]["count"] == 2
    assert [row["billed_ms"] for row in told["invocations"]] == [101, 201]
    assert [row["duration_ms"] for row in told["invocations"]] == [100.25, 200.25]


@pytest.mark.parametrize("form", REFUSED)
def test_a_form_that_is_not_is_refused_with_its_line(form, file):
    text, line, said = REFUSED[form]
    with pytest.raises(LanesError, match=rf"logs.txt:{line}: .*{said}") as refused:
        run("--csv", file(text))
    assert refused.value.exit_code == 1
    assert "no invocations" not in str(refused.value)


def test_one_invocation_that_is_lost_among_others_is_refused_too(file):
    with pytest.raises(LanesError, match=r"logs\.txt:3: a REPORT line without"):
        run("--csv", file(f"{report(1)}\n{report(2)}\nREPORT RequestId: c\n"))


def test_a_line_that_tells_of_no_invocation_may_be_damaged(file):
    done = run("--csv", file("@timestamp,@message\n" + quoted(1) + "yesterday,hello\n"))
    assert done.exit_code == 0
    assert "1 bad lines left out" in done.output


@pytest.mark.parametrize("text", ["", "START RequestId: a\nhello\n", "@timestamp,@message\n"])
def test_a_file_without_an_invocation_is_told_as_such(text, file):
    with pytest.raises(LanesError, match="there is no invocation in it") as told:
        run("--csv", file(text))
    assert told.value.exit_code == 1


def test_a_timeout_that_xray_follows_is_one(file):
    text = report(1) + "Status: timeout\nXRAY TraceId: 1-0\tSegmentId: 0\tSampled: true\n"
    told = json.loads(run("--csv", file(f'@timestamp,@message\n2024-11-26 16:25:11.565,"{text}"\n'), "--json").stdout)
    assert told["summary"]["timeouts"] == 1


def test_the_team_that_is_named_must_be_there(file, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = file(report(1))
    with pytest.raises(UsageError, match="nosuchteam"):
        run("nosuchteam", "--csv", path)
    assert json.loads(run("team2", "--csv", path, "--json").stdout)["summary"]["count"] == 1


def test_a_file_of_another_team_has_no_invocation_of_this_one(file, monkeypatch):
    monkeypatch.chdir(ROOT)
    row = f'2024-11-26 16:25:11.565,"{report(1)}",s,123456789012:/aws/lambda/others\n'
    with pytest.raises(LanesError, match="no invocation"):
        run("team2", "--csv", file(f"@timestamp,@message,@logStream,@log\n{row}"))
