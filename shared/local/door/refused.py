"""The door's refusals: AWS's error codes, in the protocol of the service that was asked.

Codes and texts: IAM API Reference, "Common Errors"; Amazon S3 API Reference, "List of error codes"; Amazon EC2 API
Reference, "Common client errors" (read 2026-11-29). AWS answers some of them with status 400. Here all of them have
403, so that a caller without a key always meets the same status. A call that IAM denies has AWS's own status.
"""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus

from shared.errors import LanesError

FIX = 'eval "$(lanes env)" in this shell; while lanes up runs, it prints the key'


class Wrong(Enum):
    """What is wrong with a request, its signer or the cloud, with the codes for S3, EC2, Query and JSON services.

    A code for JSON is the one for Query with "Exception" at the end, unless AWS has another word.
    """

    MISSING = ("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationToken")
    MALFORMED = ("AuthorizationHeaderMalformed", "AuthFailure", "IncompleteSignature")
    UNKNOWN_KEY = ("InvalidAccessKeyId", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException")
    WRONG_TOKEN = ("InvalidToken", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException")
    EXPIRED_TOKEN = ("ExpiredToken", "RequestExpired", "ExpiredToken")
    MISMATCH = ("SignatureDoesNotMatch", "AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException")
    SKEWED = ("RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException")
    FORBIDDEN = ("AccessDenied", "UnauthorizedOperation", "AccessDenied")
    EXPIRED_REQUEST = ("AccessDenied", "RequestExpired", "RequestExpired", "RequestExpired")
    FORBIDDEN_BY_TOPIC = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError")
    FORBIDDEN_BY_QUEUE = ("AccessDenied", "UnauthorizedOperation", "AccessDenied", "AccessDenied")
    NOT_HERE = ("NotImplemented", "UnsupportedOperation", "NotImplemented")
    UNAVAILABLE = ("ServiceUnavailable", "Unavailable", "ServiceUnavailable", "ServiceUnavailableException")
    FAULT = ("InternalError", "InternalError", "InternalFailure", "InternalFailure")
    OTHER_BODY = ("XAmzContentSHA256Mismatch", "AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException")

    def __init__(self, s3: str, ec2: str, query: str, json: str = "") -> None:
        self.s3 = s3
        self.ec2 = ec2
        self.query = query
        self.json = json or f"{query}Exception"


class RefusedError(LanesError):
    """A request is not let in, or cannot be answered.

    Attributes:
        wrong: The reason.
        status: The HTTP status.
    """

    def __init__(self, wrong: Wrong, what: str, fix: str = FIX, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> None:
        super().__init__(what, fix=fix)
        self.wrong = wrong
        self.status = status
