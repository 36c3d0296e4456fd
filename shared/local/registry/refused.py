"""The registry's refusals."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedError(LanesError):
    """A request is refused in the words of OCI's specification.

    Attributes:
        code: The specification's name for it ("NAME_UNKNOWN").
    """

    def __init__(
        self, code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, headers: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        self.code = code
        self._status = status
        self._headers = headers

    def response(self) -> Response:
        """Return it as HTTP, in the specification's JSON form."""
        told = {"errors": [{"code": self.code, "message": self.what}]}
        return Response(json.dumps(told), self._status, self._headers, content_type="application/json")


def not_found(code: str, message: str) -> RefusedError:
    """Return the refusal of a request for something that does not exist."""
    return RefusedError(code, message, HTTPStatus.NOT_FOUND)
