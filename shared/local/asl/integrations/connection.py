"""EventBridge connections: what one adds to the request of an HTTP Task, its credentials above all.

The credentials lie in a secret, which the role of the task must be allowed to read. For OAuth, the client's are
exchanged for a token at each call: the pair is sent as a form (GET: in the query), with ``grant_type``
``client_credentials`` and what the connection adds.

Sources: Step Functions Developer Guide, "IAM permissions to run an HTTP Task" and "Connection errors"; EventBridge API
reference, CreateConnection (read 2026-11-30).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from shared.local.asl.errors import StateFailure
from shared.local.asl.integrations.base import told_by
from shared.local.asl.integrations.http_request import FORM, Additions, Request
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.integrations.base import Caller
    from shared.values import Json

    # Sends a request; returns the status and the body, as text.
    Send = Callable[[Request], tuple[int, str]]

_PREFIX = "Events.ConnectionResource."
_OK = range(200, 300)


def additions_of(caller: Caller, arn: str, send: Send) -> Additions:
    """Return what the connection of *arn* adds to a request of *caller*; *send* asks for a token where one is needed.

    Raises:
        StateFailure: There is no such connection, it is not authorized, or the role may not use it.
    """
    services, permit = caller.execution.engine.services, caller.execution.engine.permit
    region = services.region_of(arn if arn.startswith("arn:") else caller.execution.arn)
    try:
        permit(caller.role, "events:RetrieveConnectionCredentials", arn)
        name = arn.partition(":connection/")[2].partition("/")[0] or arn
        found: Mapping[str, Any] = services.client("events", region).describe_connection(Name=name)
        _check_usable(found, arn)
        for action in ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"):
            permit(caller.role, action, found["SecretArn"])
        secret = services.client("secretsmanager", region).get_secret_value(SecretId=found["SecretArn"])
    except StateFailure:
        raise
    except Exception as error:
        told = told_by(error)
        if told is None:
            raise
        raise _failure(*told) from error
    return _additions(str(found["AuthorizationType"]), json.loads(secret["SecretString"]), arn, send)


def _check_usable(found: Mapping[str, Any], arn: str) -> None:
    if found["ConnectionArn"] != arn:
        raise _failure("ResourceNotFoundException", f"Connection '{arn}' does not exist.")
    if found["ConnectionState"] != "AUTHORIZED":
        what = f"Connection '{arn}' is in the state {found['ConnectionState']}, not AUTHORIZED."
        raise StateFailure(f"{_PREFIX}InvalidConnectionState", what)


def _failure(code: str, message: str) -> StateFailure:
    kind = "ResourceNotFound" if code.startswith("ResourceNotFound") else "InternalError"
    return StateFailure(_PREFIX + ("AccessDenied" if code.startswith("AccessDenied") else kind), message)


def _additions(kind: str, secret: Mapping[str, Any], arn: str, send: Send) -> Additions:
    headers: dict[str, str] = {}
    if kind == "API_KEY":
        headers[secret["api_key_name"]] = secret["api_key_value"]
    elif kind == "BASIC":
        headers["Authorization"] = _basic(secret["username"], secret["password"])
    else:
        headers["Authorization"] = _bearer(secret, arn, send)
    more = secret.get("invocation_http_parameters") or {}
    return Additions(
        {**headers, **_of(more, "header_parameters")},
        _of(more, "query_string_parameters"),
        _of(more, "body_parameters"),
    )


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _of(parameters: Mapping[str, Any], name: str) -> dict[str, str]:
    return {each["key"]: str(each.get("value", "")) for each in parameters.get(name) or []}


def _bearer(secret: Mapping[str, Any], arn: str, send: Send) -> str:
    """Return the Authorization header with a token, for which the client's *secret* is exchanged."""
    client, more = secret["client_parameters"], secret.get("o_auth_http_parameters") or {}
    asked = {"grant_type": "client_credentials", "client_id": client["client_id"]}
    asked |= {"client_secret": client["client_secret"], **_of(more, "body_parameters")}
    url, method, query = secret["authorization_endpoint"], secret["http_method"], _of(more, "query_string_parameters")
    headers = {"Content-Type": FORM, **_of(more, "header_parameters")}
    body = None if method == "GET" else urlencode(asked, quote_via=quote).encode()
    query |= asked if method == "GET" else {}
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query, quote_via=quote)
    status, text = send(Request(method, url, headers, body))
    token = _token(text) if status in _OK else None
    if token is None:
        what = f"Connection '{arn}' got no token from its authorization endpoint: it answered {status}."
        raise StateFailure(f"{_PREFIX}InvalidConnectionState", what)
    return f"Bearer {token}"


def _token(text: str) -> Json:
    try:
        told = read_strict(text)
    except ValueError:
        return None
    return told.get("access_token") if isinstance(told, dict) else None
