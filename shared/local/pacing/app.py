"""Between IAM's decision and the service: a call that an account has no token for is refused, in AWS's words.

Step Functions and CloudWatch Logs answer ThrottlingException with status 400, Lambda TooManyRequestsException with 429
(its API reference, "Common errors"; botocore's models, read 2026-11-30). Clients of botocore try them again.
"""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.local.calls.call import CALL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.local.calls.call import Call
    from shared.local.pacing.account import Account

_SAID = "Rate exceeded"
_JSON = {"stepfunctions": "application/x-amz-json-1.0", "logs": "application/x-amz-json-1.1"}


class Paced:
    """Lets calls through to the *cloud* as often as the *account* may make them."""

    def __init__(self, cloud: WSGIApplication, account: Account) -> None:
        self._cloud = cloud
        self._account = account

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        call: Call | None = environ.get(CALL)
        if call is None or self._account.admits(call.region, call.service, call.operation):
            return self._cloud(environ, start)
        status, headers, body = _throttled(call.service)
        told = {**headers, "Content-Length": str(len(body)), "x-amzn-RequestId": str(uuid.uuid4())}
        start(f"{status.value} {status.phrase}", list(told.items()))
        return [body]


def _throttled(service: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
    if service == "lambda":
        code = "TooManyRequestsException"
        body = {"Reason": "CallerRateLimitExceeded", "Type": "User", "message": _SAID}
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return HTTPStatus.TOO_MANY_REQUESTS, headers, json.dumps(body).encode()
    body = {"__type": "ThrottlingException", "message": _SAID}
    return HTTPStatus.BAD_REQUEST, {"Content-Type": _JSON[service]}, json.dumps(body).encode()
