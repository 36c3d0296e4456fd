"""What a caller is told where the cloud itself fails: AWS's 500 and 503, which its clients try again, with words.

A full disk is the cloud's owner's to mend, and passes: 503 says why, and the calls that come after there is space are
done. Anything else is a fault in the cloud. It is 500, and its traceback stands in the cloud's log.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.disks import disk_error
from shared.local.door import signature, version_2
from shared.local.door.answers import refusal
from shared.local.door.arrived import arrived
from shared.local.door.refused import RefusedError, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.local.door.arrived import Arrived

_LOG = logging.getLogger(__name__)
_GONE = (ConnectionError, TimeoutError)  # the client went away while it sent: nobody is there to be told


class Failing:
    """Answers a request that *inside* fails at.

    Args:
        inside: Answers all others.
        folder: Where the cloud's files lie.
    """

    def __init__(self, inside: WSGIApplication, folder: Path) -> None:
        self._inside = inside
        self._folder = folder

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            return self._inside(environ, start)
        except Exception as error:  # noqa: BLE001  whatever a service of moto's raises
            request = arrived(environ)
            status, headers, body = refusal(self._refused(error, request), request, _service(request))
            start(status, headers)
            return [body]

    def _refused(self, error: Exception, request: Arrived) -> RefusedError:
        if known := disk_error(error, [self._folder]):
            _LOG.error("calls are answered with 503: %s: %s; fix: %s", known.where, known.what, known.fix)
            what = f"the embedded cloud cannot write: {known.where}: {known.what}"
            return RefusedError(Wrong.UNAVAILABLE, what, known.fix or "", HTTPStatus.SERVICE_UNAVAILABLE)
        if not isinstance(error, _GONE):
            _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
        what = f"a fault in the embedded cloud: {type(error).__name__}: {error}"
        fix = "report it with the end of .lanes/cloud.log"
        return RefusedError(Wrong.FAULT, what, fix, HTTPStatus.INTERNAL_SERVER_ERROR)


def _service(request: Arrived) -> str:
    """Return the service that *request* is for, as it is signed; "" if it does not say."""
    try:
        signed = version_2.read(request) or signature.read(request)
    except RefusedError:
        return ""
    return signed.service.lower()
