"""The tables of a sweep's report: each time with its runs and how far they go, and what began cold."""

from datetime import UTC, datetime

from shared.measure.reports.report_sweep import report_sweep


def record(world, repeat, seconds, cold=0):
    return {
        "key": f"{world}/{repeat}", "status": "SUCCEEDED", "axes": {"world_size": world}, "repeat": repeat,
        "wall_seconds": seconds, "wall_throughput": 100 / seconds, "aggregate_throughput": 100 / seconds,
        "memory_mb": 100, "cost_usd": 0.001, "cold_starts": cold, "measured_at": "2026-11-30T12:00:00+00:00",
        "records": 100,
    }  # fmt: skip


def tables(records):
    report = report_sweep(records, "a sweep", datetime(2026, 11, 30, tzinfo=UTC), {})
    return {section.title: section.tables[0] for section in report.sections if section.tables}


def test_times_have_runs_and_spread_and_speed_ups_an_interval():
    records = [record(world, n, (8 + 0.1 * n) / world) for n in range(5) for world in (1, 2)]
    records += [record(1, 5, 30.0, cold=2), record(2, 5, 4.0)]
    found = tables(records)
    columns = dict(
        zip(found["All configurations"].headings, zip(*found["All configurations"].rows, strict=True), strict=True)
    )
    assert (columns["runs"], columns["cold"], columns["greatest"]) == (("6", "6"), ("1", "0"), ("30.00", "4.20"))
    assert (columns["warm (s)"], columns["speed-up"]) == (("8.20", "4.07"), ("1.00", "2.01"))
    low, high = map(float, columns["interval"][1].split(" to "))
    assert low < 2.01 < high
    assert "Cold: runs in which a function began cold" in found["All configurations"].note
    assert found["Summary"].rows[0][:6] == ["1", "1", "6", "8.25", "8.25", "8.25"]
