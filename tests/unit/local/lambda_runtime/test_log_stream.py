import itertools

from hypothesis import given
from hypothesis import strategies as st

from shared.local.lambda_runtime.log_stream import LogReader, LogStream


def frame(text):
    body = text.encode()
    return b"\xa5\x5a\x00\x03" + len(body).to_bytes(4, "big") + (0).to_bytes(8, "big") + body


PIECES = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20).map(lambda t: ("line", t)),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(lambda t: ("frame", t)),
    ),
    max_size=8,
)


@given(PIECES, st.data())
def test_lines_and_frames_come_out_in_order_however_the_pipe_is_cut(pieces, data):
    raw = b"".join(f"{text}\n".encode() if kind == "line" else frame(text) for kind, text in pieces)
    expected = [text if kind == "frame" and text.endswith("\n") else f"{text}\n" for kind, text in pieces]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=8)) | {0, len(raw)})
    reader = LogReader()
    messages = []
    for start, end in itertools.pairwise(cuts):
        messages += reader.feed(raw[start:end])
    assert messages == expected
    assert reader.flush() == []


def test_half_a_line_waits_for_its_end_or_the_end_of_all():
    reader = LogReader()
    assert reader.feed(b"one\ntw") == ["one\n"]
    assert reader.feed(b"o\nthr") == ["two\n"]
    assert reader.flush() == ["thr\n"]


def test_an_endless_line_is_cut_where_cloudwatch_would():
    reader = LogReader()
    messages = reader.feed(b"x" * 2_500_000)
    assert [len(message) for message in messages] == [1024**2 - 26 + 1] * 2
    assert len(reader.flush()[0]) == 2_500_000 - 2 * (1024**2 - 26) + 1


def test_bytes_that_are_no_text_do_not_hurt():
    assert LogReader().feed(b"\xff\xfe\n") == ["\ufffd\ufffd\n"]


def test_events_are_written_in_batches_with_the_tail_kept(function, logs):
    now = [1_700_000_000.0]
    stream = LogStream(function("", log_group="/g"), logs, wall=lambda: now[0])
    assert stream.name.startswith("2023/11/14/[$LATEST]")
    stream.begin_tail()
    stream.write("a\n")
    stream.flush_when_due()  # the first goes at once
    stream.write("b\n")
    stream.flush_when_due()
    assert logs.messages == ["a\n"]
    now[0] += 0.2
    stream.flush_when_due()
    assert logs.messages == ["a\n", "b\n"]
    stream.write("x" * 5000)
    assert stream.tail == "x" * 4096
    assert list(logs.streams) == [("/g", stream.name)]
