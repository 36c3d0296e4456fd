import gzip

import pytest

from shared.errors import LanesError
from shared.measure.observed.exports import LogLine, Problems, read_export


def read(path):
    problems = Problems()
    return list(read_export(path, problems)), problems


def test_an_insights_export(insights):
    path = insights((5.5, 'say "hi",\nthen\n', "s1"), (6, "END RequestId: a\n", "s2"))
    lines, problems = read(path)
    assert lines == [
        LogLine(1767323045500, 'say "hi",\nthen\n', "s1", "/aws/lambda/f"),
        LogLine(1767323046000, "END RequestId: a\n", "s2", "/aws/lambda/f"),
    ]
    assert problems.count == 0


def test_a_log_viewers_export_with_a_byte_order_mark_and_carriage_returns(tmp_path):
    path = tmp_path / "viewer.csv"
    path.write_bytes('\ufefftimestamp,message\r\n1732638314565,"START RequestId: a\n"\r\n'.encode())
    assert read(path) == ([LogLine(1732638314565, "START RequestId: a\n")], Problems())


def test_plain_text_with_and_without_times_and_streams(tmp_path):
    path = tmp_path / "tail.log"
    stream = "2024/11/26/[$LATEST]" + "b7" * 16
    path.write_text(
        f"2024-11-26T16:25:14.565000+00:00 {stream} REPORT RequestId: a\n"
        "2024-11-26T16:25:14.565Z START RequestId: b\nEND RequestId: c\n"
    )
    assert read(path)[0] == [
        LogLine(1732638314565, "REPORT RequestId: a\n", stream),
        LogLine(1732638314565, "START RequestId: b\n"),
        LogLine(0, "END RequestId: c\n"),
    ]


def test_gzip_is_told_by_its_content(insights, tmp_path):
    plain = insights((1, "one", "s"))
    packed = tmp_path / "export.csv"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed) == read(plain)


def test_a_gzip_that_was_cut_off_gives_what_it_holds(insights, tmp_path):
    whole = gzip.compress(insights(*[(1, f"line {number}", "s") for number in range(5000)]).read_bytes())
    path = tmp_path / "half.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    lines, problems = read(path)
    assert 1000 < len(lines) < 5000
    assert problems.count == 1
    assert "ends early" in problems.examples[0]


@pytest.mark.parametrize("content", [b"", b"\n", b"@timestamp,@message,@logStream,@log\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_has_no_reports(tmp_path, content):
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    lines, problems = read(path)
    assert [line for line in lines if line.message.strip()] == []
    assert problems.count == 0


def test_a_record_cut_off_in_the_middle_costs_only_itself(insights):
    path = insights((1, "first", "s"), (2, "second", "s"), (3, "third", "s"))
    text = path.read_text().splitlines(keepends=True)
    text[2] = '2026-01-02 03:04:02.000,"sec\n'
    path.write_text("".join(text))
    lines, problems = read(path)
    assert [line.message for line in lines] == ["first", "third"]
    assert problems.count == 1
    assert problems.examples[0].startswith("insights.csv:3: ")


def test_a_quote_that_nothing_closes_costs_only_its_line(insights):
    path = insights(*[(1, f"line {number}", "s") for number in range(40_000)])
    text = path.read_text().splitlines(keepends=True)
    text[10] = '2026-01-02 03:04:02.000,"open,s,l\n'
    text[11:] = [line.replace('"', "") for line in text[11:]]
    path.write_text("".join(text))
    lines, problems = read(path)
    assert len(lines) == 39_999
    assert problems.count == 1
    assert "a quote that nothing closes" in problems.examples[0]


def test_a_wrong_number_of_fields_and_a_wrong_time_are_counted_with_their_lines(insights):
    path = insights((1, "good", "s"))
    path.write_text(path.read_text() + "just text\nyesterday,hello,s,l\n\n1,2,3,4,5\n")
    lines, problems = read(path)
    assert [line.message for line in lines] == ["good"]
    assert problems.count == 3
    assert [example.split(" ")[0] for example in problems.examples] == [f"insights.csv:{at}:" for at in (3, 4, 6)]


def test_bytes_that_are_no_text_do_no_harm(insights):
    path = insights((1, "good", "s"))
    path.write_bytes(path.read_bytes() + b"\xff\xfe\x00\x01" * 1000 + b"\n")
    lines, problems = read(path)
    assert [line.message for line in lines] == ["good"]
    assert problems.count == 1


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(LanesError, match="No such file"):
        read(tmp_path / "none.csv")
