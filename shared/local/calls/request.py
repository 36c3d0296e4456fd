"""A request as it came, and the same with its query parsed and its body inflated on demand."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from shared.local.calls.call import CallNotReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIX = "call it through a client of boto3, and do not change its requests"
_MAX_INFLATED = 64 << 20  # bytes; far more than what clients compress (metrics, at most a megabyte)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Args:
        method: ``GET``, ``POST`` and so on, in capitals.
        path: Percent-encoded, without the query.
        query: Without the question mark.
        headers: By names in lower case.
        body: All of it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Opened:
    """A request with its query parsed."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.path = request.path
        self.pairs = parse_qsl(request.query, keep_blank_values=True)
        self.query = dict(reversed(self.pairs))  # the first value of each name counts
        self.headers = request.headers
        self.body = request.body

    @property
    def is_form(self) -> bool:
        """Whether its body is a form."""
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    def inflated(self) -> bytes:
        """Return the body, decompressed if its client compressed it, as CloudWatch's do (botocore/compress.py)."""
        if self.headers.get("content-encoding") != "gzip":
            return self.body
        engine = zlib.decompressobj(wbits=31)
        try:
            body = engine.decompress(self.body, _MAX_INFLATED)
        except zlib.error as error:
            raise CallNotReadError(f"the body is not gzip: {error}", fix=FIX) from error
        if engine.unconsumed_tail:
            raise CallNotReadError(f"the body is over {_MAX_INFLATED >> 20} MiB inflated", fix="send less at once")
        return body
