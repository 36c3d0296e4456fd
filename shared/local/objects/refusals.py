"""What S3 refuses, in its own words and with its own status.

Source: Amazon S3 API Reference, "Error responses", "List of error codes" (read 2026-11-30).
"""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from moto.s3.responses import S3Response

Answer: TypeAlias = "tuple[int, dict[str, Any], str | bytes | Iterable[bytes]]"
"""A status, headers, and a body, as moto's services answer."""


class Refusal(Exception):
    """S3 does not do what it was asked.

    Attributes:
        code: AWS's code.
        message: For people.
        status: The HTTP status.
        more: Further elements of the answer.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = more or {}
        self.headers = headers or {}

    def answer(self, *, body: bool) -> Answer:
        """Return it as an answer, without its *body* if nobody may have one."""
        told = {"Code": self.code, "Message": self.message, **self.more, "RequestId": "-"}
        text = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
        document = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>' if body else ""
        return self.status.value, {"Content-Type": "application/xml", **self.headers}, document


def invalid(name: str, value: object, why: str) -> Refusal:
    """Return the refusal of an argument."""
    return Refusal("InvalidArgument", why, more={"ArgumentName": name, "ArgumentValue": value})


def precondition_failed(condition: str) -> Refusal:
    """Return what S3 says when a *condition* of the request does not hold."""
    return Refusal(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        HTTPStatus.PRECONDITION_FAILED,
        {"Condition": condition},
    )


def no_such_key(key: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """Return what S3 says of a key that is not there."""
    return Refusal("NoSuchKey", "The specified key does not exist.", HTTPStatus.NOT_FOUND, {"Key": key}, headers)


def no_such_upload(upload: str) -> Refusal:
    """Return what S3 says of a multipart upload that is not there."""
    return Refusal(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed.",
        HTTPStatus.NOT_FOUND,
        {"UploadId": upload},
    )


def answering(operation: Callable[..., Answer]) -> Callable[..., Answer]:
    """Wrap an *operation* of S3, a method of moto's S3Response: it answers what it refuses."""

    @functools.wraps(operation)
    def answer(self: S3Response, *args: object, **named: object) -> Answer:
        try:
            return operation(self, *args, **named)
        except Refusal as refusal:
            return refusal.answer(body=self.method != "HEAD")

    return answer
