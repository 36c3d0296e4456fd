"""What an archive is made of: one file each, of what it is, and how the cloud is read for it. No AWS."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.values import Json

Sort = Literal["object", "items", "run", "log", "report", "description"]
"""What a file of an archive is of."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the cloud gives: bytes, cut anywhere, and what is told beside them, as an object's type."""

    chunks: Iterable[bytes]
    about: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive.

    Attributes:
        places: The paths that it may have in the archive, with slashes; the first that is free.
        source: What it is of, and what changes whenever that does: an object's key and ETag, a run's status.
        read: Reads it.
        settled: Whether an equal source means equal content. What is not settled is read each time.
    """

    places: tuple[str, ...]
    source: Mapping[str, Json]
    read: Callable[[], Content]
    settled: bool = True

    @property
    def called(self) -> str:
        """What a reader knows it as."""
        source = self.source
        match source["sort"]:
            case "object":
                return f"s3://{source['bucket']}/{source['key']}"
            case "items":
                return f"the items of table {source['table']}"
            case "run":
                return f"run {source['run']}"
            case "log":
                return f"log {source['group']}, {source['stream']}"
            case _:
                return self.places[0]


def of(sort: Sort, **told: Json) -> dict[str, Json]:
    """Return a part's source."""
    return {"sort": sort, **told}


def moment(when: datetime | None) -> str | None:
    """Return *when* as a source has it: in UTC."""
    return when.astimezone(UTC).isoformat() if when else None


def as_line(value: object) -> bytes:
    """Return *value* as a line of JSON: keys sorted, bytes in base64, times in ISO 8601."""
    return json.dumps(value, sort_keys=True, default=_plain).encode() + b"\n"


def as_document(value: object) -> Iterator[bytes]:
    """Yield *value* as a JSON document that people read."""
    yield json.dumps(value, indent=2, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)
