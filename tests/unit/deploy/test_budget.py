"""Budgets: made with the lane, told to the right people, made anew when changed, gone with the lane."""

import dataclasses

import pytest

from shared.config.lane import Budget
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.resources import budget

NAME = "team2-monthly-7078ea12"


@pytest.fixture
def costed(lane):
    def make(usd=25.0, *notify):
        return dataclasses.replace(lane, budget=Budget(NAME, usd, notify or ("b@x.org", "a@x.org")))

    return make


def only(aws):
    account = aws.place.account
    (found,) = aws.client("budgets").describe_budgets(AccountId=account, ShowFilterExpression=True)["Budgets"]
    return found


def test_a_budget_counts_what_carries_the_lanes_tags_and_tells_at_80_and_100_percent(costed, project, aws):
    prepare_lane(costed(), project, aws).deploy()
    found = only(aws)
    assert (found["BudgetName"], found["TimeUnit"]) == (NAME, "MONTHLY")
    assert (float(found["BudgetLimit"]["Amount"]), found["BudgetLimit"]["Unit"]) == (25, "USD")
    counted = {part["Tags"]["Key"]: part["Tags"]["Values"] for part in found["FilterExpression"]["And"]}
    assert counted == {"team": ["team2"], "stage": ["dev"], "managed-by": ["teamlanes"]}
    alerts = budget.current(aws, NAME).properties["alerts"]
    assert alerts == {"80 %": ["a@x.org", "b@x.org"], "100 %": ["a@x.org", "b@x.org"]}
    assert prepare_lane(costed(), project, aws).plan().changes == ()


@pytest.mark.parametrize(
    ("changed", "line"),
    [((30.5,), "monthly_usd: 25.0 -> 30.5"), ((25.0, "c@x.org"), "alerts.80 %: - b@x.org")],
)
def test_a_change_is_shown_and_made(costed, project, aws, changed, line):
    prepare_lane(costed(), project, aws).deploy()
    (step,) = prepare_lane(costed(*changed), project, aws).deploy().changes
    assert (step.action, step.name) == ("update", NAME)
    assert line in step.diff
    assert prepare_lane(costed(*changed), project, aws).plan().changes == ()


def test_nobody_to_tell_is_a_budget_without_alerts(lane, project, aws):
    quiet = dataclasses.replace(lane, budget=Budget(NAME, 5, ()))
    prepare_lane(quiet, project, aws).deploy()
    assert budget.current(aws, NAME).properties["alerts"] == {}
    assert prepare_lane(quiet, project, aws).plan().changes == ()


def test_it_goes_when_it_is_no_longer_wanted_and_with_the_lane(costed, lane, project, aws):
    for remove in (lambda: prepare_lane(lane, project, aws).deploy(), lambda: destroy(lane, aws)):
        prepare_lane(costed(), project, aws).deploy()
        remove()
        assert aws.client("budgets").describe_budgets(AccountId=aws.place.account)["Budgets"] == []


def test_what_a_budget_counts_is_told_only_when_asked_as_on_aws_and_the_second_deploy_asks(costed, lane, project, aws):
    prepare_lane(costed(), project, aws).deploy()
    budgets, account = aws.client("budgets"), aws.place.account
    for found in (
        budgets.describe_budget(AccountId=account, BudgetName=NAME)["Budget"],
        *budgets.describe_budgets(AccountId=account)["Budgets"],
    ):
        assert not {"FilterExpression", "Metrics"} & found.keys()
    assert prepare_lane(costed(), project, aws).plan().changes == ()
    destroy(lane, aws)
    assert budgets.describe_budgets(AccountId=account)["Budgets"] == []


def test_somebody_elses_budget_of_that_name_stops_the_plan(costed, project, aws, snapshot):
    limit = {"Amount": "1", "Unit": "USD"}
    other = {"BudgetName": NAME, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    aws.client("budgets").create_budget(AccountId=aws.place.account, Budget=other)
    with pytest.raises(OwnershipError, match=f"budget {NAME} exists and carries no tag"):
        prepare_lane(costed(), project, aws).deploy()
    assert not any(snapshot("team2").values())
