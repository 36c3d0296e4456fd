"""Sends batches of spans by OTLP/HTTP: compressed, tried again where the receiver says so, never sent on elsewhere.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import gzip
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from shared.errors import LanesError
from shared.measure.tracing.otlp_protobuf import PartialSuccess, read_answer, request
from shared.run.history import parse_object
from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.aws.settling.waiting import Sleep
    from shared.measure.tracing.destination import Receiver
    from shared.measure.tracing.span import Span

_AGAIN = frozenset({429, 502, 503, 504})
"""What OTLP says to try again; anything else is final."""
_TRIES = 6
_LONGEST_WAIT = 60.0  # seconds; who asks for a longer one is busy for now
_MOST_READ = 64 * 1024  # bytes of an answer
_TOLD = 300  # characters of it that are shown
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_FIXES = {
    401: "set the receiver's token: OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20TOKEN'",
    403: "set the receiver's token: OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20TOKEN'",
    404: "name the whole path, such as http://localhost:4318/v1/traces",
    405: "name the whole path, such as http://localhost:4318/v1/traces",
    415: "the receiver must take OTLP as protobuf; --otlp FILE writes it as JSON",
}


class Sender:
    """Sends to one receiver.

    Args:
        receiver: Where.
        version: That of this program.
        sleep: Waits between two tries.
        jitter: Returns a number from 0 to 1, so that many who wait do not come back at once.
        now: The time, for a ``Retry-After`` that is a date.

    Attributes:
        receiver: Where.
        requests: How many batches were taken.
        sent: How many bytes went out, compressed, tries included.
        rejected: How many spans the receiver refused of those batches.
        messages: What it said of that, or warned of; each once.
    """

    def __init__(
        self,
        receiver: Receiver,
        version: str,
        *,
        sleep: Sleep = time.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.receiver, self._version = receiver, version
        self._sleep, self._jitter, self._now = sleep, jitter, now
        self._pool = _pool(receiver)
        self._headers = urllib3.HTTPHeaderDict(receiver.headers)
        self._headers.update(
            {
                "Content-Type": _PROTOBUF,
                "Content-Encoding": "gzip",
                "User-Agent": f"teamlanes/{version}",
            }
        )
        self.requests = self.sent = self.rejected = 0
        self.messages: list[str] = []

    def send(self, batch: Iterable[Span]) -> None:
        """Send a batch.

        Raises:
            LanesError: The receiver does not take it, or does not answer.
        """
        body = gzip.compress(request(batch, self._version), mtime=0)
        answer = self._answered(body)
        if not 200 <= answer.status < 300:  # noqa: PLR2004  what HTTP calls success
            raise self._refused(answer)
        told = self._read(answer)
        self.requests += 1
        self.rejected += told.rejected
        if told.message and (message := _shown(told.message)) not in self.messages:
            self.messages.append(message)

    def _answered(self, body: bytes) -> _Answer:
        """Return the receiver's answer to *body*, which is sent again where that may help."""
        for tried in range(1, _TRIES):
            try:
                answer = self._post(body)
            except urllib3.exceptions.HTTPError as error:
                self._check(error)
                asked = None
            else:
                if answer.status not in _AGAIN:
                    return answer
                asked = self._asked_for(answer)
            self._sleep(self._growing(tried) if asked is None else asked)
        try:
            return self._post(body)
        except urllib3.exceptions.HTTPError as error:
            self._check(error)
            raise LanesError(
                f"the connection broke {_TRIES} times: {_reason(error)}", where=self.receiver.shown, again=True
            ) from error

    def _post(self, body: bytes) -> _Answer:
        self.sent += len(body)
        answer = self._pool.request(
            "POST", self.receiver.url, body=body, headers=self._headers, redirect=False, preload_content=False
        )
        try:
            return _Answer(answer.status, answer.headers, answer.read(_MOST_READ, decode_content=True))
        finally:
            answer.close()

    def _check(self, error: urllib3.exceptions.HTTPError) -> None:
        """Raise what another try cannot mend.

        Raises:
            LanesError: Nobody listens there, or it is not who it should be.
        """
        shown = self.receiver.shown
        if isinstance(error, urllib3.exceptions.NewConnectionError):  # a name that is not known is one, too
            raise LanesError(
                f"nothing answers there: {_reason(error)}", where=shown, fix="start the receiver, or mend the address"
            ) from error
        if isinstance(error, urllib3.exceptions.SSLError):
            untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            raise LanesError(
                f"{'its certificate is not trusted here' if untrusted else 'it speaks no TLS'}: {_reason(error)}",
                where=shown,
                fix="SSL_CERT_FILE=FILE names the certificates of an authority of your own"
                if untrusted
                else "http:// where the receiver is on this machine",
            ) from error

    def _growing(self, tried: int) -> float:
        return 2.0 ** (tried - 1) * (0.5 + self._jitter())

    def _asked_for(self, answer: _Answer) -> float | None:
        """Return for how many seconds the receiver asks to wait; None where it does not say.

        Raises:
            LanesError: It asks for too many.
        """
        text = answer.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            seconds = float(text)
        else:
            try:
                at = parsedate_to_datetime(text)
            except (ValueError, OverflowError):
                return None
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            seconds = max(0.0, (at - self._now()).total_seconds())
        if seconds > _LONGEST_WAIT:
            what = f"it answers {answer.status}, and asks to come back in {seconds:.0f} s"
            raise LanesError(what, where=self.receiver.shown, again=True)
        return seconds

    def _refused(self, answer: _Answer) -> LanesError:
        shown = self.receiver.shown
        if 300 <= answer.status < 400:  # noqa: PLR2004  a redirect
            place = _place(answer.headers.get("Location", ""))
            return LanesError(
                f"it answers {answer.status} and sends on to {place or 'elsewhere'}, which is not followed: the trace "
                "and its headers are for the address that was named",
                where=shown,
                fix="name that address after --otlp, if it is yours",
            )
        said = _shown(answer.body.decode(errors="replace"))
        told = f"it answers {answer.status}" + (f": {said}" if said else "")
        if answer.status in _AGAIN:
            return LanesError(f"{told}, {_TRIES} times", where=shown, again=True)
        return LanesError(told, where=shown, fix=_FIXES.get(answer.status))

    def _read(self, answer: _Answer) -> PartialSuccess:
        """Return what the receiver says of a batch that it took.

        Raises:
            LanesError: What answers is no receiver of traces.
        """
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            if not answer.body or kind in {"", _PROTOBUF}:
                return read_answer(answer.body)
            if kind == _JSON:
                return _in_json(answer.body)
        except ValueError:
            pass
        raise LanesError(
            f"it answers {answer.status}, but not as a receiver of traces does ({_shown(kind) or 'no type'})",
            where=self.receiver.shown,
            fix="name the whole path, such as http://localhost:4318/v1/traces",
        )


class _Answer(NamedTuple):
    """An answer, and as much of its body as is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def _in_json(body: bytes) -> PartialSuccess:
    """Return what *body* says: some receivers answer in JSON whatever they got."""
    said = parse_object(body.decode()).get("partialSuccess")
    told = said if isinstance(said, dict) else {}
    return PartialSuccess(int(str(told.get("rejectedSpans") or 0)), str(told.get("errorMessage") or ""))


def _pool(receiver: Receiver) -> urllib3.PoolManager:
    """Return what connects, by the proxy of the environment where that is meant for the receiver's host.

    Certificates are checked, as is urllib3's default.
    """
    parts = urlsplit(receiver.url)
    inside = receiver.on_loopback or proxy_bypass(parts.hostname or "")
    proxy = None if inside else getproxies().get(parts.scheme)
    if proxy:
        return urllib3.ProxyManager(proxy, retries=False, timeout=_TIMEOUT)
    return urllib3.PoolManager(retries=False, timeout=_TIMEOUT)


def _place(url: str) -> str:
    """Return *url* as it may be shown, without what could be secret in it; "" where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return _shown(parts._replace(query="", fragment="", netloc=parts.netloc.rpartition("@")[2]).geturl())


def _reason(error: Exception) -> str:
    """Return the end of what urllib3 says: the system's words, without numbers in brackets."""
    return _shown(str(error).rpartition(": ")[2].rpartition("] ")[2])


def _shown(text: str) -> str:
    """Return some of a *text* by others as one line that does no harm to who shows it."""
    return visible(" ".join(text.split())[:_TOLD])
