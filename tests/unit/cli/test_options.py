"""How ``--since`` is read."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.cli.options import read_moment
from shared.errors import UsageError

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        (" 7d ", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2025-12-31", datetime(2025, 12, 31, tzinfo=UTC)),
        ("2025-12-31T01:00+01:00", datetime(2025, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_time_is_so_long_ago_or_a_date(text, moment):
    assert read_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["9" * 26 + "d", "99999999w", "yesterday", ""])
def test_a_time_that_no_calendar_has_is_asked_wrongly(text):
    with pytest.raises(UsageError, match="this is no time"):
        read_moment(text, NOW)
