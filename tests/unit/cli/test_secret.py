"""``lanes secret``: a value goes from a prompt or a pipe to its secret, and nowhere else."""

import io
import json
import sys

import pytest

from shared.config.load import load_project
from tests.helpers.project import copy_project
from tests.workflows.projects import kept_cloud

VALUE = "s3cret with spaces"
SECRETS = "secrets: {token: , other: }\nfunctions:"


def with_secrets(folder):
    copy_project(folder)
    card = folder / "statemachines/item-map.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("functions:", SECRETS, 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return with_secrets(tmp_path_factory.mktemp("secret") / "project")


@pytest.fixture(scope="module")
def kept(root):
    with kept_cloud(root) as kept:
        yield kept


@pytest.fixture
def team(root):
    """Return a team whose workflows have these secrets, and no other."""
    return next(team for team, lane in load_project(root).teams.items() if lane.secrets)


@pytest.fixture
def piped(monkeypatch):
    """Return a function that puts a text on stdin."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def stored(kept, root, team, key="token"):
    name = load_project(root).lane(team).workflows["item-map"].secrets[key]
    return kept.aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def test_before_the_lane_is_deployed_it_says_so(root, kept, team, lanes_in, piped):
    piped(VALUE)
    ended = lanes_in(root, "secret", "set", team, "token")
    assert ended.code == 1
    assert "is not deployed; nothing was changed" in ended.err
    assert f"fix: lanes deploy {team}" in ended.err
    assert f"not deployed: lanes deploy {team}" in lanes_in(root, "secret", "list", team).out


def test_a_value_is_set_from_a_pipe_kept_by_deploys_and_never_printed(root, kept, team, lanes_in, piped):
    assert lanes_in(root, "deploy", team).code == 0
    assert "no value yet" in lanes_in(root, "secret", "list", team).out
    piped(f"{VALUE}\n")
    ended = lanes_in(root, "secret", "set", team, "item-map/token", "-")
    assert ended.code == 0
    assert stored(kept, root, team) == VALUE
    assert lanes_in(root, "deploy", team).code == 0
    assert stored(kept, root, team) == VALUE
    listed = lanes_in(root, "secret", "list", team)
    assert "has a value; changed 20" in listed.out
    states = {
        each["key"]: each["has_value"] for each in json.loads(lanes_in(root, "secret", "list", team, "--json").out)
    }
    assert states == {"token": True, "other": False}
    shown = (ended, listed, lanes_in(root, "plan", team, "--json"), lanes_in(root, "print", team))
    assert not [each for each in shown if "s3cret" in each.out + each.err]


def test_it_is_asked_for_without_an_echo_on_a_terminal(root, kept, team, lanes_in, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    asked = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream: asked.append(prompt) or "typed")
    assert lanes_in(root, "secret", "set", team, "other").code == 0
    assert "it is not shown" in asked[0]
    assert stored(kept, root, team, "other") == "typed"


@pytest.mark.parametrize("words", [[VALUE], VALUE.split(), ["-", VALUE]])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(root, kept, team, lanes_in, words):
    ended = lanes_in(root, "secret", "set", team, "token", *words)
    assert ended.code == 2
    assert "does not belong on a command line" in ended.err
    assert "s3cret" not in ended.err


def test_what_cannot_be_set_is_told(root, kept, team, lanes_in, piped):
    for text, told in (("", "the value is empty"), ("x" * 65_537, "and a secret takes 65,536")):
        piped(text)
        ended = lanes_in(root, "secret", "set", team, "token")
        assert (ended.code, told in ended.err) == (2, True)
    piped(VALUE)
    ended = lanes_in(root, "secret", "set", team, "tokn")
    assert (ended.code, "item-map/token" in ended.err) == (2, True)
    other = next(team for team, lane in load_project(root).teams.items() if not lane.secrets)
    assert "has a secret" in lanes_in(root, "secret", "set", other, "token").err


def test_without_a_cloud_that_keeps_it_nothing_is_asked(tmp_path, team, lanes_in):
    ended = lanes_in(with_secrets(tmp_path / "project"), "secret", "set", team, "token")
    assert (ended.code, "lanes up" in ended.err) == (1, True)
