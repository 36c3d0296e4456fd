"""Connections of EventBridge: what is secret stays in their secret."""

import json

import pytest
from moto.core.base_backend import BackendDict
from moto.core.exceptions import JsonRESTError
from moto.events.models import events_backends
from moto.secretsmanager.models import secretsmanager_backends

from shared.local.corrections.connections import secrets_of_connections_kept

PLACE = "123456789012", "us-east-1"
MORE = {
    "HeaderParameters": [
        {"Key": "X-Shown", "Value": "shown", "IsValueSecret": False},
        {"Key": "X-Hidden", "Value": "hidden-header", "IsValueSecret": True},
    ]
}


@pytest.fixture
def events():
    with secrets_of_connections_kept():
        yield events_backends[PLACE[0]][PLACE[1]]
    BackendDict.reset()


def secret(connection):
    held = secretsmanager_backends[PLACE[0]][PLACE[1]].get_secret_value(connection["SecretArn"], "", "")
    return json.loads(held["SecretString"])


@pytest.mark.parametrize(
    ("kind", "parameters", "shown"),
    [
        (
            "API_KEY",
            {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hidden-key"}},
            {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key"}},
        ),
        (
            "BASIC",
            {"BasicAuthParameters": {"Username": "u", "Password": "hidden-password"}},
            {"BasicAuthParameters": {"Username": "u"}},
        ),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            {
                "OAuthParameters": {
                    "AuthorizationEndpoint": "https://127.0.0.1/token",
                    "HttpMethod": "POST",
                    "ClientParameters": {"ClientID": "c", "ClientSecret": "hidden-secret"},
                }
            },
            {
                "OAuthParameters": {
                    "AuthorizationEndpoint": "https://127.0.0.1/token",
                    "HttpMethod": "POST",
                    "ClientParameters": {"ClientID": "c"},
                }
            },
        ),
    ],
)
def test_a_connections_secrets_are_not_told(events, kind, parameters, shown):
    events.create_connection("c", "", kind, {**parameters, "InvocationHttpParameters": MORE})

    told = events.describe_connection("c")

    assert "hidden" not in json.dumps(told["AuthParameters"]).replace("X-Hidden", "").lower()
    assert {name: told["AuthParameters"][name] for name in shown} == shown
    assert told["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"][0]["Value"] == "shown"
    assert "hidden" in json.dumps(secret(told))


def test_an_update_changes_the_secret(events):
    first = {"BasicAuthParameters": {"Username": "u", "Password": "first"}, "InvocationHttpParameters": MORE}
    events.create_connection("c", "", "BASIC", first)
    before = secret(events.describe_connection("c"))

    second = {"BasicAuthParameters": {"Username": "u", "Password": "second"}, "InvocationHttpParameters": MORE}
    events.update_connection("c", auth_parameters=second)

    assert secret(events.describe_connection("c")) == {**before, "password": "second"}


def test_a_name_is_made_once(events):
    parameters = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
    events.create_connection("c", "", "BASIC", parameters)
    with pytest.raises(JsonRESTError, match="Connection c already exists"):
        events.create_connection("c", "", "BASIC", parameters)
