"""Which requests are only answered if the object is as they say.

Source: Amazon S3 API Reference, GetObject, CopyObject, PutObject, "Conditional requests"; RFC 9110, 13 (read
2026-11-30).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.local.objects.refusals import Refusal, no_such_key, precondition_failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.s3.models import FakeKey

_SOURCE = "x-amz-copy-source-"


def not_modified(headers: Mapping[str, str], key: FakeKey) -> bool:
    """Return whether who reads *key* has it already.

    Raises:
        Refusal: The object is another than the reader wants.
    """
    _check_match(headers, "If-Match", "If-Unmodified-Since", key)
    known = headers.get("If-None-Match")
    return _names(known, key) if known else not _changed_since(headers.get("If-Modified-Since"), key, otherwise=True)


def check_source(headers: Mapping[str, str], key: FakeKey) -> None:
    """Do nothing if *key* may be copied.

    Raises:
        Refusal: It is not as the request says.
    """
    _check_match(headers, f"{_SOURCE}if-match", f"{_SOURCE}if-unmodified-since", key)
    known, since = headers.get(f"{_SOURCE}if-none-match"), headers.get(f"{_SOURCE}if-modified-since")
    if known:
        if _names(known, key):
            raise precondition_failed("x-amz-copy-source-If-None-Match")
    elif not _changed_since(since, key, otherwise=True):
        raise precondition_failed("x-amz-copy-source-If-Modified-Since")


def check_write(headers: Mapping[str, str], name: str, there: FakeKey | None) -> None:
    """Do nothing if the object *name* may be written; *there* is what has the name now.

    Raises:
        Refusal: There is one, or another than the request says, or none.
    """
    wanted, unwanted = headers.get("If-Match"), headers.get("If-None-Match")
    if wanted and unwanted:
        raise Refusal(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            HTTPStatus.NOT_IMPLEMENTED,
        )
    if unwanted:
        if unwanted.strip() != "*":
            raise Refusal(
                "NotImplemented",
                "A header you provided implies functionality that is not implemented",
                HTTPStatus.NOT_IMPLEMENTED,
                {"Header": "If-None-Match"},
            )
        if there is not None:
            raise precondition_failed("If-None-Match")
    if wanted:
        if there is None:
            raise no_such_key(name)
        if not _names(wanted, there):
            raise precondition_failed("If-Match")


def check_delete(headers: Mapping[str, str], there: FakeKey | None) -> None:
    """Do nothing if what has the name now may be deleted. What is not there is deleted already.

    Raises:
        Refusal: It is another than the request says.
    """
    wanted = headers.get("If-Match")
    if wanted and there is not None and not _names(wanted, there):
        raise precondition_failed("If-Match")


def _check_match(headers: Mapping[str, str], match: str, since: str, key: FakeKey) -> None:
    """Refuse unless *key* has a tag that the header *match* names, or, without that header, is not changed *since*."""
    wanted = headers.get(match)
    if wanted:
        if not _names(wanted, key):
            raise precondition_failed(match)
    elif _changed_since(headers.get(since), key, otherwise=False):
        raise precondition_failed(since)


def _names(tags: str, key: FakeKey) -> bool:
    """Return whether one of *tags*, with or without quotes, is that of *key*."""
    told = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return "*" in told or key.etag.strip('"') in told


def _changed_since(date: str | None, key: FakeKey, *, otherwise: bool) -> bool:
    """Return whether *key* was changed after *date*; *otherwise* if that is no date."""
    if not date:
        return otherwise
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return otherwise
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    changed: datetime = key.last_modified.replace(microsecond=0, tzinfo=UTC)
    return changed > moment
