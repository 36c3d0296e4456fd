"""The rendezvous service, deployed, changed and destroyed through faults, and killed after each call that is its own.

As ``test_lane.py``, which has the calls that both make.
"""

import pytest

from tests.drill import faults, harness, works


@pytest.fixture(scope="module")
def rendezvous(account):
    """The work on the rendezvous service."""
    return works.RendezvousWork(account)


@pytest.fixture(scope="module")
def known(rendezvous):
    """What its deploy, change and destroy do when nothing is in their way."""
    return harness.undisturbed(rendezvous, rendezvous.steps())


def test_the_drill_knows_every_changing_call_of_the_rendezvous(known):
    assert known.all_calls() - set(faults.LANE) == set(faults.RENDEZVOUS)


def test_the_rendezvous_is_deployed_changed_and_destroyed_through_faults_of_every_call(rendezvous, known):
    outcomes = list(harness.disturbed(rendezvous, known, faults.some_of))
    assert {(each.call, each.what, *each.wrong[:3]) for each in outcomes if each.wrong} == set()
    wanted = {(call, str(fault)) for call in known.all_calls() for fault in faults.some_of(call)}
    assert {(each.call, each.what) for each in outcomes} == wanted
    assert len(wanted) > 200


def test_a_rendezvous_killed_again_and_again_ends_as_if_undisturbed(rendezvous, known):
    outcomes = list(harness.killed_again_and_again(rendezvous, faults.RENDEZVOUS))
    assert [each for each in outcomes if each.wrong] == []
    deploy, _, destroy = known.calls
    assert {each.call for each in outcomes if each.call} == {*deploy, *destroy} & set(faults.RENDEZVOUS)
