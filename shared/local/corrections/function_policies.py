"""The policies of a function, its versions and its aliases, and the statements in them, as AWS writes them.

moto 5.2 writes the principal of a role, a user or an account as bare text, which no policy has. It forgets
EventSourceToken, puts FunctionUrlAuthType beside the statement's elements, and keeps only one of two conditions with
the same operator. Such a policy cannot be read, or allows more than it should. It also shows all statements of a
function for each qualifier, takes them from any, and takes one id twice.

Source: AWS Lambda API Reference, AddPermission; AWS Lambda Developer Guide, "Viewing resource-based IAM policies"
(read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from moto.awslambda.exceptions import GenericResourcNotFound, PreconditionFailedException, UnknownPolicyException
from moto.awslambda.models import LambdaBackend
from moto.awslambda.policy import Policy
from moto.awslambda.responses import LambdaResponse

from shared.local.corrections.function_versions import ResourceConflict
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.awslambda.models import LambdaFunction

    from shared.values import Json

    Decode = Callable[[Policy, dict[str, Json]], Policy]

_OF_FUNCTION = 7  # how many parts the ARN of a function has, without a qualifier
# Parameter -> the operator and the key of its condition.
_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


@contextlib.contextmanager
def function_policies_written() -> Iterator[None]:
    """Have moto write statements as AWS does, while the block lasts."""
    seams = (
        Seam(Policy, "decode_policy", _decoder),
        Seam(LambdaBackend, "add_permission", _adding),
        replacing(LambdaBackend, "get_policy", _get),
        replacing(LambdaResponse, "remove_permission", _remove),
    )
    with plugged(seams):
        yield


def _of(function: LambdaFunction, qualifier: str | None) -> list[dict[str, Json]]:
    """Return the statements that are about *function* under *qualifier*."""
    arn = ":".join(function.function_arn.split(":")[:_OF_FUNCTION])
    resource = f"{arn}:{qualifier}" if qualifier else arn
    return [each for each in function.policy.statements if each.get("Resource") == resource]


def _adding(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def add_permission(self: LambdaBackend, function_name: str, qualifier: str | None, raw: str) -> object:
        name = json.loads(raw).get("StatementId")
        if any(each.get("Sid") == name for each in _of(self.get_function(function_name, qualifier), qualifier)):
            raise ResourceConflict(
                f"The statement id ({name}) provided already exists. Please provide a new statement id, or remove the "
                "existing statement."
            )
        return original(self, function_name, qualifier, raw)

    return add_permission


def _get(self: LambdaBackend, function_name: str, qualifier: str | None = None) -> str:
    """Stand in for moto's own."""
    function = self.get_function(function_name, qualifier)
    found = _of(function, qualifier)
    if not found:
        raise GenericResourcNotFound
    document = {"Version": "2012-10-17", "Id": "default", "Statement": found}
    return json.dumps({"Policy": json.dumps(document), "RevisionId": function.policy.revision})


def _remove(self: LambdaResponse) -> tuple[int, dict[str, int], str]:
    """Stand in for moto's own."""
    *_, name, _policy, sid = self.path.split("/")
    qualifier = self.querystring.get("Qualifier", [None])[0]
    revision = self.querystring.get("RevisionId", [""])[0]
    function = self.backend.get_function(unquote(name), qualifier)
    policy = function.policy
    if revision and revision != policy.revision:
        raise PreconditionFailedException(
            "The RevisionId provided does not match the latest RevisionId for the Lambda function or alias. Call the "
            "GetPolicy API to retrieve the latest RevisionId for your resource."
        )
    found = [each for each in _of(function, qualifier) if each.get("Sid") == unquote(sid)]
    if not found:
        raise UnknownPolicyException
    policy.statements.remove(found[0])
    policy.revision = str(uuid.uuid4())
    return 204, {"status": 204}, ""


def _decoder(original: Decode) -> Decode:
    def decode_policy(self: Policy, asked: dict[str, Json]) -> Policy:
        conditions: dict[str, dict[str, str]] = {}
        for name, (operator, key) in _CONDITIONS.items():
            given = asked.pop(name, None)
            if given is not None:
                conditions.setdefault(operator, {})[key] = str(given).lower() if isinstance(given, bool) else str(given)
        policy = original(self, asked)
        statement = policy.statements[0]
        statement["Principal"] = _principal(statement.get("Principal"))
        if conditions:
            statement["Condition"] = conditions
        return policy

    return decode_policy


def _principal(given: Json) -> Json:
    """Return a principal as policies write it: an ARN under its kind, an account as its root's ARN, ``*`` as it is."""
    if not isinstance(given, str) or given == "*":
        return given
    if given.isdigit():
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else {"Service": given}
