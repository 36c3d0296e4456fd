"""The rendezvous server as an ECS service behind a DNS record: where its task is, and how to move to a new one.

A Fargate task has a public address of its own, which ends with it. So the record points at the task, and is pointed
again when there is another task. All state is in AWS: what stops midway is finished by running it again. The command
line and the functions use this module alike.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.handlers.rendezvous.operated import ServiceError
from shared.handlers.rendezvous.record import own_mark, point, recorded_value

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, TaskTypeDef

    from shared.handlers.rendezvous.operated import Clients, Service, Sleep, Tell

# All three are our choice.
_POLL_SECONDS = 3.0
_POLLS = 200  # ten minutes: to pull an image, start a task and find it healthy takes one or two
_IDLE_POLLS = 60  # three minutes: a rollout that ECS calls completed has a healthy task, or one that replaces it


@dataclass(frozen=True, slots=True)
class State:
    """The service as it is now.

    Attributes:
        deployment: The id of the newest deployment, empty without a service.
        definition: The ARN of the task definition that the deployment runs.
        rollout: The state of the deployment, in ECS's word: IN_PROGRESS, COMPLETED or FAILED.
        reason: Why it is in that state, in ECS's words.
        task: The ARN of the deployment's task, empty when none of its tasks runs.
        health: The task's health: HEALTHY, UNHEALTHY or UNKNOWN.
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
    """Return the service as it is now. It reads AWS and changes nothing."""
    recorded = recorded_value(clients, service.zone, service.host, "A")
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
    """Have ECS start a new task, and stop the old one when the new one is healthy; unless ECS is already at it.

    Raises:
        ServiceError: There is no service.
    """
    found = _deployment(clients, service)
    if found is None:
        raise ServiceError("there is no such service", where=str(service), fix="lanes rendezvous deploy")
    if found.get("rolloutState") != "IN_PROGRESS":
        clients("ecs").update_service(cluster=service.cluster, service=service.service, forceNewDeployment=True)


def await_ready(
    clients: Clients, service: Service, sleep: Sleep = time.sleep, tell: Tell = lambda _said: None
) -> State:
    """Wait until the newest deployment's task is healthy and has an address. *tell* is called at every change.

    Raises:
        ServiceError: ECS gave up, or it takes too long. The message says how far it came and why the last task stopped.
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


def follow(clients: Clients, service: Service, sleep: Sleep = time.sleep) -> State:
    """Point the record at the task that answers, if it holds another address: ECS may have replaced the task.

    Raises:
        ServiceError: The record is not the service's own.
    """
    state = observe(clients, service)
    if not state.ready or state.recorded == state.address:
        return state
    point(clients, service, state.address, own_mark(clients, service), sleep)
    return observe(clients, service)


def _deployment(clients: Clients, service: Service) -> DeploymentTypeDef | None:
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


def _task(clients: Clients, service: Service, deployment: str) -> TaskTypeDef | None:
    """Return the running task that *deployment* started."""
    ecs = clients("ecs")
    arns = ecs.list_tasks(cluster=service.cluster, serviceName=service.service, desiredStatus="RUNNING").get("taskArns")
    tasks = ecs.describe_tasks(cluster=service.cluster, tasks=arns)["tasks"] if arns else []
    own = [task for task in tasks if task.get("startedBy") == deployment and task.get("lastStatus") == "RUNNING"]
    return own[0] if own else None


def _public_address(clients: Clients, task: TaskTypeDef) -> str:
    """Return the public address of the task's network interface: ECS itself does not tell it."""
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
    fix = "see that the image exists and starts (its log group tells)"
    return ServiceError(what + died, where=str(service), fix=fix, again=True)
