import pytest

from shared.run.logs import LogReader, Progress, parse_progress
from shared.run.report_line import Report

GROUP = "/aws/lambda/f"


@pytest.fixture
def reader(aws):
    return LogReader(aws, {"f": GROUP}, since_ms=0)


def test_lines_go_to_their_invocation_and_the_report_closes_it(aws, reader, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 128, stream="s1") + lines("b", 1, 64, stream="s2")
    reader.read()
    first, second = reader.invocations["a"], reader.invocations["b"]
    assert first.progress == Progress(0, 128, 300)
    assert second.progress == Progress(1, 64, 300)
    assert first.runs == {"run-1"}
    assert first.report == Report("a", 2000.0, 2501, 1769, 210, init_ms=500.4)
    assert first.seconds == 2.0


def test_a_warm_environment_writes_two_invocations_to_one_stream(aws, reader, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 1, stream="s") + lines("b", 0, 2, stream="s", at=1)
    reader.read()
    assert [reader.invocations[name].progress.done for name in "ab"] == [1, 2]


def test_each_line_counts_once_however_often_it_is_read(aws, reader, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 1)
    reader.read()
    reader.read()
    assert len(reader.invocations["a"].lines) == 4


@pytest.mark.parametrize("ids", [True, False])
def test_equal_lines_of_one_millisecond_are_each_read_once_also_without_ids(aws, reader, lines, ids):
    aws.logs.ids = ids
    start, *rest = lines("a", 0, 1)
    said = ("s", start[1], "the same\n")
    aws.logs.groups[GROUP] = [("s", *start[1:]), said, said, *(("s", *line[1:]) for line in rest)]
    reader.read()
    reader.read()
    assert reader.invocations["a"].printed == ["the same", "the same"]


def test_a_line_that_shows_up_late_is_not_lost(aws, reader, lines):
    *early, report = lines("a", 0, 1)
    aws.logs.groups[GROUP] = [*early, *lines("b", 1, 1, at=5)]
    aws.logs.late = [(GROUP, report)]
    reader.read()
    assert reader.invocations["a"].report is None
    reader.read()
    assert reader.invocations["a"].report is not None


def test_reads_go_on_from_the_newest_line_with_a_look_back(aws, reader, lines):
    aws.logs.groups[GROUP] = lines("a", 0, 1, at=0)
    reader.read()
    reader.read()
    newest = aws.logs.groups[GROUP][-1][1]
    assert aws.logs.asked_from == [0, newest - 10_000]


@pytest.mark.parametrize(
    "line",
    ["{not json", "[1, 2]", '{"progress": 3}', '{"progress": {"rank": 1}}', "{}", "INIT_START Runtime Version: x", ""],
)
def test_other_peoples_lines_are_only_kept(aws, reader, line):
    aws.logs.groups[GROUP] = [("s", 1, "before any START"), ("s", 2, "START RequestId: a Version: 1"), ("s", 3, line)]
    reader.read()
    assert reader.invocations["a"].progress is None
    assert reader.invocations["a"].lines[-1] == line


def test_what_the_code_prints_is_told_from_what_lambda_and_progress_say(aws, reader, lines):
    start, progress, end, report = lines("a", 0, 1)
    own = [(start[0], start[1], text) for text in ("one\n", '{"mine": 1}\n', "END of my own\n", "\n")]
    aws.logs.groups[GROUP] = [start, progress, *own, end, report]
    reader.read()
    assert reader.invocations["a"].printed == ["one", '{"mine": 1}', "END of my own", ""]
    assert len(reader.invocations["a"].lines) == 8


def test_a_programs_own_progress_that_is_no_number_is_its_own_affair():
    assert parse_progress('{"progress": {"run_id": "a", "rank": "first", "done": 1, "of": 2}}') is None
    assert parse_progress('{"progress": {"run_id": "a", "rank": 0, "done": null, "of": 2}}') is None


def event(number, message, stream="s"):
    return stream, 1000 + number, f"{message}\n"


def test_what_a_cold_start_wrote_belongs_to_the_invocation_that_follows(aws, reader):
    aws.logs.groups[GROUP] = [
        event(1, "INIT_START Runtime Version: python:3.12"),
        event(2, "loading"),
        event(3, "[ERROR] KeyError: 'b'"),
        event(4, "elsewhere", stream="t"),
    ]
    assert reader.read() == []
    aws.logs.groups[GROUP] += [event(5, "START RequestId: a Version: 1"), event(6, "END RequestId: a")]
    read = reader.read()
    assert [(line.at_ms, line.text) for line in read][:3] == [
        (1002, "loading"),
        (1003, "[ERROR] KeyError: 'b'"),
        (1005, "START RequestId: a Version: 1"),
    ]
    assert reader.invocations["a"].lines[:2] == ["loading", "[ERROR] KeyError: 'b'"]
    assert reader.invocations["a"].raised("KeyError", "'b'")
    assert not reader.invocations["a"].printed


def test_the_end_of_an_invocation_from_before_is_nobodys(aws, reader):
    aws.logs.groups[GROUP] = [
        event(1, "said before we looked"),
        event(2, "END RequestId: old"),
        event(3, "START RequestId: a Version: 1"),
    ]
    reader.read()
    assert reader.invocations["a"].lines == ["START RequestId: a Version: 1"]
