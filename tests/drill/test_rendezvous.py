"""The rendezvous service, deployed, changed and destroyed through faults, and killed after each call that is its own.

As ``test_lane.py``, which has the calls that both make.
"""

import pytest


@pytest.fixture(scope="module")
def rendezvous(drill, account):
    """The work on the rendezvous service."""
    return drill.WORKS.RendezvousWork(account)


@pytest.fixture(scope="module")
def known(drill, rendezvous):
    """What its deploy, change and destroy do when nothing is in their way."""
    return drill.undisturbed(rendezvous, rendezvous.steps())


def test_the_drill_knows_every_changing_call_of_the_rendezvous(drill, known):
    assert known.all_calls() - set(drill.FAULTS.LANE) == set(drill.FAULTS.RENDEZVOUS)


def test_the_rendezvous_is_deployed_changed_and_destroyed_through_faults_of_every_call(drill, rendezvous, known):
    outcomes = list(drill.disturbed(rendezvous, known, drill.FAULTS.some_of))
    assert {(each.call, each.what, *each.wrong[:3]) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in known.all_calls() for fault in drill.FAULTS.some_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 200


def test_a_rendezvous_killed_again_and_again_ends_as_if_undisturbed(drill, rendezvous, known):
    outcomes = list(drill.killed_again_and_again(rendezvous, drill.FAULTS.RENDEZVOUS))
    assert [each for each in outcomes if each.wrong] == []
    deploy, _, destroy = known.calls
    assert {each.call for each in outcomes if each.call} == {*deploy, *destroy} & set(drill.FAULTS.RENDEZVOUS)
