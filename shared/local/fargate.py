"""The embedded cloud's Fargate: services get tasks, which moto's services do not.

While installed, a service that is made or updated gets a task as on AWS, with an interface and a public address. The
old task stops as soon as the new one is healthy. No image is run. If a container's command is our rendezvous server,
that server runs in this process, on a loopback address of its own and the port that the command names. (Linux routes
all of 127.0.0.0/8.) If there is no such address, or for any other image, the task stops and its reason says why.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import threading
import uuid
from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Service, Task, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.models import secretsmanager_backends

from shared.errors import LanesError
from shared.fmi.rendezvous.keys import TeamKeys, master_of
from shared.local.arns import ACCOUNT
from shared.local.rendezvous import LocalRendezvous
from shared.local.seams import Seam, parameter, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.core.responses import ActionResult
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface
    from mypy_boto3_ecs.type_defs import ContainerDefinitionOutputTypeDef

    Make = Callable[..., Service]  # a method of moto's that makes, changes or deletes a service, and returns it
    Assumes = Callable[[str, str, str], bool]
    Permit = Callable[[str, str, str], None]

_ADDRESSES = tuple(f"127.77.{high}.{low}" for high in range(4) for low in range(1, 255))
_SECRET_ARN = 7  # how many parts of a secret's valueFrom are its ARN
_STOPPED_KEPT = 20  # tasks of one service
_MODULE = "shared.fmi.rendezvous"


@contextlib.contextmanager
def install(assumes: Assumes = lambda *_: True, permit: Permit = lambda *_: None) -> Iterator[None]:
    """Give moto's ECS services tasks while the block lasts; then close every task's server.

    Args:
        assumes: Says whether a service, by its name, may take a role for a resource.
        permit: Raises unless a role may do an action on a resource.
    """
    fleet = _Fleet(assumes, permit)
    backend, follow = EC2ContainerServiceBackend, functools.partial(_followed, fleet)
    seams = (
        Seam(backend, "create_service", lambda create: follow(_once(create))),
        Seam(backend, "update_service", follow),
        Seam(backend, "delete_service", follow),
        Seam(EC2ContainerServiceResponse, "create_service", _configured),
    )
    try:
        with plugged(seams):
            yield
    finally:
        fleet.close()


def _configured(
    create: Callable[[EC2ContainerServiceResponse], ActionResult],
) -> Callable[[EC2ContainerServiceResponse], ActionResult]:
    """Wrap CreateService: the service keeps its deployment configuration, as moto does only for an update."""

    @functools.wraps(create)
    def keep(response: EC2ContainerServiceResponse) -> ActionResult:
        answer = create(response)
        answer.result["service"].deployment_configuration = parameter(response, "deploymentConfiguration")
        return answer

    return keep


def _once(create: Make) -> Make:
    """Wrap the making of a service: asked again for the same service, it returns the one that exists, as AWS does.

    A client asks twice if the first answer was lost. moto would make a second service. Source: ECS API reference,
    CreateService.
    """
    signature = inspect.signature(create)

    @functools.wraps(create)
    def once(backend: EC2ContainerServiceBackend, *args: object, **named: object) -> Service:
        asked = signature.bind(backend, *args, **named).arguments
        cluster = asked["cluster_str"].rpartition("/")[2]
        have = backend.services.get(f"{cluster}:{asked['service_name']}")
        if have is None or have.status != "ACTIVE":
            return create(backend, *args, **named)
        definition = backend.describe_task_definition(asked["task_definition_str"]).arn
        if (have.task_definition, have.desired_count) != (definition, asked["desired_count"]):
            raise InvalidParameterException("Creation of service was not idempotent.")
        return have

    return once


def _followed(fleet: _Fleet, original: Make) -> Make:
    """Wrap a change of a service: afterwards it has the tasks that it wants."""

    @functools.wraps(original)
    def follow(backend: EC2ContainerServiceBackend, *args: object, **named: object) -> Service:
        forced = any(isinstance(each, dict) and each.get("force_new_deployment") for each in args)
        service = original(backend, *args, **named)
        fleet.bring_up(backend, service, forced=forced)
        return service

    return follow


class _Fleet:
    """The tasks of all services, and their servers. Thread-safe."""

    def __init__(self, assumes: Assumes, permit: Permit) -> None:
        self._assumes = assumes
        self._permit = permit
        self._lock = threading.Lock()
        self._servers: dict[str, LocalRendezvous] = {}

    def bring_up(self, backend: EC2ContainerServiceBackend, service: Service, *, forced: bool) -> None:
        """Start the tasks that *service* wants, and stop those that it has too many; all anew if *forced*."""
        with self._lock:
            wanted = service.desired_count if service.status == "ACTIVE" else 0
            old = [
                task
                for task in backend.tasks.get(service.cluster_name, {}).values()
                if task.group == f"service:{service.name}" and task.desired_status == "RUNNING"
            ]
            same = [task for task in old if task.task_definition_arn == service.task_definition]
            if wanted and same and not forced:
                return
            if old and not forced and service.deployments:
                service.deployments[0]["id"] = f"ecs-svc/{uuid.uuid4().int % 10**19}"  # moto makes one when forced
            new = [self._start(backend, service) for _ in range(wanted)]
            failed = [task for task in new if task.desired_status == "STOPPED"]
            for task in [] if failed else old:
                self._stop(task, "Scaling activity initiated by deployment")
            self._forget_stopped(backend, service)
            service.running_count, service.pending_count = wanted - len(failed), 0
            if service.deployments:
                service.deployments[0] |= {
                    "taskDefinition": service.task_definition,
                    "runningCount": service.running_count,
                    "pendingCount": 0,
                    "rolloutState": "FAILED" if failed else "COMPLETED",
                    "rolloutStateReason": "tasks failed to start" if failed else "ECS deployment completed.",
                }

    @staticmethod
    def _forget_stopped(backend: EC2ContainerServiceBackend, service: Service) -> None:
        """Forget all but the last stopped tasks of *service*; on AWS they are shown for an hour."""
        held = backend.tasks.get(service.cluster_name, {})
        own = [arn for arn, task in held.items() if task.group == f"service:{service.name}"]
        for arn in [each for each in own if held[each].desired_status == "STOPPED"][:-_STOPPED_KEPT]:
            del held[arn]

    def close(self) -> None:
        """Close every server."""
        while self._servers:
            self._servers.popitem()[1].close()

    def _start(self, backend: EC2ContainerServiceBackend, service: Service) -> Task:
        (task,) = backend.run_task(
            service.cluster_name,
            service.task_definition,
            1,
            None,
            service.deployments[0]["id"],
            None,
            "FARGATE",
            networking_configuration=service.network_configuration,
            group=f"service:{service.name}",
        )
        task._transitions = []  # noqa: SLF001  else moto changes its status each time it is read
        definition = backend.describe_task_definition(service.task_definition)
        try:
            container = definition.container_definitions[0]
            self._check_roles(task, definition, container)
            server, address = _serve(container.get("command", []), _injected(container))
        except OSError as error:
            self._stop(task, f"CannotStartContainerError: {error.strerror}")
            return task
        except (LanesError, SecretsManagerClientError) as error:
            self._stop(task, f"ResourceInitializationError: {error}")
            return task
        self._servers[task.task_arn] = server
        task.health_status = "HEALTHY"
        _interface(task).public_ip = address
        return task

    def _check_roles(self, task: Task, definition: TaskDefinition, container: ContainerDefinitionOutputTypeDef) -> None:
        """Check that ECS can take the task's roles, and that its execution role can read the container's secrets.

        Raises:
            LanesError: One of them is not allowed.
        """
        # moto's task definition only has the attributes that were given.
        task_role, execution_role = (getattr(definition, f"{kind}_role_arn", None) for kind in ("task", "execution"))
        for role in filter(None, (task_role, execution_role)):
            if not self._assumes("ecs-tasks.amazonaws.com", role, task.task_arn):
                raise LanesError(
                    f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that "
                    "the role being passed has the proper trust relationship and permissions and that your IAM user "
                    "has permissions to pass this role."
                )
        for each in container.get("secrets", []):
            arn = ":".join(each["valueFrom"].split(":")[:_SECRET_ARN])
            self._permit(str(execution_role), "secretsmanager:GetSecretValue", arn)

    def _stop(self, task: Task, reason: str) -> None:
        task.last_status = task.desired_status = "STOPPED"
        task.stopped_reason = reason
        server = self._servers.pop(task.task_arn, None)
        if server:
            server.close()


def _injected(container: ContainerDefinitionOutputTypeDef) -> dict[str, str]:
    """Return the variables that ECS fills in from secrets.

    A secret is named by ``arn:json key:stage:version``; the last three may be empty.

    Raises:
        SecretsManagerClientError: There is no such secret, or no such version of it.
    """
    variables = {}
    for each in container.get("secrets", []):
        *arn, _, stage, version = each["valueFrom"].split(":")
        backend = secretsmanager_backends[arn[4]][arn[3]]
        found = backend.get_secret_value(":".join(arn), version or None, stage or None)
        variables[each["name"]] = found["SecretString"]
    return variables


def _serve(command: list[str], environment: dict[str, str]) -> tuple[LocalRendezvous, str]:
    """Start the server of *command*, on the first loopback address where its ports are free.

    Raises:
        OSError: *command* is not our server, or there is no such address.
        LanesError: The environment holds something that is not a master key.
    """
    if _MODULE not in command:
        raise OSError(0, f"the only image that the embedded cloud runs is one with python -m {_MODULE}")
    options = dict(itertools.pairwise(command))
    keys = TeamKeys(master_of(environment), allow_open="--allow-open" in command)
    port, http_port = int(options["--port"]), int(options["--http-port"])
    for address in _ADDRESSES:
        server = LocalRendezvous(address, port, http_port, lambda: keys)
        try:
            server.endpoint()
        except OSError:
            server.close()
        else:
            return server, address
    raise OSError(0, f"ports {port} and {http_port} are free on no loopback address of 127.77.0.0/22")


def _interface(task: Task) -> NetworkInterface:
    details = {pair["name"]: pair["value"] for pair in task.attachments[0]["details"]}
    backend = ec2_backends[task.task_arn.split(":")[ACCOUNT]][task.region_name]
    return backend.enis[details["networkInterfaceId"]]
