"""Plans that ask for more concurrency than there is are refused, and nothing is done."""

import dataclasses
import json

import pytest

from shared.deploy.deploy import deploy, plan
from shared.isolation.quotas import QuotaError


def reserving(lane, count):
    functions = {
        key: dataclasses.replace(each, reserved_concurrency=count if each.reserved_concurrency else None)
        for key, each in lane.functions.items()
    }
    return dataclasses.replace(lane, functions=functions)


def test_a_plan_past_the_accounts_limit_is_refused_and_nothing_is_made(make_lane, project, aws, snapshot):
    deploy(reserving(make_lane("team1", suffix="0a1b2c3d"), 890), project, aws)
    before = snapshot("team1")
    with pytest.raises(
        QuotaError, match=r"11 concurrent executions more .*, and 10 are left: the account has 1000, 890"
    ):
        deploy(reserving(make_lane("team2"), 11), project, aws)
    assert not any(snapshot("team2").values())
    assert snapshot("team1") == before
    deploy(reserving(make_lane("team2"), 10), project, aws)


def test_what_is_reserved_already_is_not_counted_again(make_lane, project, aws):
    lane = reserving(make_lane(), 900)
    deploy(lane, project, aws)
    assert plan(lane, project, aws).changes == ()
    assert len(plan(reserving(lane, 800), project, aws).changes) == 1
    with pytest.raises(QuotaError, match="1 concurrent executions more"):
        plan(reserving(lane, 901), project, aws)


def test_a_map_that_is_written_to_outrun_its_function_is_refused(lane, project, aws):
    template = lane.workflows["cosmic"].template
    body = json.loads(template.read_text())
    for concurrency, fine in ((8, True), (9, False), (0, True)):  # 0 is no bound: the input may still be small
        body["States"]["Ranks"]["MaxConcurrency"] = concurrency
        template.write_text(json.dumps(body))
        if fine:
            plan(lane, project, aws)
        else:
            with pytest.raises(QuotaError, match=r"'Ranks': MaxConcurrency is 9, but .* has 8 reserved"):
                plan(lane, project, aws)
