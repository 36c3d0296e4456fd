"""Presigned URLs of S3 under Signature Version 2, which boto3 still makes unless it is told ``s3v4``.

The rules: Amazon S3 User Guide, "Signing and authenticating REST requests" (AWS signature version 2), "Query string
request authentication alternative" (read 2026-11-29). That version signs only a part of the query. So a URL with
anything unsigned is refused here, except for the names that every presigned URL has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.signature import ALGORITHM, encoded_path

if TYPE_CHECKING:
    from shared.local.door.arrived import Arrived

_OWN = frozenset({"AWSAccessKeyId", "Signature", "Expires"})
_SIGNED = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
    "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "select", "select-type", "storageClass", "tagging",
    "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})  # fmt: skip
_AS_HEADERS = ("content-md5", "content-type")
_SECONDS = re.compile(r"[0-9]{1,11}")  # since 1970, until the year 5138


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """What a presigned URL says about its signature.

    Attributes:
        key_id: The access key's id.
        signature: In base64.
        expires: When it ends, in seconds since the epoch.
        token: The session's token, if any.
    """

    key_id: str
    signature: str
    expires: int
    token: str
    service: str = "s3"

    @property
    def authorization(self) -> str:
        """What a header of Version 4 would say: the service and the key. The region is any, for S3 does not need it."""
        day = datetime.fromtimestamp(self.expires, UTC).strftime("%Y%m%d")
        return f"{ALGORITHM} Credential={self.key_id}/{day}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="


def read(arrived: Arrived) -> SignedUrl | None:
    """Return the signature of Version 2 in the query of *arrived*; None if it has none.

    Raises:
        RefusedError: It makes no sense, or something that changes the request's meaning is not signed.
    """
    query = dict(_query(arrived))
    if "AWSAccessKeyId" not in query:
        return None
    unsigned = [name for name in query if name not in _SIGNED | _OWN and not _is_header(name)]
    if unsigned or arrived.all("authorization") or len(query) < len(_query(arrived)):
        raise _malformed(f"Version 2 does not sign {', '.join(unsigned) or 'a name that is there twice'}")
    expires = query.get("Expires", "")
    if not _SECONDS.fullmatch(expires):
        raise _malformed("Expires must be a number of seconds since 1970")
    token = query.get("x-amz-security-token", "")
    return SignedUrl(query["AWSAccessKeyId"], query.get("Signature", ""), int(expires), token)


def check(signed: SignedUrl, arrived: Arrived, secret: str, now: datetime) -> None:
    """Do nothing if *arrived* is signed with *secret* and still valid at *now*.

    Raises:
        RefusedError: It is not.
    """
    text = _text(signed, arrived).encode("utf-8")
    right = base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha1))
    if not hmac.compare_digest(right, signed.signature.encode("utf-8")):
        raise RefusedError(
            Wrong.MISMATCH,
            "The request signature we calculated does not match the signature you provided: the URL was changed, "
            "or signed with another secret, or is for another Content-Type",
        )
    if now.timestamp() > signed.expires:
        raise RefusedError(Wrong.EXPIRED_REQUEST, "Request has expired", "presign it again")


def _text(signed: SignedUrl, arrived: Arrived) -> str:
    query = dict(_query(arrived))
    amazon = {name: value for name, value in query.items() if name.startswith("x-amz-")}
    for name, _ in arrived.headers:
        if name.startswith("x-amz-"):
            amazon[name] = arrived.one(name).strip()
    words = [f"{name}={value}" if value is not None else name for name, value in sorted(_parameters(arrived))]
    return "\n".join(
        [
            arrived.method,
            *(arrived.one(name).strip() for name in _AS_HEADERS),
            str(signed.expires),
            *(f"{name}:{amazon[name]}" for name in sorted(amazon)),
            f"{_bucket(arrived)}{encoded_path(arrived.path)}" + (f"?{'&'.join(words)}" if words else ""),
        ]
    )


def _parameters(arrived: Arrived) -> list[tuple[str, str | None]]:
    pairs = (part.partition("=") for part in arrived.target.partition("?")[2].split("&"))
    return [(name, unquote(value) if equals else None) for name, equals, value in pairs if name in _SIGNED]


def _query(arrived: Arrived) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in arrived.target.partition("?")[2].split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _is_header(name: str) -> bool:
    return name.startswith("x-amz-") or name in _AS_HEADERS


def _bucket(arrived: Arrived) -> str:
    """Return ``/BUCKET`` if Host names the bucket; empty if the path names it."""
    host = arrived.one("host").lower().rpartition(":")[0] or arrived.one("host").lower()
    name = host.removesuffix("localhost").removesuffix(".")
    bucket = "" if name in {host, "s3"} else name.removesuffix(".s3")
    return f"/{bucket}" if bucket else ""


def _malformed(what: str) -> RefusedError:
    return RefusedError(
        Wrong.MALFORMED, f"the presigned URL makes no sense: {what}", "presign with Config(signature_version='s3v4')"
    )
