"""Two invocations in every form that people have logs in: billed to the millisecond, or refused with the line."""

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
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
SUBSCRIBED_BOTH = {**SUBSCRIBED, "logEvents": [{"id": "1", "timestamp": AT, "message": each} for each in REPORTS]}
PACKED_BOTH = base64.b64encode(gzip.compress(json.dumps(SUBSCRIBED_BOTH).encode())).decode()
OF_JSON = ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB")
TAIL = f"2024-11-26T16:25:11.565000+00:00 {STREAM}1"
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
    "a spreadsheet's named month": insights(REPORTS, at="26-Nov-24 16:25:11"),
    "an American's named month": insights(REPORTS, at="Nov 26, 2024 4:25:11 PM"),
    "a mail's time": insights(REPORTS, at="Tue, 26 Nov 2024 16:25:11 GMT"),
    "the year first": insights(REPORTS, at="2024/11/26 16:25:11.565"),
    "times in ms": insights(REPORTS, at=str(AT)),
    "Excel's separator first": "sep=;\n" + insights(REPORTS, ";"),
    "bars between columns": insights(REPORTS, "|"),
    "capital columns": table(("Timestamp", "Message"), [(AT, each) for each in REPORTS]),
    "two tables joined": insights(REPORTS[:1]) + insights(REPORTS[1:]),
    "Insights, fields of JSON": table(
        ("@timestamp", "record.requestId", "record.status", *(f"record.metrics.{each}" for each in OF_JSON)),
        [(ISO, f"r{each}", "success", f"{each}00.25", f"{each}01", "1024", f"10{each}") for each in (1, 2)],
    ),
    "a subscriber's event": json.dumps({"awslogs": {"data": PACKED_BOTH}}, indent=1),
    "Kinesis's event": json.dumps({"Records": [{"kinesis": {"data": PACKED_BOTH}, "eventSource": "aws:kinesis"}]}),
    "Firehose's event": json.dumps({"invocationId": "i", "records": [{"recordId": "1", "data": PACKED_BOTH}]}),
    "Firehose's objects": json.dumps(SUBSCRIBED_BOTH) + json.dumps(SUBSCRIBED | {"logEvents": []}),
    "Firehose's messages": "".join(JSON_REPORTS),
    "messages without their ends": "".join(REPORTS),
    "the Telemetry API's": json.dumps([json.loads(each) for each in JSON_REPORTS], indent=2),
    "JSON over lines, one after another": "\n".join(json.dumps(json.loads(each), indent=2) for each in JSON_REPORTS),
    "time and message, one a line": "\n".join(json.dumps({"timestamp": AT, "message": each}) for each in REPORTS),
    "a query's messages": json.dumps(REPORTS, indent=4),
    "a query's messages as text": "\t".join(f"{each}\n" for each in REPORTS),
    "a query's pairs": json.dumps([[AT, each] for each in REPORTS], indent=4),
    "a query's pairs as text": "".join(f"{AT}\t{each}\n" for each in REPORTS),
    "Live Tail": "".join(f"2024-11-26T16:25:11.565Z 123456789012:{GROUP} {each}\n" for each in REPORTS),
    "copied from the console": "".join(f"\u25b6 2024-11-26T16:25:11.565Z\t{each}\n" for each in REPORTS),
    "copied, unfolded": "".join(f"\u25bc\n2024-11-26T16:25:11.565Z\n{each}\n" for each in REPORTS),
    "the CLI's table": "".join(f"|  {AT}|  {each}|\n" for each in REPORTS),
    "colours": "".join(f"\x1b[32m{TAIL[:32]}\x1b[0m \x1b[36m{TAIL[33:]}\x1b[0m {each}\n" for each in REPORTS),
    "aws logs tail --format json": "".join(
        f"{TAIL} {json.dumps(json.loads(each), indent=4)}\n" for each in JSON_REPORTS
    ),
    "an object without an end": f"{TAIL} {{\n" + "".join(f"{TAIL} {each}\n" for each in REPORTS),
    "an indent": "".join(f"    {each}\n" for each in REPORTS),
    "durable functions": insights([f"{each}Durable Execution Arn: arn:aws:lambda:x:1:d\t" for each in REPORTS]),
    "lines of extensions": "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE]\nTELEMETRY\tName: agent\n"
    "INIT_REPORT Init Duration: 9999.81 ms\tPhase: init\tStatus: timeout\n"
    "RESTORE_REPORT Restore Duration: 512.13 ms\n" + "\n".join(REPORTS),
}
PACKED = {
    "as it is": str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "gzip in gzip": lambda text: gzip.compress(gzip.compress(text[:90].encode()) + gzip.compress(text[90:].encode())),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-32": lambda text: text.encode("utf-32"),
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
        (table(("@timestamp", "@requestId", "ms"), [(ISO, "r", "1")]), 1, "@billedDuration"),
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


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("log.csv", text)
    return file.getvalue()


def in_tar(text):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo("log.csv")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return file.getvalue()


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (zipped("\n".join(REPORTS)), "a zip or a workbook"),
        (in_tar(insights(REPORTS)), "a tar archive"),
        (bz2.compress("\n".join(REPORTS).encode()), "packed by bzip2"),
        (lzma.compress("\n".join(REPORTS).encode()), "packed by xz"),
        (b"\x28\xb5\x2f\xfd rest", "packed by zstd"),
        (b"PAR1 rest PAR1", "Parquet"),
        (b"\xd0\xcf\x11\xe0 rest", "an old workbook"),
        (b"SQLite format 3\0 rest", "a database"),
        (b"%PDF-1.7 REPORT RequestId", "a PDF"),
        (b"\n<!DOCTYPE html><td>REPORT RequestId: 1", "a page of a browser"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_no_text_is_refused_by_its_name(tmp_path, written, what):
    path = tmp_path / "log"
    path.write_bytes(written)
    with pytest.raises(LanesError, match=f"this is {what}"):
        list(read_export(path, Problems()))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{REPORTS[0]}\n{TAIL} START RequestId: 2 Version: 1{REPORTS[1]}\n", "log:2"),
        (insights([REPORTS[0], "".join(REPORTS)]), "log:4"),
        (json.dumps({"Records": [{"kinesis": {"data": "bm8="}}]}), "log:1"),
        (json.dumps({"invocations": [REPORTS[0]]}, indent=1), "log:5"),
        (f"{REPORTS[0]}\nREPORT RequestId: r\tDuration: 5.20 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB\n", "log:2"),
        (insights([REPORTS[0], REPORTS[1].replace(".25", ",25")], ";"), "log:4"),
        (f'{TAIL} {REPORTS[0]}\n{TAIL} {{\n  "type": "platform.report",\n', "log:2"),
        (f"{REPORTS[0]}\nNov 26 16:25:11 host lambda: {REPORTS[1]}\n", "log:2"),
    ],
    ids=[
        "two lines in one",
        "two reports in an event",
        "nothing is packed",
        "an object of another kind",
        "no billed duration, as of managed instances",
        "a comma in a number",
        "an object that is cut off",
        "another program's prefix",
    ],
)
def test_what_tells_of_an_invocation_and_is_no_form_is_lost_with_its_line(tmp_path, text, place):
    path = tmp_path / "log"
    path.write_text(text)
    _, problems = figures(path)
    assert problems.lost == 1
    assert problems.examples[0].startswith(f"{place}: ")


def test_a_line_that_python_logged_as_json_is_itself_in_a_list_too(tmp_path):
    path = tmp_path / "log"
    error = {"timestamp": "2024-11-26T16:25:10Z", "level": "ERROR", "errorType": "KeyError", "message": "x"}
    path.write_text(json.dumps([error, *map(json.loads, JSON_REPORTS)], indent=1))
    (line, *_) = read_export(path, Problems())
    assert json.loads(line.message) == error


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
