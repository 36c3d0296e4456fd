"""A recorded run in a test: what it was, and its replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.errors import LanesError, unknown
from shared.testing.recorded.made_anew import as_expected
from shared.testing.recorded.read_objects import KeptServices, parts_of
from shared.testing.recorded.recording import RecordedCalls

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from shared.local.asl.services import Services
    from shared.testing.memory_cloud import MemoryCloud
    from shared.testing.mocks import Given
    from shared.testing.recorded.recording import Recording
    from shared.testing.run import Run
    from shared.values import Json


class Replaying(Protocol):
    """A workflow, as far as a replay asks it."""

    @property
    def tasks(self) -> Sequence[str]:
        """The names of its Task states."""

    @property
    def cloud_of_test(self) -> MemoryCloud:
        """The test's cloud in memory."""

    def run_on(self, services: Services, given: Json, mocks: Mapping[str, Given], name: str = ..., /) -> Run:
        """Run it with *given* itself as input, and *services* for those of the test's cloud."""


class Recorded:
    """A run that has happened, to be replayed and compared with.

    Attributes:
        status: SUCCEEDED, FAILED or TIMED_OUT.
        input: The execution's input.
        output: Its output; None unless it succeeded. A moment or an id that the run made equals any other one.
        error: The error's name; None unless it failed.
        cause: What the error says.
        path: The states that the workflow itself entered.

    Args:
        workflow: What it was a run of.
        recording: What it did.
    """

    def __init__(self, workflow: Replaying, recording: Recording) -> None:
        self._workflow, self._recording = workflow, recording
        self.status = recording.status
        self.input = recording.input
        self.output: Json = as_expected(recording.output)
        self.error = recording.error
        self.cause = recording.cause
        self.path = recording.path

    def replay(self, *, real: Collection[str] = ()) -> Run:
        """Run the workflow again, in virtual time; its calls are answered as they were then.

        Args:
            real: States whose calls are made, and not answered as recorded: ``["Count"]`` runs Count's own handler.

        Raises:
            MocksDoNotFit: The workflow makes other calls than the run did.
            UsageError: A state of *real* is no Task of the workflow.
        """
        __tracebackhide__ = True
        mocks = {**dict.fromkeys(self._workflow.tasks, RecordedCalls({})), **self._recording.mocks()}
        for state in real:
            if mocks.pop(state, None) is None:
                raise unknown("state", state, list(mocks))
        cloud = self._workflow.cloud_of_test
        if real:
            for where, text in self._recording.objects.items():
                bucket, key = parts_of(where)
                cloud.put_object(bucket, key, text.encode())
        services = KeptServices(self._recording.objects, self._recording.listings, cloud.services)
        try:
            return self._workflow.run_on(services, self._recording.input, mocks)
        except LanesError as error:
            raise error.with_traceback(None) from None  # the test's own line is what its writer looks for
