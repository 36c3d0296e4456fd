"""The deploys of a lane, newest first: the versions of its deploy records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.deploy.reading import if_there
from shared.deploy.record import SERVICE, WRITERS, read_record, record_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.record import Record, Writer
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Deploy:
    """One deploy, and whose record says so."""

    writer: Writer
    record: Record

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        told = self.record
        return {
            "begun": told.begun.isoformat(),
            "as": self.writer,
            "by": told.by,
            "complete": told.complete,
            "revision": asdict(told.revision) if told.revision else None,
            "steps": dict(told.steps),
            "wanted": told.wanted,
        }


def read_deploys(lane: Lane, aws: Aws) -> list[Deploy]:
    """Return the deploys of *lane* that its records still tell. Versions that are no record are left out.

    A deploy wrote two versions that begin alike, of which the later one counts.
    """
    by_begin = {(each.writer, each.record.begun): each for writer in WRITERS for each in _versions(lane, writer, aws)}
    return sorted(by_begin.values(), key=lambda each: each.record.begun, reverse=True)


def _versions(lane: Lane, writer: Writer, aws: Aws) -> Iterator[Deploy]:
    """Yield what the versions of a record say, the oldest first."""
    pages = aws.client(SERVICE).get_paginator("get_parameter_history").paginate(Name=record_name(lane, writer))
    versions = if_there(lambda: [each for page in pages for each in page["Parameters"]], "ParameterNotFound")
    for each in sorted(versions or (), key=lambda version: int(version["Version"])):
        record = read_record(each["Value"])
        if record:
            yield Deploy(writer, record)
