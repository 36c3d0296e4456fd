"""The Route 53 record that leads to a task. It carries no tags, so a TXT record beside it says whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from shared.deploy.guard import is_ours
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.steps import compare, created, removed, updated
from shared.handlers.rendezvous.record import MARK, TTL, find_record, mark, read_mark, zone_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.values import Json

KIND = "record"
POINT = "point record"


@dataclass(frozen=True, slots=True)
class Records:
    """The records of the hosted zone called *zone*. ``pointed`` is what the routine :data:`POINT` takes."""

    zone: str
    pointed: Mapping[str, Json]
    KIND: str = KIND

    def desired(self, host: str, tags: Mapping[str, str], address: str) -> Resource:
        """Return the record of *host*. Words stand for an *address* that is not known before there is a task."""
        return Resource(KIND, host, tags, {"address": address, "ttl": TTL})

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the record as it is, or None."""
        zone = zone_id(aws.client, self.zone)
        found = find_record(aws.client, zone, name, "A")
        if found is None:
            return None
        values = [each["Value"] for each in found.get("ResourceRecords", ())]
        whole = cast("Mapping[str, Json]", found)  # its TypedDict has texts, numbers, and lists of such objects
        properties = {"address": ", ".join(values), "ttl": found.get("TTL"), "zone": zone, "found": whole}
        return Resource(KIND, name, read_mark(aws.client, self.zone, name), properties)

    def marked(self, aws: Aws, ours: Mapping[str, str]) -> Iterator[str]:
        """Yield each host of the zone whose TXT record says that it belongs to the lane whose tags are *ours*."""
        pages = aws.client("route53").get_paginator("list_resource_record_sets")
        for page in pages.paginate(HostedZoneId=zone_id(aws.client, self.zone)):
            for found in page["ResourceRecordSets"]:
                mark, _, host = found["Name"].rstrip(".").partition(".")
                if mark == MARK and found["Type"] == "TXT" and is_ours(read_mark(aws.client, self.zone, host), ours):
                    yield host

    def steps(self, want: Resource, have: Resource | None) -> Step:
        """Return what makes *have* into *want*: it waits for a healthy task and takes its address."""
        point = Routine(POINT, {**self.pointed, "mark": mark(want.tags)})
        if have is None:
            return created(want, point)
        return updated(want, compare(want, have).lines, point)

    def remove(self, have: Resource) -> Step:
        """Return what removes *have* and the TXT record beside it."""
        text: dict[str, Json] = {
            "Name": f"{MARK}.{have.name}",
            "Type": "TXT",
            "TTL": TTL,
            "ResourceRecords": [{"Value": mark(have.tags)}],
        }
        records = (have.properties["found"], text)
        changes: list[Json] = [{"Action": "DELETE", "ResourceRecordSet": each} for each in records]
        batch = {"HostedZoneId": have.properties["zone"], "ChangeBatch": {"Changes": changes}}
        return removed(have, Call("route53", "change_resource_record_sets", batch))
