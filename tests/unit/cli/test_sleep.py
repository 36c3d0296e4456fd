"""``lanes sleep``, ``wake`` and ``adopt``: what they refuse before they ask any cloud, and what they print."""

import json

import pytest

from shared.cli.adopt import _lines
from shared.deploy.adoption import Adopted
from shared.deploy.model import Resource, Step
from tests.helpers.project import copy_project


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("sleep") / "project")


@pytest.mark.parametrize("command", ["sleep", "wake"])
def test_a_cloud_that_ends_with_the_command_puts_nothing_to_sleep(lanes_in, root, command):
    done = lanes_in(root, command, "topics")
    assert done.code == 1
    assert "no cloud is running that would keep it" in done.err
    assert "lanes up, lanes deploy topics, then this again" in done.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("sleep",), "which teams?"),
        (("wake", "topics", "--all"), "--all is every team"),
        (("sleep", "topics", "--stop", "--wait"), "--stop ends the runs, --wait lets them end"),
        (("sleep", "nobody"), "unknown team"),
    ],
)
def test_what_was_asked_wrongly_is_told(lanes_in, root, words, why):
    done = lanes_in(root, *words)
    assert done.code == 2
    assert why in done.err


def test_where_nothing_is_to_be_taken_in_nothing_is_done(lanes_in, root):
    done = lanes_in(root, "adopt", "topics", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["team"], told["adopted"], told["left"]) == ("topics", [], [])
    assert "bears a name of topics's without being the lane's: lanes deploy topics" in done.err


def test_no_value_of_an_environment_is_shown_and_long_differences_are_counted():
    have = Resource("function", "f", {"made-by": "hand"}, {"runtime": "python3.11", "environment": {"KEY": "hunter2"}})
    changes = tuple(f"definition.States.S{number}: absent -> x" for number in range(20))
    diff = ("environment.KEY: hunter2 -> absent", *changes, "tag team: absent -> team2")
    lines = _lines(Adopted(have, Step("update", "function", "f", diff), ()))
    assert "hunter2" not in "".join(lines)
    assert lines[0] == "is: runtime python3.11, tags made-by=hand"
    assert lines[-2:] == ["... and 9 more (--json has all)", "tags that it gets: team"]
