"""Reservations against the account's limit, and Maps against their functions' reservations."""

from pathlib import Path

import pytest

from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.deploy.concurrency import QuotaError, check_room, crowded_maps, plan_reservations


def lane(team="team1", **reserved):
    """A lane whose functions w-<step> have the given reservations."""
    functions = {
        f"w-{step}": Function(f"w-{step}", f"{team}-w-{step}", "h.handler", "role", "group", 128, 3, count, {})
        for step, count in reserved.items()
    }
    workflow = Workflow("w", f"{team}-w", Path("w.asl.json"), "role", "group", {}, (), {})
    place = Place("123456789012", "us-east-1", "dev")
    rendezvous = Rendezvous("localhost", 1, 1, 1, 1, 1, "rate(1 minute)")
    whose = {"team": team, "owner": "o@example.edu", "hash": "0", "place": place, "tags": {}}
    names = {"bucket": "b", "boundary": "boundary", "deployer": "deployer", "deployer_boundary": "limit"}
    has = {"functions": functions, "workflows": {"w": workflow}, "rendezvous": rendezvous}
    return Lane(**whose, **names, **has, log_retention_days=7, scratch_days=7)


def test_what_fits_is_added_up_by_team():
    planned = plan_reservations([lane("team1", one=8, two=None), lane("team2", one=92)], limit=200, unreserved=100)
    assert planned.teams == {"team1": 8, "team2": 92}
    assert (planned.total, planned.free) == (100, 0)


def test_one_too_many_is_refused_with_everybodys_part():
    with pytest.raises(QuotaError) as refused:
        plan_reservations([lane("team1", one=9), lane("team2", one=92)], limit=200, unreserved=100)
    assert "team2 92, team1 9" in str(refused.value)
    assert "give back 1" in str(refused.value)


def test_more_than_the_account_has_left_is_refused_with_who_asks():
    check_room({"one": 8, "two": -3}, limit=1000, unreserved=105)
    with pytest.raises(QuotaError) as refused:
        check_room({"one": 8, "two": -2}, limit=1000, unreserved=105)
    assert "6 concurrent executions more (one 8), and 5 are left" in str(refused.value)
    with pytest.raises(QuotaError, match="0 are left: the account has 10, 0 are reserved"):  # a new account
        check_room({"one": 1}, limit=10, unreserved=10)


def machine(function, **more):
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": function}}
    return {"States": {"Ranks": {"Type": "Map", "ItemProcessor": {"States": {"Go": task}}, **more}}}


@pytest.mark.parametrize(
    ("more", "concurrency"),
    [
        ({}, 0),
        ({"MaxConcurrency": 0}, 0),
        ({"MaxConcurrency": 9}, 9),
        ({"MaxConcurrencyPath": "$.n"}, None),
        ({"MaxConcurrency": "{% $n %}"}, None),
    ],
)
def test_a_map_that_outruns_its_function_is_found(more, concurrency):
    team = lane(go=8)
    (found,) = crowded_maps(team, machine(team.function_arn("w-go"), **more))
    assert (found.state, found.concurrency, found.reserved) == ("Ranks", concurrency, 8)
    assert "8 reserved" in str(found)


def test_a_map_within_the_reservation_is_fine():
    team = lane(go=8)
    assert crowded_maps(team, machine(team.function_arn("w-go"), MaxConcurrency=8)) == []


def test_a_function_without_a_reservation_is_left_out():
    team = lane(go=None)
    assert crowded_maps(team, machine(team.function_arn("w-go"))) == []


def test_maps_are_found_at_any_depth():
    team = lane(go=8)
    inner = machine(team.function_arn("w-go"))
    outer = {"States": {"Both": {"Type": "Parallel", "Branches": [inner]}}}
    assert [found.state for found in crowded_maps(team, outer)] == ["Ranks"]


def test_a_function_named_by_its_resource_counts():
    team = lane(go=8)
    task = {"Type": "Task", "Resource": team.function_arn("w-go")}
    assert crowded_maps(team, {"States": {"M": {"Type": "Map", "Iterator": {"States": {"Go": task}}}}})


def test_arguments_that_are_an_expression_name_no_function():
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": "{% $states.input %}"}
    each = {"Type": "Map", "ItemProcessor": {"States": {"Call": task}}}
    assert crowded_maps(lane(one=1), {"QueryLanguage": "JSONata", "States": {"Each": each}}) == []
