"""The DNS record that leads to the rendezvous service's task, and the TXT record beside it that says whose it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.handlers.rendezvous.operated import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_route53.literals import RRTypeType
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetOutputTypeDef

    from shared.handlers.rendezvous.operated import Clients, Service, Sleep

TTL = 30  # seconds that resolvers may keep an address, and clients may miss a new one: our choice
MARK = "_teamlanes"  # the TXT record beside ours: records carry no tags
_OWNER = {"team": "platform", "managed-by": "teamlanes"}
_POLL_SECONDS = 3.0  # our choice
_POLLS = 40  # two minutes: Route 53 usually takes half a minute


def point(clients: Clients, service: Service, address: str, text: str, sleep: Sleep = time.sleep) -> None:
    """Point the record at *address* and wait until all of Route 53's servers say so.

    Args:
        clients: Give AWS's clients.
        service: The service whose record it is.
        address: An IPv4 address.
        text: The text of the TXT record beside it, which says whose it is, as :func:`mark` spells it.
        sleep: Waits, in seconds.

    Raises:
        ServiceError: There is no zone, or Route 53 takes too long.
    """
    route53 = clients("route53")
    changes = [
        _upsert(service.host, "A", address),
        _upsert(f"{MARK}.{service.host}", "TXT", text),
    ]
    change = route53.change_resource_record_sets(
        HostedZoneId=zone_id(clients, service.zone), ChangeBatch={"Changes": changes}
    )["ChangeInfo"]
    for _ in range(_POLLS):
        if change["Status"] == "INSYNC":
            return
        sleep(_POLL_SECONDS)
        change = route53.get_change(Id=change["Id"])["ChangeInfo"]
    raise ServiceError(
        f"the record is still not on all of Route 53's servers after {_POLLS * _POLL_SECONDS:.0f} s",
        where=service.host,
        again=True,
    )


def own_mark(clients: Clients, service: Service) -> str:
    """Return the text that says that the record is the service's own.

    Raises:
        ServiceError: The record is somebody else's, or not there yet.
    """
    tags = read_mark(clients, service.zone, service.host)
    if any(tags.get(key) != value for key, value in {**_OWNER, "stage": service.stage}.items()):
        raise ServiceError(
            f"the record of {service.host} is not this service's, and was left as it is",
            where="Route 53",
            fix="lanes rendezvous deploy",
        )
    return mark(tags)


def mark(tags: Mapping[str, str]) -> str:
    """Return *tags* as the text of a TXT record."""
    return '"' + ",".join(f"{key}={value}" for key, value in tags.items()) + '"'


def read_mark(clients: Clients, zone: str, host: str) -> dict[str, str]:
    """Return the tags beside the record of *host*; none if it is not ours."""
    text = recorded_value(clients, zone, f"{MARK}.{host}", "TXT").strip('"')
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def find_record(clients: Clients, zone_id: str, name: str, kind: RRTypeType) -> ResourceRecordSetOutputTypeDef | None:
    """Return the record *name* of type *kind* in Route 53's own form, or None."""
    answer = clients("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=name, StartRecordType=kind, MaxItems="1"
    )
    for found in answer["ResourceRecordSets"]:
        if found["Name"].rstrip(".") == name and found["Type"] == kind:
            return found
    return None


def zone_id(clients: Clients, zone: str) -> str:
    """Return the id of the public hosted zone called *zone*.

    Raises:
        ServiceError: There is none in this account.
    """
    answer = clients("route53").list_hosted_zones_by_name(DNSName=zone)
    for found in answer["HostedZones"]:
        if found["Name"].rstrip(".") == zone and not found.get("Config", {}).get("PrivateZone"):
            return found["Id"].rpartition("/")[2]
    raise ServiceError(
        f"this account has no public hosted zone {zone}",
        where="Route 53",
        fix="make it (aws route53 create-hosted-zone), or correct rendezvous.service.zone in shared/settings.yaml",
    )


def recorded_value(clients: Clients, zone: str, name: str, kind: RRTypeType) -> str:
    """Return the first value of a record; empty without one, as for an alias."""
    found = find_record(clients, zone_id(clients, zone), name, kind)
    values = found.get("ResourceRecords", []) if found else []
    return values[0]["Value"] if values else ""


def _upsert(name: str, kind: RRTypeType, value: str) -> ChangeTypeDef:
    return {
        "Action": "UPSERT",
        "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": TTL, "ResourceRecords": [{"Value": value}]},
    }
