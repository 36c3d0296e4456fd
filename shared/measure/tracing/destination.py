"""Where a trace goes: the address of a receiver, with the headers of the environment, or a file."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
"""The environment variable with a receiver's headers: ``name=value,name=value``, values as in URLs
(https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables)."""
_PATH = "/v1/traces"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+(?:%[\w.-]+)?")
"""A name or an address. What else a host may be, two readers of URLs take for two hosts (RFC 9110, 4.2.4)."""
_NO_SCHEME = re.compile(r"https?:.*|(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):\d+(?:/.*)?")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address that takes OTLP over HTTP.

    Attributes:
        url: The whole address.
        headers: Sent with each request, and shown to nobody.
        shown: The address as it may be shown: without its query.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    shown: str

    @property
    def on_loopback(self) -> bool:
        """Whether it is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def in_clear(self) -> bool:
        """Whether what is sent can be read on its way."""
        return urlsplit(self.url).scheme == "http" and not self.on_loopback


def read_destination(text: str, environment: Mapping[str, str]) -> Receiver | Path:
    """Return where ``--otlp`` *text* leads: a receiver where it begins as a URL does, else a file; ``-`` is stdout.

    Raises:
        UsageError: It cannot be: an address without a host or with a password, headers that are none, or headers that
            would go over the network in clear.
    """
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text):
        return _file(text)
    where = "--otlp"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"this is no address: {error}", where=where, fix="http://localhost:4318") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(
            "traces go by OTLP over HTTP, to http://HOST:4318 or https://HOST", where=where, fix="http://localhost:4318"
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an address with a user or a password in it would be shown",
            where=where,
            fix=f"{HEADERS}='authorization=Basic%20...' in the environment",
        )
    if not _HOST.fullmatch(host):
        raise UsageError(f"{host!r} is no host", where=where, fix="http://localhost:4318")
    path = _PATH if parts.path in {"", "/"} else parts.path
    whole = parts._replace(path=path, fragment="")
    receiver = Receiver(whole.geturl(), read_headers(environment.get(HEADERS, "")), whole._replace(query="").geturl())
    if receiver.in_clear and receiver.headers:
        raise UsageError(
            f"the headers of {HEADERS} would go to {host} unencrypted",
            where=where,
            fix=f"https://{host}, or unset {HEADERS}",
        )
    return receiver


def _file(text: str) -> Path:
    path = Path(text)
    if _NO_SCHEME.fullmatch(text):
        address = re.sub("^https?:/*", "", text)
        raise UsageError(
            f"{text} reads as an address without http://", where="--otlp", fix=f"http://{address}; ./{text} for a file"
        )
    if text != "-" and (path.is_dir() or not path.parent.is_dir()):
        what = "is a folder" if path.is_dir() else "lies in a folder that is not there"
        raise UsageError(f"{text} {what}", where="--otlp", fix="name a file, as trace.json, or http://localhost:4318")
    return path


def read_headers(text: str) -> dict[str, str]:
    """Return the headers in *text*: ``name=value,name=value``.

    Raises:
        UsageError: It is of another form. The message has no value.
    """
    headers: dict[str, str] = {}
    for place, entry in enumerate((each for each in text.split(",") if each.strip()), 1):
        name, equals, value = entry.partition("=")
        name, value = name.strip(), unquote(value.strip())
        if not (equals and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise UsageError(
                f"header {place} is none", where=HEADERS, fix=f"{HEADERS}='api-key=VALUE,other=VALUE'; %2C for a comma"
            )
        headers[name] = value
    return headers
