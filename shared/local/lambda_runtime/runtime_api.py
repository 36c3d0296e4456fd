"""The Runtime API without its socket: bytes in, requests out; answers as bytes.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The only peers are awslambdaric's own client (libcurl)
and, for init errors, http.client. Both send a Content-Length. libcurl sends ``Expect: 100-continue`` before a long
body.
"""

from __future__ import annotations

import uuid
from typing import NamedTuple

_PREFIX = "/2018-06-01/runtime"
NEXT = f"{_PREFIX}/invocation/next"
INIT_ERROR = f"{_PREFIX}/init/error"
_REQUEST_LINE = 3  # words: method, path, version
_OF_BROWSERS = frozenset({"origin", "referer", "sec-fetch-site", "sec-fetch-mode"})

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class ProtocolError(Exception):
    """The peer sent something that is not a request of the Runtime API."""


class Request(NamedTuple):
    """One request of a worker. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def asks_next(self) -> bool:
        """Whether the worker is ready and asks for an event."""
        return self.method == "GET" and self.path == NEXT

    def is_of_a_page(self, address: str) -> bool:
        """Say whether a browser sent it: it names its page, or its Host is not our *address*."""
        return self.headers.get("host") != address or not _OF_BROWSERS.isdisjoint(self.headers)

    @property
    def is_init_error(self) -> bool:
        """Whether the worker could not load the handler."""
        return self.method == "POST" and self.path == INIT_ERROR

    def outcome_of(self, request_id: str) -> str | None:
        """Return "response" or "error" when this ends the invocation *request_id*, else None."""
        for outcome in ("response", "error"):
            if self.method == "POST" and self.path == f"{_PREFIX}/invocation/{request_id}/{outcome}":
                return outcome
        return None


class RequestReader:
    """Cuts a connection's bytes into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def feed(self, data: bytes) -> None:
        """Add what the socket gave."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """Return the next whole request; None while one is still coming.

        Raises:
            ProtocolError: It is not HTTP, or does not tell its length.
        """
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._head = _parse_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
        method, path, headers = self._head
        length = int(headers.get("content-length", "0"))
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        return Request(method, path, headers, body)

    def take_expectation(self) -> bool:
        """Say whether the peer waits for CONTINUE before it sends the body; once for each request."""
        if self._head is None:
            return False
        return self._head[2].pop("expect", "").lower() == "100-continue"


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != _REQUEST_LINE or not parts[-1].startswith("HTTP/1."):
        raise ProtocolError(f"not a request line: {first[:200]!r}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if "chunked" in headers.get("transfer-encoding", "").lower() or not headers.get("content-length", "0").isdigit():
        raise ProtocolError(f"a body of unknown length: {first[:200]!r}")
    return parts[0], parts[1], headers


class Event(NamedTuple):
    """An event for a worker, with what the API's headers say about it.

    Attributes:
        deadline_ms: When the invocation times out, in milliseconds since the epoch.
        arn: The function's ARN, as it was invoked.
        trace_id: See :func:`new_trace_id`.
    """

    payload: bytes
    request_id: str
    deadline_ms: int
    arn: str
    trace_id: str
    client_context: str | None = None

    def response(self) -> bytes:
        """Return the answer to NEXT that hands it to the worker."""
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(self.payload)),
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }
        if self.client_context:
            headers["Lambda-Runtime-Client-Context"] = self.client_context
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + self.payload


def new_trace_id(now: float, lineage: str = "") -> str:
    """Return an X-Ray trace header for a request at *now*, seconds since the epoch, not sampled, with its *lineage*."""
    digits = uuid.uuid4().hex
    return f"Root=1-{int(now):08x}-{digits[:24]};Parent={digits[16:]};Sampled=0" + (
        f";Lineage={lineage}" if lineage else ""
    )
