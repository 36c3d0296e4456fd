"""Budgets: made with the lane, told to the right people, made anew when changed, gone with the lane."""

import dataclasses

import pytest

from shared.config.lane import Budget
from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import deploy, destroy, plan
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
    deploy(costed(), project, aws)
    found = only(aws)
    assert (found["BudgetName"], found["TimeUnit"]) == (NAME, "MONTHLY")
    assert (float(found["BudgetLimit"]["Amount"]), found["BudgetLimit"]["Unit"]) == (25, "USD")
    counted = {part["Tags"]["Key"]: part["Tags"]["Values"] for part in found["FilterExpression"]["And"]}
    assert counted == {"team": ["team2"], "stage": ["dev"], "managed-by": ["teamlanes"]}
    alerts = budget.current(aws, NAME).properties["alerts"]
    assert alerts == {"80 %": ["a@x.org", "b@x.org"], "100 %": ["a@x.org", "b@x.org"]}
    assert plan(costed(), project, aws).changes == ()


@pytest.mark.parametrize(
    ("changed", "line"),
    [((30.5,), "monthly_usd: 25.0 -> 30.5"), ((25.0, "c@x.org"), "alerts.80 %: - b@x.org")],
)
def test_a_change_is_shown_and_made(costed, project, aws, changed, line):
    deploy(costed(), project, aws)
    (step,) = deploy(costed(*changed), project, aws).changes
    assert (step.action, step.name) == ("update", NAME)
    assert line in step.diff
    assert plan(costed(*changed), project, aws).changes == ()


def test_nobody_to_tell_is_a_budget_without_alerts(lane, project, aws):
    quiet = dataclasses.replace(lane, budget=Budget(NAME, 5, ()))
    deploy(quiet, project, aws)
    assert budget.current(aws, NAME).properties["alerts"] == {}
    assert plan(quiet, project, aws).changes == ()


def test_it_goes_when_it_is_no_longer_wanted_and_with_the_lane(costed, lane, project, aws):
    for remove in (lambda: deploy(lane, project, aws), lambda: destroy(lane, aws)):
        deploy(costed(), project, aws)
        remove()
        assert aws.client("budgets").describe_budgets(AccountId=aws.place.account)["Budgets"] == []


def test_what_a_budget_counts_is_told_only_when_asked_as_on_aws_and_the_second_deploy_asks(costed, lane, project, aws):
    deploy(costed(), project, aws)
    budgets, account = aws.client("budgets"), aws.place.account
    for found in (
        budgets.describe_budget(AccountId=account, BudgetName=NAME)["Budget"],
        *budgets.describe_budgets(AccountId=account)["Budgets"],
    ):
        assert not {"FilterExpression", "Metrics"} & found.keys()
    assert plan(costed(), project, aws).changes == ()
    destroy(lane, aws)
    assert budgets.describe_budgets(AccountId=account)["Budgets"] == []


def test_somebody_elses_budget_of_that_name_stops_the_plan(costed, project, aws, snapshot):
    limit = {"Amount": "1", "Unit": "USD"}
    other = {"BudgetName": NAME, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    aws.client("budgets").create_budget(AccountId=aws.place.account, Budget=other)
    with pytest.raises(OwnershipError, match=f"budget {NAME} exists and carries no tag"):
        deploy(costed(), project, aws)
    assert not any(snapshot("team2").values())
