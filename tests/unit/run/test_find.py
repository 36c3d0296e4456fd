"""Which run people mean by a short name."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.errors import UsageError
from shared.run.find import check_over, find_named

NOW = datetime(2026, 11, 30, tzinfo=UTC)
IDS = ("20261130T120000Z-aaaaaa", "20261130T130000Z-bbbbbb", "20261201T120000Z-cccccc")


class States:
    """Three runs, each an hour after the one before."""

    def get_paginator(self, _):
        listed = [
            {"name": name, "status": "SUCCEEDED", "startDate": NOW + timedelta(hours=number)}
            for number, name in enumerate(IDS)
        ]
        return SimpleNamespace(paginate=lambda **_: [{"executions": listed[::-1]}])

    def describe_execution(self, executionArn):
        if executionArn.rpartition(":")[2] not in IDS:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "SUCCEEDED", "startDate": NOW}


@pytest.fixture
def find():
    lane = SimpleNamespace(
        team="team2",
        workflows={"cosmic": SimpleNamespace(type="standard")},
        state_machine_arn=lambda key: f"arn:aws:states:us-east-1:123456789012:stateMachine:{key}",
    )
    return lambda *names: [find_named(SimpleNamespace(states=States()), lane, name).run.id for name in names]


def test_a_run_is_known_by_its_id_its_beginning_its_end_or_as_the_last(find):
    assert find("20261130T120000Z-aaaaaa", "20261130T13", "cccc", "last") == [*IDS, IDS[2]]


def test_a_name_that_several_have_is_refused_with_them(find):
    with pytest.raises(UsageError, match=f"'20261130' may be 2 runs of team2: {IDS[1]}, {IDS[0]}\n"):
        find("20261130")


def test_a_name_that_none_has_is_refused(find):
    with pytest.raises(UsageError, match="team2 has no run 'dddddd'"):
        find("dddddd")


def test_what_takes_a_run_that_has_ended_refuses_one_that_goes_on():
    run = SimpleNamespace(id=IDS[0], lane=SimpleNamespace(team="team2"))
    check_over(SimpleNamespace(run=run, status="SUCCEEDED", stopped=NOW), "no reason")
    with pytest.raises(UsageError, match=f"run {IDS[0]} goes on .RUNNING.: its time is not known\n  fix: wait for it"):
        check_over(SimpleNamespace(run=run, status="RUNNING", stopped=None), "its time is not known")
