"""A lane with each kind of resource, deployed, changed and destroyed through faults, and killed after each call.

Each changing call meets its own faults here, and of those of any call some, in turn. Killed is each run after the next
call, until it is done: so every call is the last one of some run. ``make drill`` has every fault of every call, all
sample teams, and a run for each call that is killed after it alone.
"""

import pytest

from shared.deploy.apply import ApplyError
from shared.deploy.lane_deployment import prepare_lane
from tests.drill import drift, faults, harness, states, works


@pytest.fixture(scope="module")
def lane(account):
    """The work on a lane with one or two of every kind of resource."""
    return works.LaneWork(account, drift.small_lane(account.project))


@pytest.fixture(scope="module")
def known(lane):
    """What its deploy, change and destroy do when nothing is in their way."""
    return harness.undisturbed(lane, lane.steps())


def test_the_drill_knows_every_changing_call_of_the_lane(known):
    assert known.all_calls() == set(faults.LANE)


def test_the_lane_has_every_kind_of_step_that_the_sample_teams_have(account, lane):
    lane.prepare()

    def steps(lane):
        images = {key: f"host/x@sha256:{'0' * 64}" for key, function in lane.functions.items() if function.image}
        todo = prepare_lane(lane, account.project, account.aws, images=images).plan()
        return {(step.kind, getattr(call, "method", None)) for step in todo.steps for call in step.calls}

    for team in account.project.teams:
        assert steps(account.project.lane(team)) <= steps(lane.lane), team


def test_a_lane_is_deployed_changed_and_destroyed_through_faults_of_every_call(lane, known):
    outcomes = list(harness.disturbed(lane, known, faults.some_of))
    assert {(each.call, each.what, *each.wrong[:3]) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in faults.LANE for fault in faults.some_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 300


def test_a_fault_that_does_not_pass_stops_the_deploy(lane):
    lane.prepare()
    fault = faults.Fault("UnrecognizedClientException", "The security token is invalid.", "common errors")
    lane.account.disturb({"iam.CreatePolicy": (fault,)})
    with pytest.raises(ApplyError, match="UnrecognizedClientException"):
        lane.deploy()


def test_a_lane_killed_again_and_again_ends_as_if_undisturbed(lane):
    outcomes = list(harness.killed_again_and_again(lane))
    assert [each for each in outcomes if each.wrong] == []
    assert len(outcomes) > 45


def test_two_states_of_an_account_are_told_apart(lane):
    lane.prepare()
    lane.deploy()
    before = states.dump(lane.services)
    lane.account.aws.iam.tag_role(RoleName=lane.lane.deployer, Tags=[{"Key": "note", "Value": "by hand"}])
    assert any("by hand" in line for line in states.different(before, states.dump(lane.services)))
