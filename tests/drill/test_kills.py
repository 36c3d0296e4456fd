"""Killed after any of its changing calls, a command that is run again ends where it would have ended undisturbed.

Here each run is killed after the next call, until it is done: so every call of a lane with each kind of resource, and
of the rendezvous, is the last one of some run. ``make drill`` kills every team's runs at each call separately.
"""


def test_a_lane_killed_again_and_again_ends_as_if_undisturbed(drill, lane):
    outcomes = list(drill.killed_again_and_again(lane))
    assert [each for each in outcomes if each.wrong] == []
    assert len(outcomes) > 45


def test_a_rendezvous_killed_again_and_again_ends_as_if_undisturbed(drill, rendezvous):
    outcomes = list(drill.killed_again_and_again(rendezvous))
    assert [each for each in outcomes if each.wrong] == []
    assert len(outcomes) > 45


def test_two_states_of_an_account_are_told_apart(drill, lane):
    lane.prepare()
    lane.deploy()
    before = drill.dump()
    lane.account.aws.iam.tag_role(RoleName=lane.lane.deployer, Tags=[{"Key": "note", "Value": "by hand"}])
    assert any("by hand" in line for line in drill.different(before, drill.dump()))
