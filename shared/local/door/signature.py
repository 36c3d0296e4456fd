"""Signature Version 4, from the side that checks it: what a request says about its signature, and whether it is right.

It has no sockets and no keys of its own. The rules: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API
Reference, "Authenticating Requests" (read 2026-11-29).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from shared.local.door.arrived import SAFE, encoded
from shared.local.door.refused import RefusedError, Wrong

if TYPE_CHECKING:
    from shared.local.door.arrived import Arrived

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_CHUNKS = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
LONGEST_PRESIGNED = 604_800  # seconds: a week
SKEW = timedelta(minutes=15)

S3 = frozenset({"s3", "s3-outposts", "s3-object-lambda", "s3express"})
"""Signing names of the services whose paths are signed as they are. All others' are normalised and encoded again."""

_DAY = re.compile(r"[0-9]{8}")
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_PLACE = re.compile(r"[A-Za-z0-9-]{1,64}")  # a region or a service; moto makes a host name of them
_SECONDS = re.compile(r"[0-9]{1,6}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCOPE = ("day", "region", "service", "aws4_request")  # the parts of a credential's scope; the last is that word


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says about its signature, in a form that can be checked.

    Attributes:
        key_id: The access key's id.
        moment: When it was signed, as ``20261129T160000Z``.
        day: The day of its scope.
        headers: The names of the headers that are signed.
        token: The session's token, if any.
        payload: The digest of the body, or a word in its place; empty when the request does not say.
        expires: How many seconds a presigned request is valid; None for another request.
    """

    key_id: str
    moment: str
    day: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str
    token: str
    payload: str
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The day, region and service that the signing key is for."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"

    @property
    def authorization(self) -> str:
        """The same as an Authorization header."""
        credential = f"Credential={self.key_id}/{self.scope}"
        return f"{ALGORITHM} {credential}, SignedHeaders={';'.join(self.headers)}, Signature={self.signature}"


def read(arrived: Arrived) -> Signed:
    """Return what *arrived* says about its signature.

    Raises:
        RefusedError: It says nothing about it, or something that makes no sense.
    """
    given = arrived.all("authorization")
    query = dict(arrived.query)
    presigned = any(name in query for name in ("X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential"))
    if len(given) > 1 or (given and presigned):
        raise _malformed("it is signed twice")
    if presigned:
        said = _in_query({name: unquote_to_bytes(value).decode("latin-1") for name, value in query.items()})
    elif given:
        said = _in_header(given[0], arrived)
    else:
        raise _missing(arrived)
    signed = _signed(said)
    _check(signed, arrived)
    return signed


def check_time(signed: Signed, now: datetime) -> None:
    """Do nothing if *signed* is valid at *now*.

    Raises:
        RefusedError: It was signed too long ago, or with a time in the future.
    """
    since = now - _instant(signed.moment)
    if signed.expires is not None and since > timedelta(seconds=signed.expires):
        raise RefusedError(
            Wrong.EXPIRED_REQUEST, f"Request has expired: it was valid for {signed.expires} s", "presign it again"
        )
    if since < -SKEW or (signed.expires is None and since > SKEW):
        raise RefusedError(
            Wrong.SKEWED,
            f"Signature expired: it was signed at {signed.moment}, and now it is {now:%Y%m%dT%H%M%SZ}; "
            "15 minutes are allowed",
            "set this machine's clock, or sign the request now",
        )


def check(signed: Signed, arrived: Arrived, secret: str, payload: str) -> None:
    """Do nothing if *arrived* is signed with *secret*.

    Args:
        signed: What it says about its signature.
        arrived: The request.
        secret: The secret of its key.
        payload: The digest of its body, or the word in its place.

    Raises:
        RefusedError: It is signed with another secret, or something else was signed.
    """
    digest = hashlib.sha256(canonical(signed, arrived, payload)).hexdigest()
    text = f"{ALGORITHM}\n{signed.moment}\n{signed.scope}\n{digest}"
    if not hmac.compare_digest(sign(signed, secret, text), signed.signature.encode("latin-1")):
        raise RefusedError(
            Wrong.MISMATCH,
            "The request signature we calculated does not match the signature you provided: "
            f"the secret is not that of {signed.key_id!r}, or what was signed is not what arrived",
        )


def sign(signed: Signed, secret: str, text: str) -> bytes:
    """Return the signature of *text* in hex digits, with the key that *secret* gives for the scope of *signed*."""
    key = signing_key(secret, signed.day, signed.region, signed.service)
    return hmac.digest(key, text.encode("latin-1"), hashlib.sha256).hex().encode()


@lru_cache(256)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the key that *secret* gives for one *day*, *region* and *service*."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


def canonical(signed: Signed, arrived: Arrived, payload: str) -> bytes:
    """Return the canonical request of *arrived*."""
    query = sorted(pair for pair in arrived.query if signed.expires is None or pair[0] != "X-Amz-Signature")
    headers = [f"{name}:{','.join(' '.join(v.split()) for v in arrived.all(name))}\n" for name in signed.headers]
    lines = (
        arrived.method,
        encoded_path(arrived.path) if signed.service in S3 else _short_path(arrived.path),
        "&".join(f"{name}={value}" for name, value in query),
        "".join(headers),
        ";".join(signed.headers),
        payload,
    )
    return "\n".join(lines).encode("latin-1")


def encoded_path(path: str) -> str:
    """Return *path* as S3 signs it, however it is encoded."""
    return "/".join(encoded(part) for part in path.split("/"))


def _short_path(path: str) -> str:
    """Return *path* as all other services sign it: without dots and doubled slashes, and encoded twice."""
    kept: list[str] = []
    for part in encoded_path(path).split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(quote(part, safe=SAFE))
    last = "/" if path.endswith("/") and kept else ""
    return f"/{'/'.join(kept)}{last}"


class _Said(NamedTuple):
    """The parts of a signature, unchecked."""

    credential: str
    headers: str
    signature: str
    moment: str
    token: str
    payload: str
    expires: int | None


def _in_query(query: dict[str, str]) -> _Said:
    algorithm = query.get("X-Amz-Algorithm", "")
    if algorithm != ALGORITHM:
        raise _other_algorithm(algorithm)
    expires = query.get("X-Amz-Expires", "")
    if not _SECONDS.fullmatch(expires) or not 0 < int(expires) <= LONGEST_PRESIGNED:
        raise _malformed(f"X-Amz-Expires must be a number of seconds from 1 to {LONGEST_PRESIGNED}")
    return _Said(
        credential=query.get("X-Amz-Credential", ""),
        headers=query.get("X-Amz-SignedHeaders", ""),
        signature=query.get("X-Amz-Signature", ""),
        moment=query.get("X-Amz-Date", ""),
        token=query.get("X-Amz-Security-Token", ""),
        payload=query.get("X-Amz-Content-Sha256", ""),
        expires=int(expires),
    )


def _in_header(given: str, arrived: Arrived) -> _Said:
    algorithm, _, rest = given.partition(" ")
    if algorithm != ALGORITHM:
        raise _other_algorithm(algorithm)
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    return _Said(
        credential=parts.get("Credential", ""),
        headers=parts.get("SignedHeaders", ""),
        signature=parts.get("Signature", ""),
        moment=arrived.one("x-amz-date") or _basic(arrived.one("date")),
        token=arrived.one("x-amz-security-token"),
        payload=arrived.one("x-amz-content-sha256"),
        expires=None,
    )


def _signed(said: _Said) -> Signed:
    key_id, *scope = said.credential.rsplit("/", len(_SCOPE))
    if len(scope) != len(_SCOPE) or scope[-1] != _SCOPE[-1] or not key_id:
        raise _malformed("Credential must be KEY/DAY/REGION/SERVICE/aws4_request")
    day, region, service, _ = scope
    if not _DAY.fullmatch(day) or not _PLACE.fullmatch(region) or not _PLACE.fullmatch(service):
        raise _malformed("Credential must name a day, a region and a service")
    if not _MOMENT.fullmatch(said.moment) or said.moment[:8] != day:
        raise _malformed("X-Amz-Date must be there, and of the day that Credential names")
    names = tuple(said.headers.split(";"))
    return Signed(
        key_id, said.moment, day, region, service, names, said.signature, said.token, said.payload, said.expires
    )


def _check(signed: Signed, arrived: Arrived) -> None:
    names = signed.headers
    if "host" not in names or any(name != name.lower() for name in names) or len(set(names)) != len(names):
        raise _malformed("SignedHeaders must name host, in lower case and once")
    loose = {name for name, _ in arrived.headers if name.startswith("x-amz-")} - set(names)
    if loose:
        raise RefusedError(
            Wrong.MISMATCH,
            f"There were headers present in the request which were not signed: {', '.join(sorted(loose))}",
        )
    words = {"", UNSIGNED, UNSIGNED_CHUNKS, *SIGNED_CHUNKS}
    if signed.payload not in words and not _DIGEST.fullmatch(signed.payload):
        raise _malformed(f"x-amz-content-sha256 is {signed.payload[:64]!r}: the cloud takes a digest or one of {words}")
    if not signed.payload and signed.service in S3 and signed.expires is None:
        raise _malformed("x-amz-content-sha256 is not there")


def body_digest(signed: Signed) -> str | None:
    """Return what stands for the body in the canonical request; None if its digest must be calculated first."""
    if signed.payload:
        return signed.payload
    return UNSIGNED if signed.expires is not None and signed.service in S3 else None


def _basic(date: str) -> str:
    """Return a Date header in the form of X-Amz-Date; empty if it is not a date."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, TypeError):
        return ""


def _instant(moment: str) -> datetime:
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _malformed("X-Amz-Date is not a date") from None


def _malformed(what: str) -> RefusedError:
    return RefusedError(Wrong.MALFORMED, f"the request's signature makes no sense: {what}")


def _other_algorithm(name: str) -> RefusedError:
    if name.startswith("AWS4-ECDSA"):
        return _malformed("it is SigV4a (several regions at once); the embedded cloud takes only SigV4")
    if name == "AWS":
        return _malformed("it is Signature Version 2; the embedded cloud takes only Version 4")
    return _malformed(f"it is not {ALGORITHM}")


def _missing(arrived: Arrived) -> RefusedError:
    if arrived.one("content-type").startswith("multipart/form-data"):
        return RefusedError(
            Wrong.MISSING,
            "Missing Authentication Token: the embedded cloud takes no presigned forms (POST)",
            "presign a put_object instead",
        )
    return RefusedError(Wrong.MISSING, "Missing Authentication Token: the embedded cloud takes only signed requests")
