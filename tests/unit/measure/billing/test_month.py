"""What a lane has cost since its month began."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.errors import UsageError
from shared.measure.billing.month import MonthCost, month_of, read_month

NOW = datetime(2026, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 3, 17, 4, 5, 6, 7, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_in_utc_as_budgets_count(now, since):
    assert month_of(now).begins == since


@pytest.mark.parametrize(("text", "days"), [("2026-02", 28), ("2024-02", 29), ("2025-12", 31), ("2026-04", 30)])
def test_a_month_ends_where_the_next_begins(text, days):
    month = read_month(text, NOW)
    assert month.ends - month.begins == timedelta(days=days)
    assert month.ends.day == 1
    assert str(month) == text


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "26-01", "2026-01-03", "now", "", "9999-12"])
def test_what_is_no_month_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"no month|has not begun"):
        read_month(text, NOW)


def test_a_month_of_before_any_clock_of_aws_is_refused():
    with pytest.raises(UsageError, match="before 1970"):
        read_month("0001-01", NOW)


def test_a_month_that_has_not_begun_is_refused_with_the_one_that_runs():
    with pytest.raises(UsageError, match=r"2026-05 has not begun[\s\S]*--month 2026-04"):
        read_month("2026-05", NOW)
    assert read_month("2026-04", NOW) == month_of(NOW)


def test_a_forecast_goes_on_as_until_now_and_a_month_that_is_over_costs_what_it_has_cost():
    april = month_of(NOW)
    assert april.forecast(1.0, NOW) == pytest.approx(2.0)  # half of it is over
    assert april.forecast(1.0, april.ends + timedelta(days=40)) == 1.0
    assert april.forecast(1.0, april.begins + timedelta(hours=23)) is None


def test_the_record_says_that_it_is_an_estimate():
    cost = MonthCost(1.5, datetime(2026, 3, 1, tzinfo=UTC), 4, 1)
    assert cost.as_record() == {
        "usd_estimated": 1.5,
        "since": "2026-03-01T00:00:00+00:00",
        "runs": 4,
        "unread_runs": 1,
    }
