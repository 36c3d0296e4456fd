"""The desk: another cloud begins anew, and who may change what."""

from types import SimpleNamespace

import pytest

from shared.console.desk import Desk, Place
from shared.console.launches import Whose
from shared.errors import LanesError


def desk_of(*, writes=True, named=False, clouds=("one",)):
    place = Place("AWS", "123456789012", "us-east-1", " --aws", writes=writes, named=named)
    left = list(clouds)
    return Desk(place, lambda: None, lambda: left.pop(0) if len(left) > 1 else left[0], None)


def test_nothing_of_one_cloud_is_shown_as_anothers():
    desk = desk_of(clouds=("one", "one", "other"))
    assert desk.aws == "one"
    assert desk.readings.fresh("k", lambda: 1, 60.0) == 1
    assert desk.aws == "one"
    assert desk.readings.fresh("k", lambda: 2, 60.0) == 1
    assert desk.aws == "other"
    assert desk.readings.fresh("k", lambda: 2, 60.0) == 2


def test_a_console_that_only_reads_refuses_with_the_command_that_may():
    with pytest.raises(LanesError, match="only reads from AWS") as told:
        desk_of(writes=False, named=True).check_writes("team1", "team1")
    assert told.value.fix == "lanes console --aws --allow-writes"


@pytest.mark.parametrize("named", ["", "team2", "Team1", "team1 team1"])
def test_on_aws_an_action_wants_the_teams_name(named):
    with pytest.raises(LanesError, match="account 123456789012"):
        desk_of(named=True).check_writes("team1", named)
    desk_of(named=True).check_writes("team1", " team1 ")
    desk_of().check_writes("team1", named)


def test_what_lanes_are_is_read_again_when_a_start_has_ended():
    """The start began the run after the form was sent: what was read between the two has no such run."""
    desk, read = desk_of(), []
    desk.lanes = SimpleNamespace(forget=lambda: read.append("forgotten"))
    desk.launches.begin("key", "", Whose("team1", "w", "/"), lambda _run, _note: None, lambda: "key")
    desk.launches.close()
    assert read == ["forgotten"]
