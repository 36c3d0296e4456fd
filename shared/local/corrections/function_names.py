"""Functions by each of their names, and by qualifier, in every call.

Lambda takes a name, a partial ARN (``account:function:name``) or an ARN, each with or without a qualifier, and most
calls take the qualifier beside it too. moto 5.2 knows partial ARNs nowhere and qualifiers in some places. While
switched on, a request's function is named plainly, and its qualifier beside it, before moto reads it.

Source: Lambda API reference, Invoke, GetFunction and CreateFunction (read 2026-11-30). The words of refusals are those
that LocalStack recorded on AWS, from memory.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaStorage
from moto.awslambda.responses import LambdaResponse
from moto.core.utils import camelcase_to_underscores

from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Configuration = dict[str, object]

_PARTIAL = re.compile(r"\d{12}:function:")
_NAMED = re.compile(
    r"(?:arn:aws[\w-]*:lambda:(?P<region>[\w-]+):(?P<account>\d{12}):function:|(?P<own>\d{12}):function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
_PATH = re.compile(r"(?P<before>.*/functions/)(?P<function>[^/]+)(?P<after>(?:/.*)?)")
_FINDERS = ("get_function_by_name_or_arn_with_qualifier", "get_function_by_name_or_arn_forbid_qualifier")
# moto's own methods for these have no qualifier but in the name.
_IN_NAME = frozenset(
    {
        "DeleteFunctionEventInvokeConfig",
        "GetFunctionEventInvokeConfig",
        "PutFunctionEventInvokeConfig",
        "UpdateFunctionEventInvokeConfig",
    }
)
_OF_FUNCTIONS_ONLY = frozenset(
    {
        "CreateAlias",
        "DeleteFunctionConcurrency",
        "GetFunctionConcurrency",
        "ListAliases",
        "ListVersionsByFunction",
        "PublishVersion",
        "PutFunctionConcurrency",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    }
)


@contextlib.contextmanager
def functions_found_by_their_names() -> Iterator[None]:
    """Have moto find functions as Lambda does, while the block lasts."""
    seams = (
        *(Seam(LambdaStorage, name, _finding) for name in _FINDERS),
        Seam(LambdaResponse, "call_action", _naming),
        replacing(LambdaResponse, "_set_configuration_qualifier", staticmethod(_qualified)),
    )
    with plugged(seams):
        yield


def _finding(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def find(self: LambdaStorage, name_or_arn: str, *args: object, **named: object) -> object:
        return original(self, name_or_arn[_prefix(name_or_arn) :], *args, **named)

    return find


def _prefix(name: str) -> int:
    """Return how long the account of a partial ARN is, with what follows it; 0 for a name or a whole ARN."""
    found = _PARTIAL.match(name)
    return found.end() if found else 0


def _naming(original: Callable[[LambdaResponse], object]) -> Callable[[LambdaResponse], object]:
    @functools.wraps(original)
    def call_action(self: LambdaResponse) -> object:
        action = self._get_action()
        if action:
            wrong = _name_plainly(self, action)
            if wrong:  # moto makes an answer of what the action's own method raises, and of nothing else
                setattr(self, camelcase_to_underscores(action), _raising(wrong))
        return original(self)

    return call_action


def _raising(message: str) -> Callable[[], object]:
    def method() -> object:
        raise InvalidParameterValueException(message)

    return method


def _name_plainly(response: LambdaResponse, action: str) -> str:
    """Rewrite what names the function in a request, if it is one of this account and region; return what is wrong."""
    if action == "CreateFunction":
        body = json.loads(response.body)
        found = _own(response, str(body.get("FunctionName")))
        if found and not found["qualifier"]:
            response.body = json.dumps(body | {"FunctionName": found["name"]})
        return ""
    path = _PATH.fullmatch(response.path)
    found = _own(response, unquote(path["function"])) if path else None
    if not path or not found:
        return ""
    beside = response.querystring.get("Qualifier", [None])[0]
    inside = found["qualifier"]
    if inside and beside and inside != beside:
        return "The derived qualifier from the function name does not match the specified qualifier."
    qualifier = inside or beside
    if qualifier and action in _OF_FUNCTIONS_ONLY:
        return (
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    name = found["name"]
    if qualifier and action in _IN_NAME:
        name = f"{name}:{qualifier}"
    elif qualifier:
        response.querystring["Qualifier"] = [qualifier]
    response.path = f"{path['before']}{quote(name, safe=':$')}{path['after']}"
    return ""


def _own(response: LambdaResponse, name: str) -> re.Match[str] | None:
    """Return the parts of *name* if it names a function of the request's account and region."""
    found = _NAMED.fullmatch(name)
    if found is None:
        return None
    account, region = response.current_account, response.region
    here = found["account"] in {None, account} and found["own"] in {None, account} and found["region"] in {None, region}
    return found if here else None


def _qualified(configuration: Configuration, _name: str, qualifier: str | None) -> Configuration:
    """Stand in for moto's own: a function that was asked for by qualifier has it in its ARN."""
    arn = ":".join(str(configuration["FunctionArn"]).split(":")[:7])
    return configuration | {"FunctionArn": f"{arn}:{qualifier}" if qualifier else arn}
