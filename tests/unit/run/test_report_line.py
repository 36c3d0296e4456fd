import pytest

from shared.run.report_line import BadReport, Report, parse_report

LINE = (
    "REPORT RequestId: fe5c\tDuration: 12606.91 ms\tBilled Duration: 13836 ms\t"
    "Memory Size: 10240 MB\tMax Memory Used: 2865 MB\t"
)


def test_a_warm_invocation():
    assert parse_report(LINE + "\n") == Report("fe5c", 12606.91, 13836, 10240, 2865)


def test_a_cold_start_that_timed_out_with_x_ray():
    line = LINE + "Init Duration: 1228.99 ms\tStatus: timeout\t\nXRAY TraceId: 1-2\tSegmentId: 3\tSampled: true\t"
    assert parse_report(line) == Report("fe5c", 12606.91, 13836, 10240, 2865, 1228.99, "timeout")


def test_fields_that_are_not_known_and_another_order():
    line = (
        "REPORT RequestId: a\tRestore Duration: 9.5 ms\tMax Memory Used: 1 MB\tMemory Size: 128 MB\t"
        "Billed Duration: 3 ms\tBilled Restore Duration: 10 ms\tDuration: 2.01 ms\tError Type: Oh"
    )
    assert parse_report(line) == Report("a", 2.01, 3, 128, 1)


@pytest.mark.parametrize("line", ["", "END RequestId: a", "he said REPORT RequestId: a", '{"REPORT": 1}'])
def test_other_lines_are_none(line):
    assert parse_report(line) is None


@pytest.mark.parametrize("length", [19, 22, 40, 60, 80, len(LINE) - 4])
def test_a_line_cut_off_anywhere_is_bad(length):
    with pytest.raises(BadReport, match="without"):
        parse_report(LINE[:length])
