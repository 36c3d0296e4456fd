"""What Cost Explorer told, held against botocore's model of it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from shared.errors import LanesError
from shared.measure.billing.billed import Billed, read_billed
from shared.measure.billing.cost import Cost, Item
from shared.measure.billing.month import month_of, read_month
from shared.measure.billing.spending import Spending

NOW = datetime(2026, 4, 16, 9, 30, tzinfo=UTC)
ASKED = {
    "TimePeriod": {"Start": "2026-04-01", "End": "2026-04-17"},
    "Granularity": "MONTHLY",
    "Metrics": ["UnblendedCost"],
    "GroupBy": [{"Type": "TAG", "Key": "team"}],
    "Filter": {
        "And": [
            {"Tags": {"Key": "stage", "Values": ["dev"], "MatchOptions": ["EQUALS"]}},
            {"Tags": {"Key": "managed-by", "Values": ["teamlanes"], "MatchOptions": ["EQUALS"]}},
        ]
    },
}


def group(key, amount, unit="USD"):
    return {"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}}


def answer(*groups, estimated=True, token=None):
    period = {"TimePeriod": {"Start": "2026-04-01", "End": "2026-04-17"}, "Groups": list(groups), "Total": {}}
    told = {"ResultsByTime": [{**period, "Estimated": estimated}], "GroupDefinitions": ASKED["GroupBy"]}
    return {**told, "NextPageToken": token} if token else told


@pytest.fixture
def explorer():
    client = boto3.client("ce", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def read(explorer, month=None, now=NOW):
    aws = SimpleNamespace(client={"ce": explorer.client}.get, place=SimpleNamespace(stage="dev"))
    return read_billed(aws, month or month_of(NOW), now)


def spending(team, usd):
    cost = Cost((Item("lambda_requests", 1, usd, usd),))
    return Spending(team, month_of(NOW), cost, 25.0, None, 1, 0, ())


def test_one_request_tells_the_bill_of_every_team(explorer):
    groups = group("team$team1", "1.2500000000"), group("team$", "99"), group("team$team2", "0.0000012")
    explorer.add_response("get_cost_and_usage", answer(*groups), ASKED)
    assert read(explorer) == Billed({"team1": 1.25, "team2": 0.0000012}, estimated=True, requests=1)


def test_pages_are_read_to_their_end_and_each_is_paid_for(explorer):
    explorer.add_response("get_cost_and_usage", answer(group("team$team1", "1"), token="t"), ASKED)
    explorer.add_response("get_cost_and_usage", answer(group("team$team1", "2")), {**ASKED, "NextPageToken": "t"})
    billed = read(explorer)
    assert (billed.usd, billed.requests) == ({"team1": 3.0}, 2)
    assert "2 requests to Cost Explorer, $0.02" in billed.told


def test_a_month_that_is_over_is_asked_for_to_its_end(explorer):
    asked = {**ASKED, "TimePeriod": {"Start": "2026-02-01", "End": "2026-03-01"}}
    explorer.add_response("get_cost_and_usage", answer(group("team$a", "1"), estimated=False), asked)
    billed = read(explorer, read_month("2026-02", NOW))
    assert billed.told.startswith("billed: AWS has closed it; 1 request to Cost Explorer, $0.01. billed and estimated")


def test_no_tag_is_told_with_what_activates_it(explorer):
    explorer.add_response("get_cost_and_usage", answer(), ASKED)
    told = read(explorer).told
    assert "AWS may still change it" in told
    assert "under the tags team, stage, managed-by" in told
    assert "Cost allocation tags" in told


def test_another_currency_is_refused(explorer):
    explorer.add_response("get_cost_and_usage", answer(group("team$team1", "1", "CNY")), ASKED)
    with pytest.raises(LanesError, match="in CNY, and estimates are in US dollars"):
        read(explorer)


def test_the_difference_is_told_in_dollars_and_percent():
    billed = Billed({"team1": 1.25, "team2": 0.5}, estimated=True, requests=1)
    assert billed.beside(spending("team1", 1.0)) == {
        "usd_billed": 1.25, "difference_usd": 0.25, "difference_percent": pytest.approx(25.0),
    }  # fmt: skip
    assert billed.beside(spending("team2", 0.0))["difference_percent"] is None
    assert set(billed.beside(spending("team3", 1.0)).values()) == {None}
