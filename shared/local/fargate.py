"""The embedded cloud's Fargate: services get tasks, which moto's do not.

While installed, a service that is made or updated gets a task as on AWS, with an interface and a public address, and
the old task stops once the new one is healthy. No image is run: a container whose command is our rendezvous server is
served by that server, in this process, on a loopback address of its own and the port its command names. Linux routes
all of 127.0.0.0/8; where it does not, and for any other image, the task stops and its reason says so.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.models import secretsmanager_backends

from shared.errors import LanesError
from shared.fmi.rendezvous.keys import TeamKeys, master_of
from shared.local.rendezvous import LocalRendezvous

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Assumes = Callable[[str, str, str], bool]
    Permit = Callable[[str, str, str], None]

_ADDRESSES = tuple(f"127.77.{high}.{low}" for high in range(4) for low in range(1, 255))
_SECRET_ARN = 7  # of the parts of a secret's value, the ARN's
_MODULE = "shared.fmi.rendezvous"


@contextlib.contextmanager
def install(assumes: Assumes = lambda *_: True, permit: Permit = lambda *_: None) -> Iterator[None]:
    """Give moto's ECS services tasks until the ``with`` block ends; then every task's server is closed.

    Args:
        assumes: Whether a service, by its name, may take a role for a resource.
        permit: Raises unless a role may do an action on a resource.
    """
    fleet = _Fleet(assumes, permit)
    backend = EC2ContainerServiceBackend
    originals = {name: getattr(backend, name) for name in ("create_service", "update_service", "delete_service")}
    for name, original in originals.items():
        setattr(backend, name, _followed(_once(original) if name == "create_service" else original, fleet))
    create = EC2ContainerServiceResponse.create_service
    setattr(EC2ContainerServiceResponse, "create_service", _configured(create))  # noqa: B010  a method cannot be assigned
    try:
        yield
    finally:
        setattr(EC2ContainerServiceResponse, "create_service", create)  # noqa: B010  as above
        for name, original in originals.items():
            setattr(backend, name, original)
        fleet.close()


def _configured(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return *create*, which answers CreateService, keeping how the service is deployed; moto keeps it of an update."""

    @functools.wraps(create)
    def keep(response: Any) -> Any:
        answer = create(response)
        answer.result["service"].deployment_configuration = response._get_param("deploymentConfiguration")  # noqa: SLF001  moto's own way
        return answer

    return keep


def _once(create: Callable[..., Any]) -> Callable[..., Any]:
    """Return *create*, which makes a service, giving the one that is there when it is asked for again, as AWS does.

    One whose first answer was lost is asked for twice. Source: ECS API reference, CreateService; moto makes another.
    """
    signature = inspect.signature(create)

    @functools.wraps(create)
    def once(backend: Any, *args: Any, **named: Any) -> Any:
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


def _followed(original: Callable[..., Any], fleet: _Fleet) -> Callable[..., Any]:
    """Return *original*, which returns a service, with the service's tasks brought up to it afterwards."""

    @functools.wraps(original)
    def follow(backend: Any, *args: Any, **named: Any) -> Any:
        forced = any(isinstance(each, dict) and each.get("force_new_deployment") for each in args)
        service = original(backend, *args, **named)
        fleet.bring_up(backend, service, forced=forced)
        return service

    return follow


class _Fleet:
    """The tasks of all services, and the servers that answer for them."""

    def __init__(self, assumes: Assumes, permit: Permit) -> None:
        self._assumes = assumes
        self._permit = permit
        self._lock = threading.Lock()
        self._servers: dict[str, LocalRendezvous] = {}

    def bring_up(self, backend: Any, service: Any, *, forced: bool) -> None:
        """Start what *service* wants and stop what it has too much."""
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
            service.running_count, service.pending_count = wanted - len(failed), 0
            if service.deployments:
                service.deployments[0] |= {
                    "taskDefinition": service.task_definition,
                    "runningCount": service.running_count,
                    "pendingCount": 0,
                    "rolloutState": "FAILED" if failed else "COMPLETED",
                    "rolloutStateReason": "tasks failed to start" if failed else "ECS deployment completed.",
                }

    def close(self) -> None:
        """Close every server."""
        while self._servers:
            self._servers.popitem()[1].__exit__()

    def _start(self, backend: Any, service: Any) -> Any:
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
        task._transitions = []  # noqa: SLF001  moto would move it on each time it is read
        definition = backend.describe_task_definition(service.task_definition)
        try:
            container = definition.container_definitions[0]
            self._see_roles(task, definition, container)
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

    def _see_roles(self, task: Any, definition: Any, container: dict[str, Any]) -> None:
        """See that ECS can take the task's roles, and that its execution role reads what the container is given.

        Raises:
            LanesError: It cannot, or does not.
        """
        # moto sets what was given.
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

    def _stop(self, task: Any, reason: str) -> None:
        task.last_status = task.desired_status = "STOPPED"
        task.stopped_reason = reason
        server = self._servers.pop(task.task_arn, None)
        if server:
            server.__exit__()


def _injected(container: dict[str, Any]) -> dict[str, str]:
    """Return the variables that ECS fills in from secrets: ``arn:json key:stage:version``, the last three may be empty.

    Raises:
        SecretsManagerClientError: There is no such secret, or not that version of it.
    """
    variables = {}
    for each in container.get("secrets", []):
        *arn, _, stage, version = each["valueFrom"].split(":")
        backend = secretsmanager_backends[arn[4]][arn[3]]
        found = backend.get_secret_value(":".join(arn), version or None, stage or None)
        variables[each["name"]] = found["SecretString"]
    return variables


def _serve(command: list[str], environment: dict[str, str]) -> tuple[LocalRendezvous, str]:
    """Start the server that *command* asks for, on the first loopback address where its ports are free.

    Raises:
        OSError: It is no server of ours, or there is no such address.
        LanesError: The environment holds something else than a master key.
    """
    if _MODULE not in command:
        raise OSError(0, f"the embedded cloud runs no image but python -m {_MODULE}")
    options = dict(itertools.pairwise(command))
    keys = TeamKeys(master_of(environment), allow_open="--allow-open" in command)
    port, http_port = int(options["--port"]), int(options["--http-port"])
    for address in _ADDRESSES:
        server = LocalRendezvous(address, port, http_port, lambda: keys)
        try:
            server.endpoint()
        except OSError:
            server.__exit__()
        else:
            return server, address
    raise OSError(0, f"no loopback address of 127.77.0.0/22 has ports {port} and {http_port} free")


def _interface(task: Any) -> Any:
    details = {pair["name"]: pair["value"] for pair in task.attachments[0]["details"]}
    backend = ec2_backends[task._account_id][task.region_name]  # noqa: SLF001  moto offers no other way
    return backend.enis[details["networkInterfaceId"]]
