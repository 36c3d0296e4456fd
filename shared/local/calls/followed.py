"""moto does the call that was read, and no other.

Left to itself, moto 5.2 looks for an operation's name and its parameters in places that no client of AWS uses: a JSON
body taken for a query string (``{"TableName": "mine", "x": "&TableName=theirs&Action=DeleteTable&"}``), headers taken
for parameters, the region in a User-Agent. What is decided about the call must be what is done, so while this is
installed a request that carries its call is held to it: its parameters come from where its protocol has them, its
region from its signature, and one that moto would still do otherwise is refused.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.responses import BaseResponse
from moto.s3.responses import S3Response
from werkzeug.exceptions import BadRequest

from shared.local.calls.call import CALL
from shared.local.calls.models import model_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.calls.call import Call

_REST = frozenset({"rest-json", "rest-xml"})


@contextlib.contextmanager
def calls_followed() -> Iterator[None]:
    """Hold moto to the calls that were read, for as long as the block lasts."""
    seams: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
        (BaseResponse, "setup_class", _set_up),
        (BaseResponse, "_get_action", _get_action),
        (BaseResponse, "get_region_from_url", _get_region),
        (S3Response, "setup_class", _set_up_s3),
    )
    with contextlib.ExitStack() as undo:
        for owner, name, held in seams:
            before = getattr(owner, name)
            setattr(owner, name, held(before))
            undo.callback(setattr, owner, name, before)
        yield


def _set_up(moto: Callable[..., None]) -> Callable[..., None]:
    """Take parameters from the query alone, where they are in no form."""

    def setup_class(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        moto(self, request, *args, **kwargs)
        if _call(request) is not None and not _is_form(request):
            self.querystring = self.data = parse_qs(self.parsed_url.query, keep_blank_values=True)

    return setup_class


def _get_action(moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Take the operation that was read; of a REST service moto's own routes must agree, for they give parameters."""

    def get_action(self: Any) -> Any:
        call = _call(self.normalized_request)
        if call is None or call.service == "s3":
            return moto(self)
        if model_of(call.service).metadata["protocol"] not in _REST:
            return call.operation
        routed = self._get_action_from_method_and_request_uri(self.normalized_request)
        if routed not in {None, call.operation}:
            raise _other(call, routed)
        return routed

    return get_action


def _get_region(moto: Callable[..., Any]) -> Callable[..., Any]:
    def get_region_from_url(self: Any, request: Any, full_url: str) -> Any:
        call = _call(request)
        return moto(self, request, full_url) if call is None else call.region

    return get_region_from_url


def _set_up_s3(moto: Callable[..., None]) -> Callable[..., None]:
    """Refuse a bucket or a key that moto takes out of the path or the host otherwise than was read."""

    def setup_class(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        moto(self, request, *args, **kwargs)
        call = _call(request)
        if call is None or call.service != "s3":
            return
        key = call.parameters.get("Key")
        found = (self.bucket_name or None, self.parse_key_name() if key else None)
        if found != (call.parameters.get("Bucket"), key):
            raise _other(call, f"of {found}")

    return setup_class


def _call(request: Any) -> Call | None:
    found: Call | None = request.environ.get(CALL)
    return found


def _is_form(request: Any) -> bool:
    return str(request.headers.get("content-type", "")).startswith("application/x-www-form-urlencoded")


def _other(call: Call, what: object) -> BadRequest:
    return BadRequest(f"the request was read as {call}, and would be done as {what}; send it as boto3 does")
