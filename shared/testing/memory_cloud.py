"""A cloud in memory, for one test: moto in this process, with what the test's lanes own, made at the first call.

It keeps what a test or a handler puts there, and answers as AWS does what is not there. It asks for no rights, runs no
function and no machine: a rehearsal does that.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.errors import LanesError
from shared.local.asl.services import Services
from shared.testing import guard

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Place

_RUNNING = frozenset({"lambda", "sfn", "ecs", "batch"})
"""Services that run what a test calls by itself."""
SERVICES = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sns", "sqs", "ssm"})
"""Those whose tasks may run here, by boto3's names."""


class MemoryCloud:
    """AWS's services in this process.

    Args:
        place: The account and region, until a lane comes.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lanes: dict[str, Lane] = {}
        self._is_open = False
        self._moto = ExitStack()
        self.services = MemoryServices(self)
        guard.answer_with(self)

    def add(self, lane: Lane) -> None:
        """Have the buckets, tables, queues, topics, secrets and settings of *lane* in it.

        Raises:
            LanesError: Something was put into it already, for another account or region.
        """
        if lane.team in self._lanes:
            return
        if self._is_open and lane.place != self._place:
            raise LanesError(
                f"the test's cloud is in use as account {self._place.account} in {self._place.region}, and the lane of "
                f"{lane.team} is elsewhere",
                fix="run the lane's workflow first, the definition alone after it",
            )
        self._place = lane.place
        self._lanes[lane.team] = lane
        if self._is_open:
            _make(lane, self.aws)

    def client(self, service: str) -> Any:
        """Return boto3's client for *service*, the same one each time."""
        return self.aws.client(service)

    @property
    def aws(self) -> Aws:
        """Clients, as deployment has them."""
        return _clients(self._place)

    def put_sample(self, lane: Lane, workflow: str) -> None:
        """Put the files of the *workflow*'s ``sample/`` into the bucket of *lane*, as a rehearsal does.

        Raises:
            LanesError: There are none.
        """
        from shared.run.sample import SAMPLE
        from shared.run.upload import files_below

        folder = lane.workflows[workflow].folder
        files = list(files_below(folder / SAMPLE)) if folder else []
        if not files:
            raise LanesError(f"{workflow} has no file in {SAMPLE}/", fix="put one with workflow.cloud.client('s3')")
        for key, path in files:
            self.put_object(lane.bucket, key, path.read_bytes())

    def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Put an object into a *bucket* of this cloud."""
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=self._place.account)

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
        from shared.local.cloud import moto_environment

        self._moto.enter_context(moto_environment(self._place.account))
        from moto.core.base_backend import BackendDict

        from shared.local.corrections.corrected import moto_corrected

        self._moto.callback(BackendDict.reset)
        self._moto.enter_context(moto_corrected())
        for lane in self._lanes.values():
            _make(lane, self.aws)

    def close(self) -> None:
        """Forget everything, and answer no more."""
        guard.answer_with(None)
        self._moto.close()


class MemoryServices(Services):
    """The clients of the engine's integrations: those of a cloud in memory."""

    def __init__(self, cloud: MemoryCloud) -> None:
        super().__init__("")
        self._cloud = cloud

    def client(self, service: str, _region: str, _role: str = "") -> Any:
        """Return the client for *service*; region and role are the test's own."""
        return self._cloud.client(service)


@cache
def _clients(place: Place) -> Aws:
    """Return the clients of all tests at *place*: to make one takes longer than most of a test's calls with it."""
    from shared.aws.access_key import AccessKey
    from shared.aws.client import Aws, endpoint_session
    from shared.aws.target import aws_target

    guard.install()
    return Aws(endpoint_session(place.region, AccessKey("nobody", "nothing")), aws_target(place))


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
