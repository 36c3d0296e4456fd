"""Documents that are no XML, which S3 refuses and moto falls over.

boto3 writes a name with a control character into DeleteObjects as it is, which no XML may hold.

Source: Amazon S3 API Reference, "Error responses", "List of error codes" (read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

from moto.s3.exceptions import MalformedXML
from moto.s3.responses import S3Response

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def malformed_xml_refused() -> Iterator[None]:
    """Have moto's S3 refuse a body that is no XML, while the block lasts."""
    with plugged([Seam(S3Response, name, _refusing) for name in ("_bucket_response", "_key_response")]):
        yield


def _refusing(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def answer(self: S3Response, *args: object, **named: object) -> object:
        try:
            return original(self, *args, **named)
        except ExpatError:
            raise MalformedXML from None

    return answer
