"""How much of logs a bill counts: the same lines that a run that was watched counts."""

from types import SimpleNamespace

from shared.measure.billing.log_sample import read_sample
from shared.measure.observed.invocations import Row
from shared.run.logged_bytes import size_of
from shared.run.report_line import parse_report

GROUP = "/aws/lambda/f"


def report(request, init=""):
    told = f"Duration: 100.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t{init}"
    return f"REPORT RequestId: {request}\t{told}"


COLD = [
    (8_700, "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn"),
    (9_900, "START RequestId: a Version: $LATEST"),
    (10_000, "END RequestId: a"),
    (10_000, report("a", "Init Duration: 500.00 ms\t")),
]
BEFORE = [(8_000, "START RequestId: before Version: $LATEST"), (8_100, "x" * 9_000), (8_200, report("before"))]


def cloud(lines):
    """A cloud whose one group has these *lines*, each stream's in order of time."""

    def paginate(*, startTime, endTime, **_):
        found = [(stream, at, text) for stream, at, text in lines if startTime <= at < endTime]
        yield {"events": [{"logStreamName": name, "timestamp": at, "message": text} for name, at, text in found]}

    return SimpleNamespace(logs=SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate)))


def row(request, at, init=""):
    told = parse_report(report(request, init))
    return Row(told, GROUP, at, "run", 0, "Work", timed_out=False, failed=False, traceback=False)


def test_the_first_line_of_a_cold_start_counts_though_it_is_older_than_what_is_reported():
    aws = cloud([("one", *line) for line in COLD])
    rows = [row("a", 10_000, "Init Duration: 500.00 ms\t")]
    assert read_sample(aws, rows).of(rows) == sum(size_of(text) for _, text in COLD)


def test_an_invocation_that_was_not_read_counts_as_those_that_were_asked_for():
    aws = cloud([*(("two", *line) for line in BEFORE), *(("one", *line) for line in COLD)])
    asked = [row("a", 10_000, "Init Duration: 500.00 ms\t"), row("lost", 10_000)]
    assert read_sample(aws, asked).of(asked) == 2 * sum(size_of(text) for _, text in COLD)
