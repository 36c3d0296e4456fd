"""A lane's cloud in memory, for one test: moto in this process, with what the lane owns, made at the first call.

It keeps what a test or a handler puts there, and answers as AWS does what is not there. It asks for no rights, runs no
function and no machine: a rehearsal does that.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.errors import LanesError
from shared.local.asl.services import Services
from shared.testing import guard

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Place

_ACCOUNT = "MOTO_ACCOUNT_ID"
"""By which moto is told whose account it plays."""
_RUNNING = frozenset({"lambda", "sfn", "ecs", "batch"})
"""Services that run what a test calls by itself."""
SERVICES = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sns", "sqs", "ssm"})
"""Those whose tasks may run here, by boto3's names."""


class MemoryCloud:
    """AWS's services in this process.

    Args:
        place: The account and region.
        lane: Whose buckets, tables, queues, topics, secrets and settings are there; None for none.
    """

    def __init__(self, place: Place, lane: Lane | None) -> None:
        self._place = place
        self._lane = lane
        self._before: str | None = None
        self._is_open = False
        self.services = MemoryServices(self)
        guard.answer_with(self)

    def client(self, service: str) -> Any:
        """Return boto3's client for *service*, the same one each time."""
        return self.aws.client(service)

    @cached_property
    def aws(self) -> Aws:
        """Clients, as deployment has them."""
        import boto3

        from shared.aws.client import Aws
        from shared.aws.target import aws_target

        guard.install()
        session = boto3.Session("nobody", "nothing", region_name=self._place.region)
        return Aws(session, aws_target(self._place))

    def put_sample(self, workflow: str) -> None:
        """Put the files of ``sample/`` of the lane's *workflow* into its bucket, as a rehearsal does.

        Raises:
            LanesError: There are none.
        """
        from shared.run.sample import place_own_sample

        if self._lane is None or not place_own_sample(self._lane, workflow, self.aws):
            raise LanesError(f"{workflow} has no sample/ with files that are not there yet")

    def answer(self, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        """Answer *request*.

        Raises:
            LanesError: Nothing here answers it.
        """
        if service in _RUNNING:
            raise _refused(service, operation)
        self._open()
        from botocore.awsrequest import AWSResponse
        from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

        answered = BotocoreStubber().process_request(request)
        if answered is None or answered[2] == "Not yet implemented":  # moto's words for what it does not know
            raise _refused(service, operation)
        status, headers, body = answered
        raw: Any = MockRawResponse(body)
        return AWSResponse(request.url, status, headers, raw)

    def _open(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        self._before = os.environ.get(_ACCOUNT)
        os.environ[_ACCOUNT] = self._place.account
        if self._lane is not None:
            _make(self._lane, self.aws)

    def close(self) -> None:
        """Forget everything, and answer no more."""
        guard.answer_with(None)
        if not self._is_open:
            return
        if self._before is None:
            del os.environ[_ACCOUNT]
        else:
            os.environ[_ACCOUNT] = self._before
        from moto.core.base_backend import BackendDict

        BackendDict.reset()


class MemoryServices(Services):
    """The clients of the engine's integrations: those of a cloud in memory."""

    def __init__(self, cloud: MemoryCloud) -> None:
        super().__init__("")
        self._cloud = cloud

    def client(self, service: str, _region: str, _role: str = "") -> Any:
        """Return the client for *service*; region and role are the test's own."""
        return self._cloud.client(service)


def _make(lane: Lane, aws: Aws) -> None:
    """Make what *lane* owns that keeps data, by the steps of a deployment."""
    from shared.deploy.apply import apply
    from shared.deploy.model import Plan
    from shared.deploy.resources import bucket, queue, secret, setting, table, topic
    from shared.deploy.sources import Sources
    from shared.deploy.watch import Watch

    sources = Sources(lane, {})
    kinds = (bucket, table, queue, topic, secret, setting)
    steps = tuple(kind.steps(want, None) for kind in kinds for want in kind.wanted(sources))
    apply(Plan(lane.team, lane.place.stage, steps, sources.tags), aws, Watch(sleep=lambda _seconds: None))


def _refused(service: str, operation: str) -> LanesError:
    return LanesError(
        f"a test's cloud in memory has no {service}:{operation}",
        fix="mock the state that calls it, or have the handler call something that the test can replace",
    )
