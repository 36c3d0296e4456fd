"""EventBridge's connections: moto 5.2 tells their secrets, keeps the old ones at an update, and makes a name twice.

Source: Amazon EventBridge API reference, CreateConnection, UpdateConnection, DescribeConnection (in botocore's model,
read 2026-11-30), which has no member for a password, an API key or a client's secret in an answer, and a value beside
IsValueSecret only where that is false.
"""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import ResourceAlreadyExistsException
from moto.events.models import EventsBackend
from moto.secretsmanager.models import secretsmanager_backends
from moto.utilities.utils import CamelToUnderscoresWalker

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.events.models import Connection

_SECRET = frozenset({"ApiKeyValue", "ClientSecret", "Password"})
_PUBLIC = "InvocationHttpParameters"  # the one group that stays a group in a connection's secret


@contextlib.contextmanager
def secrets_of_connections_kept() -> Iterator[None]:
    """Have moto keep them in their secret alone, and that up to date, while the block lasts."""
    wraps = {"create_connection": _creating, "update_connection": _updating, "describe_connection": _describing}
    with plugged([Seam(EventsBackend, name, wrap) for name, wrap in wraps.items()]):
        yield


def _creating(original: Callable[..., Connection]) -> Callable[..., Connection]:
    @functools.wraps(original)
    def create_connection(self: EventsBackend, name: str, *args: Any) -> Connection:
        if name in self.connections:
            raise ResourceAlreadyExistsException(f"Connection {name} already exists.")
        return original(self, name, *args)

    return create_connection


def _updating(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(original)
    def update_connection(self: EventsBackend, name: str, **given: Any) -> dict[str, Any]:
        answer = original(self, name, **given)
        connection = self.connections[name]
        secretsmanager_backends[self.account_id][self.region_name].put_secret_value(
            secret_id=connection.secret_arn,
            secret_string=_text(connection.auth_parameters),
            secret_binary=None,
            client_request_token=None,
            version_stages=["AWSCURRENT"],
        )
        return answer

    return update_connection


def _text(parameters: Mapping[str, Any]) -> str:
    """Return what a secret holds of a connection's *parameters*, as moto writes it for a new one."""
    flat: dict[str, Any] = {}
    for name, group in parameters.items():
        flat |= {name: group} if name == _PUBLIC else group
    return json.dumps(CamelToUnderscoresWalker.parse(flat))


def _describing(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(original)
    def describe_connection(self: EventsBackend, name: str) -> dict[str, Any]:
        found = original(self, name)
        return {**found, "AuthParameters": _shown(found["AuthParameters"])}

    return describe_connection


def _shown(value: Any) -> Any:
    """Return *value* without what is secret in it."""
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if not isinstance(value, dict):
        return value
    hidden = _SECRET | {"Value"} if value.get("IsValueSecret") else _SECRET
    return {name: _shown(each) for name, each in value.items() if name not in hidden}
