"""A cloud in this process whose answers can be changed on their way to the client.

Faults and kills come between client and cloud, by botocore's own events: nothing of the project is patched.
"""

from __future__ import annotations

import collections
import os
from contextlib import contextmanager
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight
from tests.helpers.project import hollow

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

READS = ("Get", "List", "Describe", "Head", "BatchGet")
# Every kind of resource that a lane may have, in as few as will do.
TEAM = """
team: drill
owner: drill@example.edu
database: true
workflows: {fmi-script: , item-map: , random-mean: , wssr: }
"""


class Killed(BaseException):
    """The process died here: nothing of it catches this."""


class Account:
    """The emulated account and who works on it.

    Attributes:
        aws: Clients whose calls this object sees.
        calls: The changing calls that were made, as ``service.Operation``.
        happened: The faults that were answered: (call, fault).
    """

    def __init__(self, project: Any, cloud: EmbeddedCloud) -> None:
        self.project = project
        self.aws = go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)
        self.calls: list[str] = []
        self.happened: list[tuple[str, Any]] = []
        self._waiting: dict[str, collections.deque[Any]] = {}
        self._left: int | None = None
        self._of: Container[str] | None = None
        self._lose: str | None = None
        events = self.aws.session.events
        events.register("before-call.*.*", self._before)
        events.register("after-call.*.*", self._after)

    def disturb(self, faults: Mapping[str, tuple[Any, ...]]) -> None:
        """Answer each call with its *faults*, one after the other, before it is let through."""
        self._waiting = {call: collections.deque(each) for call, each in faults.items()}

    def kill_after(self, calls: int | None, of: Container[str] | None = None) -> None:
        """Die when so many changing calls more were carried out, of those that *of* names; never, when None."""
        self._left, self._of = calls, of

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let somebody else's calls through, and write none of them down."""
        waiting, self._waiting = self._waiting, {}
        made = list(self.calls)
        yield
        self._waiting, self.calls = waiting, made

    def take(self) -> list[str]:
        """Return the changing calls since it was asked last."""
        taken, self.calls = self.calls, []
        return taken

    def _before(self, model: Any, **_: Any) -> Any:
        call = f"{model.service_model.service_name}.{model.name}"
        if model.name.startswith(READS):
            return None
        if self._left == 0:
            raise Killed
        queue = self._waiting.get(call)
        if not queue:
            self.calls.append(call)
            return None
        fault = queue.popleft()
        self.happened.append((call, fault))
        if fault.when == "before":
            raise EndpointConnectionError(endpoint_url="the cloud")
        if fault.when == "after":
            self._lose = call
            return None
        error = {"Code": fault.code, "Message": fault.message}
        told = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": fault.status}}
        return SimpleNamespace(status_code=fault.status), told

    def _after(self, model: Any, http_response: Any, **_: Any) -> None:
        call = f"{model.service_model.service_name}.{model.name}"
        if self._lose == call:
            self._lose = None
            raise ConnectionClosedError(endpoint_url="the cloud")
        carried_out = http_response.status_code < HTTPStatus.MULTIPLE_CHOICES and not model.name.startswith(READS)
        if self._left is not None and carried_out and (self._of is None or call in self._of):
            self._left -= 1
            if self._left == 0:
                raise Killed


@contextmanager
def account(root: Path, folder: Path) -> Iterator[Account]:
    """Give an account of the project at *root* for as long as the block lasts."""
    (root / "teams" / "drill.yaml").write_text(TEAM, encoding="utf-8")
    hollow(root)  # no function is called here
    before = os.environ.get("AWS_MAX_ATTEMPTS")
    os.environ["AWS_MAX_ATTEMPTS"] = "1"  # what botocore asks again by itself is asked by nobody here
    project = load_project(root)
    try:
        with EmbeddedCloud(project.place, folder) as cloud:
            yield Account(project, cloud)
    finally:
        if before is None:
            del os.environ["AWS_MAX_ATTEMPTS"]
        else:
            os.environ["AWS_MAX_ATTEMPTS"] = before
