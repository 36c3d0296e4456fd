import json
import tracemalloc
from datetime import UTC, datetime
from types import SimpleNamespace

from shared.measure.observed.collect_invocations import collect_files, collect_named
from shared.measure.observed.exports import LogLine, read_export
from shared.measure.observed.invocations import summarize
from shared.measure.observed.trace import Visit


def progress(rank, run="run-1"):
    return json.dumps({"progress": {"run_id": run, "rank": rank, "done": 1, "of": 2}}) + "\n"


def test_the_real_export_to_the_millisecond(published, table):
    collect_files(table, sorted((published / "cloudwatch").glob("*.csv")))
    rows = list(table.rows())
    billed = sorted((row.report.billed_ms for row in rows), reverse=True)
    assert billed == [13836, 12906, 12796, 12602, 12574, 12395, 12245, 11956, 11291, 10951]
    summary = summarize(rows)
    assert (summary.count, summary.cold_starts, summary.billed_total_ms) == (10, 10, 123552)
    assert (summary.duration_max, summary.used_max_mb, summary.memory_mb) == (12606.91, 2866, 10240)
    assert summary.tracebacks == 10  # the read-only file system that their scripts ran into
    assert table.problems.count == 0


def test_lines_go_to_the_next_report_of_their_stream_in_any_order(table, insights, report):
    events = [
        (1.0, progress(0), "s1"),
        (1.1, progress(1), "s2"),
        (2.0, report("a"), "s1"),
        (2.0, progress(2), "s2"),
        (2.1, report("b"), "s2"),
        (3.0, progress(3), "s1"),
        (3.0, "[ERROR] ValueError: no\nTraceback", "s1"),
        (3.1, report("c", tail=""), "s1"),
        (9.0, progress(4), "s1"),
    ]
    collect_files(table, [insights(*reversed(events))])
    rows = list(table.rows())
    assert [(row.report.request_id, row.rank, row.failed) for row in rows] == [
        ("a", 0, False),
        ("b", 2, False),
        ("c", 3, True),
    ]
    assert {row.run for row in rows} == {"run-1"}
    assert list(table.rows("another")) == []


def test_an_error_and_its_traceback_in_one_event_count_as_both(table, report):
    text = "[ERROR] ValueError: no\nTraceback (most recent call last):\n  File ..."
    table.add([LogLine(1, text, "s"), LogLine(2, report("a"), "s")], "x")
    (row,) = table.rows()
    assert (row.failed, row.traceback) == (True, True)


def test_without_streams_nothing_is_guessed(table, report):
    table.add([LogLine(1, progress(0)), LogLine(2, report("a"))], "x")
    (row,) = table.rows()
    assert row.rank is None


def test_a_history_goes_before_the_logs(table, report):
    table.add([LogLine(1, progress(0), "s"), LogLine(2, report("a"), "s")], "x")
    table.join("run-2", [Visit("Inference", "Task", 7, datetime.now(UTC), requests=["a"])])
    (row,) = table.rows("run-2")
    assert (row.state, row.rank) == ("Inference", 7)


def test_overlapping_exports_count_once(table, insights, report):
    path = insights((1, report("a"), "s"))
    collect_files(table, [path, path])
    assert len(list(table.rows())) == 1
    assert table.repeated == 1


class LateLogs:
    """CloudWatch that shows one more line each time it is read."""

    def __init__(self, *messages):
        self._events = [
            {"timestamp": at, "message": message, "logStreamName": "s"} for at, message in enumerate(messages)
        ]
        self._shown = 0

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        self._shown += 1
        return [{"events": self._events[: self._shown]}]


def test_looking_again_for_a_late_line_repeats_none(table, report):
    logs = LateLogs(report("a"), report("b"), report("late"))
    now = datetime.now(UTC)
    found = SimpleNamespace(run=SimpleNamespace(id="run-1"), started=now, stopped=None)
    table.join("run-1", [Visit("A", "Task", None, now, requests=["a", "b", "late"])])
    cloud = SimpleNamespace(logs=logs)
    rows = collect_named(table, cloud, found, ["group"], {"a", "b", "late"}, sleep=lambda _: None)
    assert ({row.report.request_id for row in rows}, table.repeated) == ({"a", "b", "late"}, 0)


def test_damaged_reports_are_counted_and_shown(table, insights, report):
    path = insights((1, report("a")[:60], "s"), (2, report("b"), "s"))
    collect_files(table, [path])
    assert [row.report.request_id for row in table.rows()] == ["b"]
    assert table.problems.count == 1
    assert "without" in table.problems.examples[0]


def test_the_summary(table, report):
    lines = [LogLine(at, report(str(at), duration=10.0 * at, billed=10 * at, tail=""), "s") for at in range(1, 101)]
    lines.append(LogLine(200, "2026-01-01T00:00:00Z x Task timed out after 3.00 seconds\n", "t"))
    lines.append(LogLine(200, report("late", duration=3000, billed=3000, used=1769, tail="Status: timeout\t"), "t"))
    lines.append(LogLine(300, report("ill", duration=1, billed=1, tail="Status: error\tError Type: X\t"), "u"))
    table.add(lines, "x")
    summary = summarize(table.rows())
    assert (summary.count, summary.timeouts, summary.errors, summary.cold_starts) == (102, 1, 1, 0)
    assert (summary.duration_p50, summary.duration_p95, summary.duration_max) == (500.0, 960.0, 3000.0)
    assert summary.duration_min == 1.0
    assert summary.headroom == 0.0
    assert summary.init_p50 is None
    assert summary.gb_seconds == (50500 + 3000 + 1) / 1000 * 1769 / 1024


def test_no_invocations_have_no_summary(table):
    assert summarize(table.rows()) is None


def test_memory_does_not_grow_with_the_log(table, report):
    def lines(count):
        return (LogLine(at, report(f"request {at}"), f"s{at}") for at in range(1, count))

    def peak(count):
        tracemalloc.start()
        table.add(lines(count), "x")
        assert summarize(table.rows()).count == count - 1
        (_, most) = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = peak(500), peak(5_000)
    assert many < few + 5_000 * 32 + 100_000


def test_reading_holds_one_record_at_a_time(tmp_path, report):
    from shared.measure.observed.exports import Problems  # only here

    path = tmp_path / "long.log"
    path.write_text(report("a") * 20_000)
    tracemalloc.start()
    count = sum(1 for _ in read_export(path, Problems()))
    (_, most) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert most < path.stat().st_size / 4
