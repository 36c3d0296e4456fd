import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.lane import Parameter
from shared.errors import UsageError
from shared.run.start import check_account, check_bucket, check_together, new_run_id

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the strategy adds the zone


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


@pytest.fixture
def eight_at_once(lane):
    """The lane, its function told the rendezvous and held to eight executions."""
    work = replace(lane.functions["w-work"], reserved_concurrency=8, environment={"RENDEZVOUS_ENDPOINT": "host:1"})
    return replace(lane, functions={"w-work": work})


def test_ranks_that_wait_for_each_other_need_room_for_all(eight_at_once):
    check_together(eight_at_once, "w", {"world_size": 8})
    with pytest.raises(UsageError, match=r"(?s)teams/team\.yaml: 9 ranks wait .* only 8 of w-work .*fix: lower"):
        check_together(eight_at_once, "w", {"world_size": 9, "fmi_enabled": True})


def test_the_parameter_that_world_size_follows_from_counts_where_it_is_alone(eight_at_once):
    limit = Parameter("file_limit", "integer", None, "At most so many.", instead_of="world_size")
    workflow = replace(eight_at_once.workflows["w"], specs=(limit,))
    held = replace(eight_at_once, workflows={"w": workflow})
    check_together(held, "w", {"file_limit": 11, "world_size": 8})
    with pytest.raises(UsageError, match="11 ranks wait"):
        check_together(held, "w", {"file_limit": 11})


def test_ranks_that_wait_for_nobody_need_none(lane, eight_at_once):
    check_together(eight_at_once, "w", {"world_size": 9, "fmi_enabled": False})
    check_together(eight_at_once, "w", {})
    check_together(lane, "w", {"world_size": 9})


MACHINE = {
    "StartAt": "Ranks",
    "States": {
        "Ranks": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {
                    "Work": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "${work}"},
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    },
}


@pytest.fixture
def mapped(lane, tmp_path):
    """Return a maker of the lane whose Map calls its function, meeting at the rendezvous or not, reserved or not."""
    template = tmp_path / "w.asl.json"
    template.write_text(json.dumps(MACHINE))

    def make(*, reserved=None, meets=True):
        environment = {"RENDEZVOUS_ENDPOINT": "host:1"} if meets else {}
        work = replace(lane.functions["w-work"], reserved_concurrency=reserved, environment=environment)
        check = replace(work, key="w-check", name="w-check", reserved_concurrency=None)
        workflow = replace(lane.workflows["w"], template=template, functions={"work": "w-work", "check": "w-check"})
        return replace(lane, functions={"w-work": work, "w-check": check}, workflows={"w": workflow})

    return make


@pytest.fixture
def account():
    """Return a maker of an account with so many executions left."""

    def make(unreserved):
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
        return SimpleNamespace(lambda_=SimpleNamespace(get_account_settings=lambda: {"AccountLimit": limit}))

    return make


def test_ranks_that_wait_for_each_other_need_room_in_the_account_too(mapped, account):
    assert check_account(account(10), mapped(), "w", {"world_size": 10}) == ""
    with pytest.raises(UsageError, match=r"(?s)11 ranks, and the account runs 10 .*none would end.*world-size to 10"):
        check_account(account(10), mapped(), "w", {"world_size": 11})


def test_ranks_that_wait_for_nobody_are_told_that_some_come_later(mapped, account):
    told = check_account(account(10), mapped(meets=False), "w", {"world_size": 11})
    assert told.endswith("the others are refused for a while and tried again")
    assert check_account(account(10), mapped(), "w", {"world_size": 11, "fmi_enabled": False}) == told


@pytest.mark.parametrize("payload", [{}, {"world_size": 1}, {"world_size": 500}])
def test_a_reservation_or_a_run_of_one_needs_nothing_of_the_account(mapped, payload):
    assert check_account(None, mapped(reserved=500), "w", payload) == ""


@pytest.mark.parametrize("key", ["bucket", "data_bucket"])
def test_another_teams_bucket_is_refused_before_anything_starts(lane, key):
    check_bucket(lane, {key: "bucket"})
    check_bucket(lane, {key: ""})
    with pytest.raises(UsageError, match=f"{key} is 'team2-data', but this team's functions reach 'bucket' only"):
        check_bucket(lane, {key: "team2-data"})
