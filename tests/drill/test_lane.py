"""A lane with each kind of resource, deployed, changed and destroyed through faults, and killed after each call.

Each changing call meets its own faults here, and of those of any call some, in turn. Killed is each run after the next
call, until it is done: so every call is the last one of some run. ``make drill`` has every fault of every call, all
sample teams, and a run for each call that is killed after it alone.
"""

import pytest

from shared.deploy.apply import ApplyError
from shared.deploy.lane_deployment import prepare_lane


@pytest.fixture(scope="module")
def lane(drill, account):
    """The work on a lane with one or two of every kind of resource."""
    return drill.WORKS.LaneWork(account, drill.WORKS.DRIFT.small_lane(account.project))


@pytest.fixture(scope="module")
def known(drill, lane):
    """What its deploy, change and destroy do when nothing is in their way."""
    return drill.undisturbed(lane, lane.steps())


def test_the_drill_knows_every_changing_call_of_the_lane(drill, known):
    assert known.all_calls() == set(drill.FAULTS.LANE)


def test_the_lane_has_every_kind_of_step_that_the_sample_teams_have(account, lane):
    lane.prepare()

    def steps(lane):
        images = {key: f"host/x@sha256:{'0' * 64}" for key, function in lane.functions.items() if function.image}
        todo = prepare_lane(lane, account.project, account.aws, images=images).plan()
        return {(step.kind, getattr(call, "method", None)) for step in todo.steps for call in step.calls}

    for team in account.project.teams:
        assert steps(account.project.lane(team)) <= steps(lane.lane), team


def test_a_lane_is_deployed_changed_and_destroyed_through_faults_of_every_call(drill, lane, known):
    outcomes = list(drill.disturbed(lane, known, drill.FAULTS.some_of))
    assert {(each.call, each.what, *each.wrong[:3]) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in drill.FAULTS.LANE for fault in drill.FAULTS.some_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 300


def test_a_fault_that_does_not_pass_stops_the_deploy(drill, lane):
    lane.prepare()
    fault = drill.FAULTS.Fault("UnrecognizedClientException", "The security token is invalid.", "common errors")
    lane.account.disturb({"iam.CreatePolicy": (fault,)})
    with pytest.raises(ApplyError, match="UnrecognizedClientException"):
        lane.deploy()


def test_a_lane_killed_again_and_again_ends_as_if_undisturbed(drill, lane):
    outcomes = list(drill.killed_again_and_again(lane))
    assert [each for each in outcomes if each.wrong] == []
    assert len(outcomes) > 45


def test_two_states_of_an_account_are_told_apart(drill, lane):
    lane.prepare()
    lane.deploy()
    before = drill.STATES.dump(lane.services)
    lane.account.aws.iam.tag_role(RoleName=lane.lane.deployer, Tags=[{"Key": "note", "Value": "by hand"}])
    assert any("by hand" in line for line in drill.STATES.different(before, drill.STATES.dump(lane.services)))
