"""Two invocations in every form that people have logs in: billed to the millisecond, or refused with the line."""

import csv
import gzip
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.errors import LanesError
from shared.measure.observed.exports import Problems, read_export
from shared.measure.observed.exports.times import NoTimeError, Times
from shared.measure.observed.invocations import Invocations

CASES = Path(__file__).resolve().parents[5] / "shared" / "cases" / "logs"
AT = 1732638311565
STREAM = "2024/11/26/[$LATEST]" + "0" * 31
GROUP = "/aws/lambda/demo"
REPORTS = [
    f"REPORT RequestId: 00000000-0000-4000-8000-00000000000{number}\tDuration: {number}00.25 ms\t"
    f"Billed Duration: {number}01 ms\tMemory Size: 1024 MB\tMax Memory Used: 10{number} MB\t"
    for number in (1, 2)
]
JSON_REPORTS = [
    json.dumps(
        {
            "time": "2024-11-26T16:25:11.565Z",
            "type": "platform.report",
            "record": {
                "requestId": f"00000000-0000-4000-8000-00000000000{number}",
                "metrics": {
                    "durationMs": number * 100 + 0.25,
                    "billedDurationMs": number * 100 + 1,
                    "memorySizeMB": 1024,
                    "maxMemoryUsedMB": 100 + number,
                },
                "status": "success",
            },
        }
    )
    for number in (1, 2)
]
ISO = datetime.fromtimestamp(AT / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def table(columns, rows, separator=","):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def insights(messages, separator=",", at=ISO):
    rows = [(at, message + "\n", f"{STREAM}{place}", f"123456789012:{GROUP}") for place, message in enumerate(messages)]
    return table(("@timestamp", "@message", "@logStream", "@log"), rows, separator)


def filtered(messages):
    return [
        {
            "logStreamName": f"{STREAM}{place}",
            "timestamp": AT,
            "message": message + "\n",
            "ingestionTime": AT,
            "eventId": str(place),
        }
        for place, message in enumerate(messages)
    ]


def queried(messages):
    return [
        [
            {"field": "@timestamp", "value": ISO},
            {"field": "@message", "value": message},
            {"field": "@ptr", "value": "p"},
        ]
        for message in messages
    ]


FIELDS = ("@timestamp", "@requestId", "@type", "@duration", "@billedDuration", "@memorySize", "@maxMemoryUsed")
FIGURES = [(ISO, f"r{each}", "REPORT", f"{each}00.25", f"{each}01.0", "1.024E9", f"1.0{each}E8") for each in (1, 2)]
OTHERS = [(ISO, "r1", "START", "", "", "", ""), (ISO, "r1", "", "", "", "", "")]
SUBSCRIBED = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": GROUP, "logStream": f"{STREAM}0"}
FORMS = {
    "Insights, CSV": insights(REPORTS),
    "Insights, CSV of JSON": insights(JSON_REPORTS),
    "Insights with semicolons": insights(REPORTS, ";"),
    "Insights with tabs": insights(REPORTS, "\t"),
    "Insights, JSON": json.dumps([{"@timestamp": ISO, "@message": each} for each in REPORTS]),
    "Insights, JSON whose messages were read": json.dumps(
        [{"@timestamp": ISO, "@message": json.loads(each)} for each in JSON_REPORTS]
    ),
    "Insights, JSON over lines": json.dumps([{"@timestamp": ISO, "@message": each} for each in REPORTS], indent=2),
    "Insights, fields": table(FIELDS, [*OTHERS, *FIGURES]),
    "Insights, fields as JSON": json.dumps([dict(zip(FIELDS, row, strict=True)) for row in FIGURES]),
    "get-query-results": json.dumps({"results": queried(REPORTS), "status": "Complete"}, indent=4),
    "get-query-results, fields": json.dumps(
        {"results": [[{"field": f, "value": v} for f, v in zip(FIELDS, row, strict=True)] for row in FIGURES]}
    ),
    "filter-log-events": json.dumps({"events": filtered(REPORTS), "searchedLogStreams": []}, indent=4),
    "filter-log-events, one line": json.dumps({"searchedLogStreams": [], "events": filtered(JSON_REPORTS)}),
    "filter-log-events, pages one after another": "\n".join(
        json.dumps({"events": filtered([each]), "nextToken": "t"}, indent=1) for each in REPORTS
    ),
    "get-log-events": json.dumps(
        {
            "events": [{"timestamp": AT, "message": each, "ingestionTime": AT} for each in REPORTS],
            "nextBackwardToken": "b",
        }
    ),
    "events, one a line": "\n".join(json.dumps(each) for each in filtered(REPORTS)),
    "a subscription's": json.dumps(
        {**SUBSCRIBED, "logEvents": [{"id": "1", "timestamp": AT, "message": each} for each in REPORTS]}
    ),
    "the CLI's text": "".join(f"EVENTS\t1\t{AT}\t{STREAM}1\t{each}\t{AT}\n" for each in REPORTS),
    "the CLI's text over lines": "".join(f"EVENTS\t1\t{AT}\t{STREAM}1\t{each}\n\t{AT}\n" for each in REPORTS),
    "the CLI's text of get-log-events": "".join(f"EVENTS\t{AT}\t{each}\t{AT}\n" for each in REPORTS),
    "aws logs tail": "".join(f"2024-11-26T16:25:11.565000+00:00 {STREAM}1 {each}\n" for each in REPORTS),
    "aws logs tail of JSON": "".join(f"2024-11-26T16:25:11.565000+00:00 {STREAM}1 {each}\n" for each in JSON_REPORTS),
    "aws logs tail, short": "".join(f"2024-11-26T16:25:11 {each}\n" for each in REPORTS),
    "sam logs": "".join(f"{STREAM}1 2024-11-26T16:25:11.565000 {each}\n" for each in REPORTS),
    "awslogs": "".join(f"{GROUP} {STREAM}1 2024-11-26T16:25:11.565Z {each}\n" for each in REPORTS),
    "an export to S3": "".join(f"2024-11-26T16:25:11.565Z {each}\n" for each in REPORTS),
    "a function's JSON log": "\n".join(['{"time": "t", "type": "platform.start", "record": {}}', *JSON_REPORTS]),
    "blank lines first": "\n\n" + "\n".join(REPORTS),
    "spaces for tabs": "\n".join(each.replace("\t", " ") for each in REPORTS),
    "a trace's line in it": insights([f"{each}\nXRAY TraceId: 1-0\tSegmentId: 0\tSampled: true\t" for each in REPORTS]),
    "a trace in it with spaces": insights([f"{each} XRAY TraceId: 1-0 SegmentId: 0 Sampled: true" for each in REPORTS]),
    "SnapStart": insights(
        [f"{each}Restore Duration: 614.29 ms\tBilled Restore Duration: 204 ms\t" for each in REPORTS]
    ),
    "a spreadsheet's American time": insights(REPORTS, at="11/26/2024 16:25"),
    "a spreadsheet's American half day": insights(REPORTS, at="11/26/24 4:25:11 PM"),
    "a spreadsheet's British time": insights(REPORTS, at="26/11/2024 16:25"),
    "a spreadsheet's German time": insights(REPORTS, ";", at="26.11.2024 16:25:11"),
    "a spreadsheet's number": insights(REPORTS, at="45622.684161632"),
    "times in ms": insights(REPORTS, at=str(AT)),
}
PACKED = {
    "as it is": str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "carriage returns": lambda text: re.sub("(?<!\r)\n", "\r\n", text).encode(),
}


def figures(path):
    with Invocations() as found:
        found.add(read_export(path, found.problems), path.name)
        return list(found.rows()), found.problems


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("form", FORMS)
def test_two_invocations_are_two_in_every_form(tmp_path, form, packing):
    path = tmp_path / "log"
    path.write_bytes(PACKED[packing](FORMS[form]))
    rows, problems = figures(path)
    told = [(row.report.duration_ms, row.report.billed_ms, row.report.memory_mb, row.report.used_mb) for row in rows]
    assert sorted(told) == [(100.25, 101, 1024, 101), (200.25, 201, 1024, 102)]
    assert problems == Problems()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (table(("@timestamp", "@requestId", "@duration"), [(ISO, "r", "1")]), 1, "@billedDuration"),
        (table(("bin(5m)", "avg(@duration)"), [(ISO, "1")]), 1, "sums them up"),
        ("RESULTS\t@message\tREPORT\n", 1, "does not say where a row ends"),
    ],
)
def test_what_has_no_invocations_is_refused_with_its_line(tmp_path, text, line, why):
    path = tmp_path / "log"
    path.write_text(text)
    with pytest.raises(LanesError, match=why) as refused:
        list(read_export(path, Problems()))
    assert f"log:{line}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (FORMS["Insights, CSV of JSON"].replace('""billedDurationMs"": 201', '""billedMs"": 201'), "log:4"),
        (FORMS["a function's JSON log"][:-20], "log:3"),
        (FORMS["filter-log-events"][: FORMS["filter-log-events"].index('"eventId": "1"')], "log:10"),
        (table(FIELDS, [FIGURES[0], (*FIGURES[1][:4], "", *FIGURES[1][5:])]), "log:3"),
        (insights(REPORTS[:1]) + insights(REPORTS[1:], at="11/12/2024 1:02").split("\n", 1)[1], "log:4"),
    ],
    ids=["no billed duration", "cut off", "document cut off", "a field is missing", "two days"],
)
def test_what_is_not_whole_is_told_with_its_line_and_counted_as_lost(tmp_path, text, place):
    path = tmp_path / "log"
    path.write_text(text)
    _, problems = figures(path)
    assert problems.count == 1
    assert problems.examples[0].startswith(f"{place}: ")


def test_a_workbook_is_refused(tmp_path):
    path = tmp_path / "log.xlsx"
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(LanesError, match="workbook"):
        list(read_export(path, Problems()))


def test_a_program_that_logs_what_looks_like_a_report_is_no_invocation(tmp_path):
    path = tmp_path / "log"
    said = json.dumps({"message": "saw a platform.report", "level": "INFO"})
    path.write_text(f"{said}\n{REPORTS[0]}\n")
    rows, _ = figures(path)
    assert len(rows) == 1


def test_a_day_after_the_twelfth_tells_how_a_file_writes_days():
    times = Times()
    with pytest.raises(NoTimeError, match="may be of two days"):
        times.milliseconds("03/04/2024 00:00")
    assert times.milliseconds("03/13/2024 00:00") - times.milliseconds("03/04/2024 00:00") == 9 * 24 * 3600 * 1000
    british = Times()
    assert british.milliseconds("13/03/2024 00:00") == times.milliseconds("03/13/2024 00:00")
    assert british.milliseconds("04/03/2024 00:00") == times.milliseconds("03/04/2024 00:00")
    assert Times().milliseconds("04.03.2024 12:30 AM") == times.milliseconds("03/04/2024 0:30")


@pytest.mark.parametrize("text", ["", "soon", "13/13/2024 1:00", "2024-02-30", "12345", "99/99/99 99:99"])
def test_what_is_no_time_is_none(text):
    with pytest.raises(NoTimeError):
        Times().milliseconds(text)


@pytest.mark.skipif(not CASES.is_dir(), reason="the failed exports (../shared/cases/logs) are not on this machine")
def test_the_exports_that_failed_once():
    for path in sorted(CASES.iterdir()):
        rows, problems = figures(path)
        billed = sorted(row.report.billed_ms for row in rows)
        assert billed == ([600_000] if path.name == "xray-timeout.csv" else [101, 201, 301][: len(billed)])
        assert len(billed) >= (path.name != "xray-timeout.csv") + 1
        assert problems == Problems()
