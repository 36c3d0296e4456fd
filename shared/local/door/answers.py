"""Refusals as HTTP answers, in the protocol of the service that was asked, so that its clients show them."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from shared.local.door.signature import S3

if TYPE_CHECKING:
    from shared.local.door.arrived import Arrived
    from shared.local.door.refused import RefusedError

Answer = tuple[str, list[tuple[str, str]], bytes]
"""A WSGI status, headers, and a body."""

_DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XML, _FORM = "text/xml", "application/x-www-form-urlencoded"
_QUERY = frozenset({"cloudfront", "route53"})  # REST with XML, but with the errors of the Query protocol


def forbidden(arrived: Arrived, why: str) -> Answer:
    """Return the answer to a request that is refused before its key is looked at."""
    text = (
        f"The embedded cloud does not answer this request: {why}.\n"
        'Its own clients work: boto3, the AWS CLI and Chalice, in a shell that has run: eval "$(lanes env)"\n'
        "A presigned URL opens in a browser when it is typed or pasted into the address bar.\n"
    )
    return _answer(HTTPStatus.FORBIDDEN, arrived, "text/plain; charset=utf-8", text, {})


def refusal(refused: RefusedError, arrived: Arrived, service: str) -> Answer:
    """Return *refused* in the form of the API of *service*; *service* is empty if it is not known."""
    message, wrong, request = f"{refused.what}; {refused.fix}", refused.wrong, str(uuid.uuid4())
    kind, told = arrived.one("content-type"), {"x-amzn-requestid": request}
    if service in S3 or not (service or "Action=" in arrived.target or kind or arrived.one("x-amz-target")):
        body = f"<Error>{_told(wrong.s3, message)}<RequestId>{request}</RequestId></Error>"
        return _answer(refused.status, arrived, "application/xml", _DECLARED + body, {"x-amz-request-id": request})
    if service == "ec2":
        errors = f"<Errors><Error>{_told(wrong.ec2, message)}</Error></Errors>"
        body = f"<Response>{errors}<RequestID>{request}</RequestID></Response>"
        return _answer(refused.status, arrived, _XML, _DECLARED + body, told)
    if service in _QUERY or "Action=" in arrived.target or kind.startswith(_FORM):
        whose = "Receiver" if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Sender"
        error = f"<Error><Type>{whose}</Type>{_told(wrong.query, message)}</Error>"
        body = f"<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>"
        return _answer(refused.status, arrived, _XML, _DECLARED + body, told)
    body = json.dumps({"__type": wrong.json, "message": message})
    return _answer(refused.status, arrived, "application/json", body, {"x-amzn-errortype": wrong.json, **told})


def _told(code: str, message: str) -> str:
    return f"<Code>{code}</Code><Message>{escape(message)}</Message>"


def _answer(status: HTTPStatus, arrived: Arrived, kind: str, text: str, more: dict[str, str]) -> Answer:
    body = text.encode("utf-8", "replace")
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), **more}
    return f"{status.value} {status.phrase}", list(headers.items()), b"" if arrived.method == "HEAD" else body
