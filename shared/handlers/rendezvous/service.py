"""The rendezvous server as an ECS service behind a DNS record: where its task is, and how to move to a new one.

A Fargate task's public address is its own and goes with it, so the record is pointed at the task and pointed again
when there is another. All state is in AWS, so whatever stops midway is finished by running it again. The command line
and the functions use this module alike; ``clients`` gives a boto3 client for a service's name.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Clients = Callable[[str], Any]
    Sleep = Callable[[float], None]
    Tell = Callable[[str], None]

TTL = 30  # seconds that resolvers may keep an address: as long as clients may miss a new one
MARK = "_teamlanes"  # the TXT record beside ours: records carry no tags
_OWNER = {"team": "platform", "managed-by": "teamlanes"}
_POLL_SECONDS = 3.0
_POLLS = 200  # ten minutes: an image is pulled, a task started and found healthy in one or two
_IDLE_POLLS = 60  # three minutes: what ECS calls completed has a healthy task, or one that replaces it
_DNS_POLLS = 40  # two minutes: Route 53 takes half of one


class ServiceError(LanesError):
    """The rendezvous service is not as it must be."""


@dataclass(frozen=True, slots=True)
class Service:
    """Which service, and the record that leads to it. ``zone`` is the hosted zone's name."""

    stage: str
    cluster: str
    service: str
    zone: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class State:
    """What there is now.

    Attributes:
        deployment: The id of the newest deployment, empty without a service.
        definition: The ARN of the task definition that the deployment runs.
        rollout: ECS's word for it: IN_PROGRESS, COMPLETED or FAILED.
        reason: Why, in ECS's words.
        task: The ARN of its task, empty when it has none that runs.
        health: The task's: HEALTHY, UNHEALTHY or UNKNOWN.
        address: The task's public IPv4 address, empty without one.
        recorded: The address that the record holds, empty without one.
    """

    deployment: str
    definition: str
    rollout: str
    reason: str
    task: str
    health: str
    address: str
    recorded: str

    @property
    def ready(self) -> bool:
        """Whether the newest deployment's task answers."""
        return self.health == "HEALTHY" and bool(self.address)

    def __str__(self) -> str:
        rollout = f"its rollout is {self.rollout or 'not told'}"
        if not self.deployment:
            return "there is no service yet"
        if not self.task:
            return f"{rollout}, and no task of it runs"
        return f"{rollout}, its task {self.health or 'of unknown health'} at {self.address or 'no address'}"


def observe(clients: Clients, service: Service) -> State:
    """Return what there is now; reads AWS, changes nothing."""
    recorded = _value(clients, service.zone, service.host, "A")
    deployment = _deployment(clients, service)
    if deployment is None:
        return State("", "", "", "", "", "", "", recorded)
    task = _task(clients, service, deployment["id"]) if "id" in deployment else None
    return State(
        deployment.get("id", "not told"),
        deployment.get("taskDefinition", ""),
        deployment.get("rolloutState", ""),
        deployment.get("rolloutStateReason", ""),
        task.get("taskArn", "not told") if task else "",
        task.get("healthStatus", "UNKNOWN") if task else "",
        _public_address(clients, task) if task else "",
        recorded,
    )


def renew(clients: Clients, service: Service) -> None:
    """Have ECS start a new task and stop the old one when the new one is healthy; not when it is at that already.

    Raises:
        ServiceError: There is no service.
    """
    found = _deployment(clients, service)
    if found is None:
        raise ServiceError("there is no such service", where=_where(service), fix="lanes rendezvous deploy")
    if found.get("rolloutState") != "IN_PROGRESS":
        clients("ecs").update_service(cluster=service.cluster, service=service.service, forceNewDeployment=True)


def await_ready(
    clients: Clients, service: Service, sleep: Sleep = time.sleep, tell: Tell = lambda _said: None
) -> State:
    """Wait until the newest deployment's task is healthy and has an address; *tell* hears of every change on the way.

    Raises:
        ServiceError: ECS gave up, or it takes too long; says how far it came, and what the last task died of.
    """
    said, idle = "", 0
    for _ in range(_POLLS):
        state = observe(clients, service)
        if state.ready:
            return state
        if state.rollout == "FAILED":
            raise _unready(clients, service, f"ECS gave up on it: {state.reason}")
        if str(state) != said:
            said = str(state)
            tell(f"waiting for {service.service}: {said}")
        idle = idle + 1 if state.rollout == "COMPLETED" else 0
        if idle == _IDLE_POLLS:
            seconds = f"{_IDLE_POLLS * _POLL_SECONDS:.0f} s"
            raise _unready(clients, service, f"ECS has nothing left to do, and after {seconds} {said}")
        sleep(_POLL_SECONDS)
    raise _unready(clients, service, f"no healthy task after {_POLLS * _POLL_SECONDS:.0f} s: {said}")


def point(clients: Clients, service: Service, address: str, text: str, sleep: Sleep = time.sleep) -> None:
    """Point the record at *address* and wait until all of Route 53's servers say so.

    Args:
        clients: Of AWS.
        service: Whose record.
        address: An IPv4 address.
        text: Whose record it is, as :func:`mark` spells it; stands beside it.
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
    for _ in range(_DNS_POLLS):
        if change["Status"] == "INSYNC":
            return
        sleep(_POLL_SECONDS)
        change = route53.get_change(Id=change["Id"])["ChangeInfo"]
    raise ServiceError(
        f"the record is still not on all of Route 53's servers after {_DNS_POLLS * _POLL_SECONDS:.0f} s",
        where=service.host,
        fix="run the command again later; it goes on from there",
    )


def follow(clients: Clients, service: Service, sleep: Sleep = time.sleep) -> State:
    """Point the record at the task that answers, when it holds another address: ECS may have replaced the task.

    Raises:
        ServiceError: The record is not the service's own.
    """
    state = observe(clients, service)
    if not state.ready or state.recorded == state.address:
        return state
    point(clients, service, state.address, own_mark(clients, service), sleep)
    return observe(clients, service)


def own_mark(clients: Clients, service: Service) -> str:
    """Return the text that says that the record is the service's own.

    Raises:
        ServiceError: It is not: somebody else's, or not there yet.
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
    """Return the tags beside the record of *host*; none when it is not ours."""
    text = _value(clients, zone, f"{MARK}.{host}", "TXT").strip('"')
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def find_record(clients: Clients, zone_id: str, name: str, kind: str) -> dict[str, Any] | None:
    """Return the record *name* of type *kind* in Route 53's own words, or None."""
    answer = clients("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=name, StartRecordType=kind, MaxItems="1"
    )
    for found in answer["ResourceRecordSets"]:
        if found["Name"].rstrip(".") == name and found["Type"] == kind:
            return dict(found)
    return None


def zone_id(clients: Clients, zone: str) -> str:
    """Return the id of the public hosted zone called *zone*.

    Raises:
        ServiceError: There is none in this account.
    """
    answer = clients("route53").list_hosted_zones_by_name(DNSName=zone)
    for found in answer["HostedZones"]:
        if found["Name"].rstrip(".") == zone and not found.get("Config", {}).get("PrivateZone"):
            return str(found["Id"]).rpartition("/")[2]
    raise ServiceError(
        f"this account has no public hosted zone {zone}",
        where="Route 53",
        fix="make it (aws route53 create-hosted-zone), or correct rendezvous.service.zone in shared/settings.yaml",
    )


def _value(clients: Clients, zone: str, name: str, kind: str) -> str:
    """Return the first value of a record, or nothing; an alias has none."""
    found = find_record(clients, zone_id(clients, zone), name, kind) or {}
    return next((str(each["Value"]) for each in found.get("ResourceRecords", ())), "")


def _deployment(clients: Clients, service: Service) -> dict[str, Any] | None:
    """Return the newest deployment of the service, which ECS calls PRIMARY."""
    ecs = clients("ecs")
    try:
        found = ecs.describe_services(cluster=service.cluster, services=[service.service])["services"]
    except ClientError as error:
        if code_of(error) != "ClusterNotFoundException":
            raise
        return None
    active = [each for each in found if each.get("status") == "ACTIVE"]
    newest = [each for one in active for each in one.get("deployments", ()) if each.get("status") == "PRIMARY"]
    return newest[0] if newest else None


def _task(clients: Clients, service: Service, deployment: str) -> dict[str, Any] | None:
    """Return the running task that *deployment* started."""
    ecs = clients("ecs")
    arns = ecs.list_tasks(cluster=service.cluster, serviceName=service.service, desiredStatus="RUNNING").get("taskArns")
    tasks = ecs.describe_tasks(cluster=service.cluster, tasks=arns)["tasks"] if arns else []
    own = [task for task in tasks if task.get("startedBy") == deployment and task.get("lastStatus") == "RUNNING"]
    return own[0] if own else None


def _public_address(clients: Clients, task: dict[str, Any]) -> str:
    """Return the public address of the task's network interface; ECS itself does not tell it."""
    details = (pair for attachment in task.get("attachments", ()) for pair in attachment.get("details", ()))
    interfaces = [pair["value"] for pair in details if pair.get("name") == "networkInterfaceId" and "value" in pair]
    if not interfaces:
        return ""
    found = clients("ec2").describe_network_interfaces(NetworkInterfaceIds=interfaces)["NetworkInterfaces"]
    return str(found[0].get("Association", {}).get("PublicIp", "")) if found else ""


def _unready(clients: Clients, service: Service, what: str) -> ServiceError:
    ecs = clients("ecs")
    arns = ecs.list_tasks(cluster=service.cluster, serviceName=service.service, desiredStatus="STOPPED").get("taskArns")
    stopped = ecs.describe_tasks(cluster=service.cluster, tasks=arns)["tasks"] if arns else []
    died = f"; its last task stopped: {stopped[0].get('stoppedReason') or 'no reason given'}" if stopped else ""
    fix = "see that the image exists and starts (its log group tells), then run the command again; it goes on from here"
    return ServiceError(what + died, where=_where(service), fix=fix)


def _where(service: Service) -> str:
    return f"service {service.service} in {service.cluster}"


def _upsert(name: str, kind: str, value: str) -> dict[str, Any]:
    record = {"Name": name, "Type": kind, "TTL": TTL, "ResourceRecords": [{"Value": value}]}
    return {"Action": "UPSERT", "ResourceRecordSet": record}
