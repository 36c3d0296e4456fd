"""The key that a worker signs with: it is its team's, is read seldom, and is renewed while the worker lives."""

import boto3
import pytest

from shared.errors import LanesError
from shared.fmi.rendezvous.keys import Judgement, team_key
from shared.handlers.env import MissingEnvironment
from shared.handlers.fmi.key import LIFETIME, NoTeamKey, own_namespace

SECRET = "team2/rendezvous-7078ea12"


def put(text):
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)


def test_names_are_signed_with_the_teams_key(keys):
    name = own_namespace("run-1", "cosmic").pair_name(0, 1)
    assert keys.judge(name) == (Judgement.VERIFIED, "team2")


def test_a_key_is_read_once_and_again_when_it_has_grown_old(keys):
    now = 10 * LIFETIME
    first = own_namespace(clock=lambda: now).key
    renewed = team_key(b"r" * 32, "team2")
    put(renewed.hex())
    assert own_namespace(clock=lambda: now + LIFETIME - 1).key == first == team_key(b"m" * 32, "team2")
    assert own_namespace(clock=lambda: now + LIFETIME).key == renewed


def test_a_secret_that_is_not_there_is_told_with_what_makes_it(account, monkeypatch):
    monkeypatch.setenv("RENDEZVOUS_SECRET", SECRET)
    with pytest.raises(NoTeamKey, match=rf"(?s)secret {SECRET}.*lanes deploy TEAM renews"):
        own_namespace()


def test_a_secret_that_holds_something_else_is_told_without_it(keys):
    put("hunter2")
    with pytest.raises(LanesError, match=f"secret {SECRET} does not hold 64 hex digits") as caught:
        own_namespace()
    assert "hunter2" not in str(caught.value)


def test_a_function_that_was_deployed_without_one_says_so(account):
    with pytest.raises(MissingEnvironment, match=r"lacks RENDEZVOUS_SECRET"):
        own_namespace()
