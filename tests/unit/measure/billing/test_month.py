"""What a lane has cost since its month began."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.measure.billing.month import MonthCost, month_begins


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 3, 17, 4, 5, 6, 7, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_in_utc_as_budgets_count(now, since):
    assert month_begins(now) == since


def test_the_record_says_that_it_is_an_estimate():
    cost = MonthCost(1.5, datetime(2026, 3, 1, tzinfo=UTC), 4, 1)
    assert cost.as_record() == {
        "usd_estimated": 1.5,
        "since": "2026-03-01T00:00:00+00:00",
        "runs": 4,
        "unread_runs": 1,
    }
