"""The names of executions."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from shared.run.start import new_run_id

FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2000, 2100))
MOMENTS = st.integers(FIRST, LAST).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


def test_names_are_utc_and_a_step_functions_name():
    name = new_run_id(datetime(2026, 1, 2, 4, 4, 5, tzinfo=timezone(timedelta(hours=1))))
    assert name.startswith("20260102T030405Z-")
    assert len(name) == 23


@given(MOMENTS, MOMENTS)
def test_names_sort_by_time(one, other):
    if one.replace(microsecond=0) < other.replace(microsecond=0):
        assert new_run_id(one) < new_run_id(other)


def test_names_of_one_second_differ():
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert len({new_run_id(now) for _ in range(50)}) == 50
