"""Credentials in a run's data: found by where they come from, by their key and by their form, and masked everywhere."""

import pytest

from shared.testing.recorded.secret_values import SecretValues

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
GITHUB = "ghp_" + "a1" * 18
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9m"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("value", "masked", "place"),
    [
        ({"a": [f"key {KEY}."]}, {"a": ["key <masked>."]}, "x: a[0]"),
        ({"a": GITHUB}, {"a": "<masked>"}, "x: a"),
        ({"header": f"Bearer {JWT}"}, {"header": "Bearer <masked>"}, "x: header"),
        (PEM, "<masked>", "x"),
        ({"db": {"password": "sea"}}, {"db": {"password": "<masked>"}}, "x: db.password"),
        ({"db_password": "open sesame"}, {"db_password": "<masked>"}, "x: db_password"),
        ({"GITHUB_TOKEN": "abcdefgh"}, {"GITHUB_TOKEN": "<masked>"}, "x: GITHUB_TOKEN"),
        ({"Api-Key": "abcdefgh"}, {"Api-Key": "<masked>"}, "x: Api-Key"),
        ({"body": '{"token": "abcdefgh"}'}, {"body": '{"token": "<masked>"}'}, "x: body: token"),
    ],
)
def test_what_is_found(value, masked, place):
    secrets = SecretValues()
    secrets.look("x", value)
    assert secrets.masked(value) == masked
    assert secrets.places == [place]


@pytest.mark.parametrize("value", [{"tokens": "12"}, {"NextToken": "abc"}, {"password": ""}, {"secret": 3}, "sea"])
def test_what_is_none(value):
    secrets = SecretValues()
    secrets.look("x", value)
    assert (secrets.masked(value), secrets.places) == (value, [])


def test_all_that_a_keeper_of_secrets_answers_is_masked_wherever_else_it_stands():
    secrets = SecretValues()
    answer = {"Name": "n", "SecretString": '{"user": "somebody", "code": "open sesame"}'}
    secrets.look("state 'Ask' returns", answer, all_of_it=True)
    assert secrets.masked({"said": "open sesame, somebody"}) == {"said": "<masked>, <masked>"}
    assert secrets.masked({"name": "n", "other": "none"}) == {"name": "<masked>", "other": "none"}
