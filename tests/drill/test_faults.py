"""Every changing call of deploy, change and destroy meets every fault that AWS may answer it with; none is rerun."""

import pytest

from shared.deploy.apply import ApplyError


@pytest.fixture(scope="module")
def made(lane, rendezvous):
    """The changing calls of the lane's and of the rendezvous's deploy, change and destroy."""
    calls = {}
    for work in (lane, rendezvous):
        work.prepare()
        work.deploy()
        work.change()
        work.destroy()
        calls[work.name] = set(work.account.take())
    return calls


def test_the_drill_knows_every_changing_call_of_the_lane_and_the_rendezvous(drill, made):
    calls = set().union(*made.values())
    assert calls == set(drill.FAULTS.SPECIFIC)


def test_the_drill_knows_every_changing_call_of_the_sample_teams(drill, account):
    for team in account.project.teams:
        work = drill.LaneWork(account, account.project.lane(team))
        work.prepare()
        work.deploy()
        work.destroy()
    assert set(account.take()) <= set(drill.FAULTS.SPECIFIC)


def test_a_lane_is_deployed_changed_and_destroyed_through_every_fault(drill, lane, made):
    outcomes = list(drill.disturbed(lane, drill.FAULTS.faults_of, made["drill"]))
    assert {(each.call, each.what) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in made["drill"] for fault in drill.FAULTS.faults_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 600


def test_the_rendezvous_is_deployed_changed_and_destroyed_through_every_fault(drill, rendezvous, made):
    outcomes = list(drill.disturbed(rendezvous, drill.FAULTS.faults_of, made["rendezvous"]))
    assert {(each.call, each.what) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in made["rendezvous"] for fault in drill.FAULTS.faults_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 400


def test_a_fault_that_does_not_pass_stops_the_deploy(drill, lane):
    lane.prepare()
    fault = drill.FAULTS.Fault("UnrecognizedClientException", "The security token is invalid.", "common errors")
    lane.account.disturb({"iam.CreatePolicy": (fault,)})
    with pytest.raises(ApplyError, match="UnrecognizedClientException"):
        lane.deploy()
