"""Texts by others in a trace: without secrets, bounded, and fit for UTF-8."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.measure.tracing.conventions import bounded, error_text, exception
from shared.measure.tracing.span import nanoseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_an_exception_has_the_names_of_the_conventions():
    event = exception(AT, "ValueError", "no", "line 1")
    assert (event.name, event.at) == ("exception", 1767323045678901000)
    assert event.attributes == {
        "exception.type": "ValueError",
        "exception.message": "no",
        "exception.stacktrace": "line 1",
    }


def test_secrets_are_hidden_before_a_text_is_cut():
    text = "x" * 1990 + " password=hunter2hunter2"
    assert "hunter2" not in bounded(text)
    assert "hunter2" not in error_text("Error", text)
    assert bounded("y" * 5000) == "y" * 2000 + " ... 3000 more characters"


@given(st.text())
def test_any_text_can_be_sent(text):
    bounded(text).encode()
    assert len(bounded(text, 10)) < 60


@given(st.integers(0, 7_000_000_000_000_000).map(lambda number: EPOCH + timedelta(microseconds=number)))
def test_nanoseconds_are_exact_to_the_microsecond(moment):
    assert nanoseconds(moment) % 1000 == 0
    assert datetime.fromtimestamp(nanoseconds(moment) // 10**9, UTC) == moment.replace(microsecond=0)
    assert nanoseconds(moment) % 10**9 == moment.microsecond * 1000
