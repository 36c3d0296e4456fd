"""What S3 says of uploads, as SQS brings it: messages in, objects out. Pure.

Source: S3 user guide, "Event message structure" (read 2026-11-30, in the copy that AWS published until 2023). Keys are
encoded as in a URL, with a plus for a space. Whoever sets the configuration gets one message more, the test event. S3
delivers at least once, so the same notice may come twice; its version and sequencer are then the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.values import Json

_TEST = "s3:TestEvent"
_CREATED = "ObjectCreated:"
_SHOWN = 40  # characters of a key in an execution's name, which has 80 at most
# An execution's log needs a name of no others (Step Functions API reference, StartExecution, read 2026-11-30).
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class NotANotice(LanesError):
    """A message that is no notice of S3's."""


@dataclass(frozen=True, slots=True)
class Object:
    """One object that was uploaded. ``once`` tells this upload from every other one of the same key."""

    bucket: str
    key: str
    size: int
    etag: str
    once: str

    def told(self) -> dict[str, Json]:
        """Return what a run is told of it."""
        return {"bucket": self.bucket, "key": self.key, "size": self.size, "etag": self.etag}


def read_message(body: str, bucket: str) -> list[Object]:
    """Return the objects of *bucket* that the message *body* is about, none for S3's test and for what is no upload.

    Raises:
        NotANotice: It is none, or one about another bucket.
    """
    try:
        told = json.loads(body)
        if isinstance(told, dict) and told.get("Event") == _TEST:
            return []
        found = [_object(each["s3"]) for each in told["Records"] if each["eventName"].startswith(_CREATED)]
        if others := {each.bucket for each in found} - {bucket}:
            raise ValueError(f"it is about {', '.join(sorted(others))}, and not about {bucket}")  # noqa: TRY301
        return found  # noqa: TRY300
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotANotice(
            f"a message is no notice of S3's: {error!r}", fix="see who else sends to this queue"
        ) from error


def _object(told: Mapping[str, Mapping[str, str]]) -> Object:
    what = told["object"]
    return Object(
        told["bucket"]["name"],
        unquote_plus(what["key"], errors="strict"),
        int(what.get("size", 0)),
        what.get("eTag", ""),
        f"{what.get('versionId', '')}/{what.get('sequencer', '')}",
    )


def run_name(objects: Iterable[Object]) -> str:
    """Return the name of the run of *objects*, always the same for the same uploads. It says what started the run."""
    every = sorted((each.bucket, each.key, each.once) for each in objects)
    digest = hashlib.sha256(json.dumps(every).encode()).hexdigest()[:24]
    if len(every) > 1:
        return f"uploads-{len(every)}-{digest}"
    ((_, key, _),) = every
    shown = _NOT_IN_A_NAME.sub("-", key)[-_SHOWN:].strip("-")
    return f"upload-{shown}-{digest}" if shown else f"upload-{digest}"
