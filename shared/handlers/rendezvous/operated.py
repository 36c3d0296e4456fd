"""The rendezvous service that is operated, the clients it takes, and the one error of operating it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, overload

from shared.errors import LanesError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_route53 import Route53Client

Sleep: TypeAlias = Callable[[float], None]
Tell: TypeAlias = Callable[[str], None]


class Clients(Protocol):
    """Gives the boto3 client for a service's name."""

    @overload
    def __call__(self, service: Literal["ec2"], /) -> EC2Client: ...

    @overload
    def __call__(self, service: Literal["ecs"], /) -> ECSClient: ...

    @overload
    def __call__(self, service: Literal["route53"], /) -> Route53Client: ...


class ServiceError(LanesError):
    """The rendezvous service is not as it must be."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and the record that leads to it. ``zone`` is the hosted zone's name."""

    stage: str
    cluster: str
    service: str
    zone: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"service {self.service} in {self.cluster}"
