"""An error as the called service words it, so that any client raises it by its code.

Sources: botocore/parsers.py (1.44.5), which reads these, and the pages on errors of each protocol in Smithy's
specification (awsJson, restJson, restXml, awsQuery, ec2Query).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from shared.local.calls.models import models_signed_as

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from shared.local.calls.read import Request

Answer = tuple[int, dict[str, str], bytes]


def refusal(service: str, request: Request, status: int, code: str, message: str) -> Answer:
    """Return the status, headers and body that refuse *request*.

    Args:
        service: The name that it was signed for; one that nobody knows is answered in XML, as S3 would.
        request: The request, which shows the protocol that its client speaks.
        status: The HTTP status.
        code: AWS's code, ``AccessDeniedException``.
        message: What happened, as the service words it.
    """
    identity = str(uuid4())
    models = models_signed_as(service)
    style = _style(models, request)
    headers = {"x-amzn-RequestId": identity}
    if style == "json":
        headers |= {"Content-Type": _json_type(request), "x-amzn-ErrorType": code}
        # The members' names differ: of "message" JSON's services write the small one, and botocore reads both.
        body = json.dumps({"__type": code, "message": message}).encode()
        return status, headers, body
    headers = {"Content-Type": "text/xml", "x-amz-request-id": identity}
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if style == "s3":
        text = f"<Error>{error}<RequestId>{identity}</RequestId></Error>"
    elif style == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{identity}</RequestID></Response>"
    else:
        kind = "Sender" if status < 500 else "Receiver"  # noqa: PLR2004  HTTP's own border
        error = f"<Type>{kind}</Type>{error}"
        text = f"<ErrorResponse><Error>{error}</Error><RequestId>{identity}</RequestId></ErrorResponse>"
    return status, headers, b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


def _style(models: tuple[ServiceModel, ...], request: Request) -> str:
    """Return the shape of the error: ``json``, ``s3``, ``ec2``, or ``xml`` for the query protocol and other REST."""
    if "x-amz-target" in request.headers:
        return "json"
    protocols = [model.metadata["protocol"] for model in models]
    if not models or models[0].service_name == "s3":
        return "s3"
    if "ec2" in protocols:
        return "ec2"
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if is_form or protocols[0] in {"query", "rest-xml"}:
        return "xml"
    return "json"


def _json_type(request: Request) -> str:
    given = request.headers.get("content-type", "")
    return given if given.startswith("application/x-amz-json") else "application/json"
