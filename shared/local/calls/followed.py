"""moto does the call that was read, and no other.

moto 5.2 looks for an operation's name and its parameters in places that no client of AWS uses. It reads a JSON body as
a query string (``{"TableName": "mine", "x": "&TableName=theirs&Action=DeleteTable&"}``), takes headers for parameters,
and finds a region in a User-Agent. But moto must do exactly the call that was decided about. So while this is
installed, a request that carries its call is held to it: its parameters come from where its protocol has them, and its
region from its signature. A request that moto would still read as another call is refused.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from moto.core.responses import BaseResponse
from moto.s3.responses import S3Response
from werkzeug.exceptions import BadRequest

from shared.local.calls.call import CALL
from shared.local.calls.models import model_of
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from shared.local.calls.call import Call

_REST = frozenset({"rest-json", "rest-xml"})


@contextlib.contextmanager
def calls_followed() -> Iterator[None]:
    """Hold moto to the calls that were read, while the block lasts."""
    seams = (
        Seam(BaseResponse, "setup_class", _set_up),
        Seam(BaseResponse, "_get_action", _get_action),
        Seam(BaseResponse, "get_region_from_url", _get_region),
        Seam(S3Response, "setup_class", _set_up_s3),
    )
    with plugged(seams):
        yield


def _set_up(moto: Callable[..., None]) -> Callable[..., None]:
    """Wrap the reading of parameters: they come only from the query, unless the body is a form."""

    def setup_class(self: BaseResponse, request: Request, *args: object, **kwargs: object) -> None:
        moto(self, request, *args, **kwargs)
        if _call(request) is not None and not _is_form(request):
            self.querystring = self.data = parse_qs(self.parsed_url.query, keep_blank_values=True)

    return setup_class


def _get_action(moto: Callable[[BaseResponse], str | None]) -> Callable[[BaseResponse], str | None]:
    """Wrap the choice of the operation: it is the one that was read.

    A REST service's routes in moto give its parameters, so they must agree with it.
    """

    def get_action(self: BaseResponse) -> str | None:
        call = _call(self.normalized_request)
        if call is None or call.service == "s3":
            return moto(self)
        if model_of(call.service).metadata["protocol"] not in _REST:
            return call.operation
        routed: str | None = self._get_action_from_method_and_request_uri(self.normalized_request)
        if routed not in {None, call.operation}:
            raise _other(call, routed)
        return routed

    return get_action


def _get_region(moto: Callable[..., str]) -> Callable[..., str]:
    def get_region_from_url(self: BaseResponse, request: Request, full_url: str) -> str:
        call = _call(request)
        return moto(self, request, full_url) if call is None else call.region

    return get_region_from_url


def _set_up_s3(moto: Callable[..., None]) -> Callable[..., None]:
    """Wrap the reading of bucket and key from path and host: they must be those that were read."""

    def setup_class(self: S3Response, request: Request, *args: object, **kwargs: object) -> None:
        moto(self, request, *args, **kwargs)
        call = _call(request)
        if call is None or call.service != "s3":
            return
        key = call.parameters.get("Key")
        found = (self.bucket_name or None, self.parse_key_name() if key else None)
        if found != (call.parameters.get("Bucket"), key):
            raise _other(call, f"of {found}")

    return setup_class


def _call(request: Request) -> Call | None:
    found: Call | None = request.environ.get(CALL)
    return found


def _is_form(request: Request) -> bool:
    return str(request.headers.get("content-type", "")).startswith("application/x-www-form-urlencoded")


def _other(call: Call, what: object) -> BadRequest:
    return BadRequest(f"the request was read as {call}, and would be done as {what}; send it as boto3 does")
