"""The request of an HTTP Task: what the task says, and what its connection adds to that.

What both say is taken from the connection. Source: Step Functions Developer Guide, "Call HTTPS APIs in Step Functions
workflows" (read 2026-11-30).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from shared.local.asl.errors import RuntimeFailure, dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.values import Json

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
FORM = "application/x-www-form-urlencoded"
_JSON = "application/json; charset=UTF-8"
_RANGE = "bytes=0-262144"
_RESERVED = re.compile(
    r"a-im|accept-charset|accept-datetime|accept-encoding|authorization|cache-control|connection|content-encoding"
    r"|content-md5|date|expect|forwarded|from|host|http2-settings|if-match|if-modified-since|if-none-match|if-range"
    r"|if-unmodified-since|max-forwards|origin|pragma|proxy-authorization|referer|server|te|trailer|transfer-encoding"
    r"|upgrade|via|warning|x-forwarded-.*|x-amz-.*|x-amzn-.*",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# How the key of an array's item is written, by ArrayFormat. COMMAS writes one value for all of them.
_ITEM_KEYS = {"INDICES": "{key}[{place}]", "REPEAT": "{key}", "BRACKETS": "{key}[]"}
_COMMAS = "COMMAS"


@dataclass(frozen=True)
class Additions:
    """What a connection adds to a request: its credentials are among the headers."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def request_of(arguments: Mapping[str, Json], added: Additions, region: str) -> Request:
    """Return the request that a task with these *arguments* sends from *region*.

    Raises:
        RuntimeFailure: A header is Step Functions' own, or the body cannot be merged or encoded.
    """
    body = _merged(arguments.get("RequestBody"), added.body)
    headers = _headers(arguments.get("Headers"), added.headers)
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = _JSON
    headers |= {"User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "Range": _RANGE}
    url = str(arguments["ApiEndpoint"])
    query = urlencode(list(_query(arguments.get("QueryParameters"), added.query)), quote_via=quote)
    if query:
        url += ("&" if "?" in url else "?") + query
    return Request(str(arguments["Method"]), url, headers, _encoded(body, arguments.get("Transform")))


def _headers(own: Json, added: Mapping[str, str]) -> dict[str, str]:
    given = own if isinstance(own, dict) else {}
    for name in given:
        if _RESERVED.fullmatch(name):
            raise RuntimeFailure(f"The header '{name}' is not supported in an HTTP Task")
    theirs = {name.lower() for name in added}
    kept = {name: ",".join(_texts(value)) for name, value in given.items() if name.lower() not in theirs}
    for name, value in (every := {**kept, **added}).items():
        if not _HEADER.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise RuntimeFailure(f"The header '{name}' has an invalid format")
    return every


def _query(own: Json, added: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in (own if isinstance(own, dict) else {}).items():
        if name not in added:
            for each in _texts(value):
                yield name, each
    yield from added.items()


def _texts(value: Json) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else dumps(value)


def _merged(own: Json, added: Mapping[str, str]) -> Json:
    if not added:
        return own
    if own is None or isinstance(own, dict):
        return {**(own or {}), **added}
    raise RuntimeFailure("The RequestBody cannot be merged with the body parameters of the connection: it is no object")


def _encoded(body: Json, transform: Json) -> bytes | None:
    given = transform if isinstance(transform, dict) else {}
    if body is None:
        return None
    if given.get("RequestBodyEncoding", "NONE") == "URL_ENCODED":
        if not isinstance(body, dict):
            raise RuntimeFailure("The RequestBody cannot be URL-encoded: it is no object")
        options = given.get("RequestEncodingOptions")
        arrays = str((options if isinstance(options, dict) else {}).get("ArrayFormat", "INDICES"))
        return urlencode(list(_pairs(body, "", arrays)), quote_via=quote, safe="").encode()
    return (body if isinstance(body, str) else dumps(body)).encode(errors="replace")


def _pairs(value: Json, key: str, arrays: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a form for *value*, whose name so far is *key*."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _pairs(item, f"{key}[{name}]" if key else name, arrays)
    elif isinstance(value, list) and arrays == _COMMAS:
        yield key, ",".join(map(_text, value))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _pairs(item, _ITEM_KEYS[arrays].format(key=key, place=place), arrays)
    else:
        yield key, _text(value)
