"""What is known of an execution or a Map run beside its history; of a running one as it is now."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.local.asl.history import MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.history import History
    from shared.local.asl.identity import Identity
    from shared.local.asl.stopped import StoppedStrand
    from shared.values import Json

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"


class RunRecord(NamedTuple):
    """An execution.

    Attributes:
        identity: What it is called and belongs to.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        input_text: Its input, JSON.
        output_text: Its output, JSON; None unless it succeeded.
        error: The name of the error that ended it.
        cause: What AWS shows beside it.
        started_at: When it began, in seconds since the epoch.
        stopped_at: When it ended; None while it runs.
        redrives: How often it was redriven.
        redriven_at: When it was the last time.
        redrive_tokens: The client tokens of its redrives and when each came, the newest last.
        events: How many events its history has.
        map_run: The ARN of the Map run that it is a child of.
        item: The index of the item or batch that it is for, of a child.
        items: How many items that are.
        number: Its number on disk.
    """

    identity: Identity
    status: str
    input_text: str
    output_text: str | None = None
    error: str | None = None
    cause: str | None = None
    started_at: float = 0.0
    stopped_at: float | None = None
    redrives: int = 0
    redriven_at: float | None = None
    redrive_tokens: Mapping[str, float] = MappingProxyType({})
    events: int = 0
    map_run: str | None = None
    item: int | None = None
    items: int = 1
    number: int = 0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.identity.arn

    @property
    def changed_at(self) -> float:
        """When it ended, or when it began if it runs, first or again."""
        return self.stopped_at or self.redriven_at or self.started_at

    @property
    def full(self) -> bool:
        """Whether its history has room for no more than an ending."""
        return self.events >= MAX_EVENTS - 1


class Wanted(NamedTuple):
    """Which executions are listed.

    Attributes:
        by: What *arn* is: ``scope`` for a machine or a Map run, ``version``, or ``alias``.
        arn: What they are of.
        status: Only those with this status; None for any.
        redriven: Only those that were redriven, or only those that were not; None for both.
    """

    by: str
    arn: str
    status: str | None = None
    redriven: bool | None = None


class Limits(NamedTuple):
    """What a Map run keeps to; UpdateMapRun changes them while it runs.

    Attributes:
        concurrency: The most children at a time, 0 for as many as there may be.
        failed_count: How many failed items are tolerated, None for no such limit.
        failed_percentage: How many per cent of failed items are tolerated, None for no such limit.
    """

    concurrency: int
    failed_count: int | None
    failed_percentage: float | None


class MapRunRecord(NamedTuple):
    """A Map run.

    Attributes:
        arn: Its ARN.
        parent_arn: The ARN of the execution that it belongs to.
        machine_label: The machine's name and the Map state's label, as children have them in their ARNs.
        status: RUNNING, SUCCEEDED, FAILED or ABORTED.
        started_at: When it began, in seconds since the epoch.
        stopped_at: When it ended.
        limits: What it keeps to.
        items: How many items ended, by what became of them.
        executions: How many children ended, by what became of them.
        running: How many children run, and for how many items.
        again: How many children a redrive has yet to run again, and for how many items.
        offered: How many children there are, with those not started yet, and for how many items.
        redrives: How often it was redriven.
        redriven_at: When it was the last time.
        read: How many items were read.
        complete: Whether all were.
        waiting: The inputs that no child was started for yet: index, input as JSON text, number of items.
        batch: The batch in the making: most items, most bytes, what batches share, the items; None without batches.
        root: The number on disk of the execution that all of this is below.
    """

    arn: str
    parent_arn: str
    machine_label: str
    status: str
    started_at: float
    stopped_at: float | None
    limits: Limits
    items: Mapping[str, int]
    executions: Mapping[str, int]
    running: tuple[int, int]
    again: tuple[int, int]
    offered: tuple[int, int]
    redrives: int
    redriven_at: float | None
    read: int
    complete: bool
    waiting: tuple[tuple[int, str, int], ...]
    batch: tuple[int | None, int, Json, list[Json]] | None
    root: int


class KnownMapRun(Protocol):
    """The Map run that an execution is a child of."""

    @property
    def arn(self) -> str:
        """Its ARN."""


class LiveRun(Protocol):
    """An execution in memory, as far as it is kept."""

    arn: str
    identity: Identity
    input_text: str
    error: str | None
    cause: str | None
    started_at: float
    stopped_at: float | None
    redrives: int
    redriven_at: float | None
    redrive_tokens: dict[str, float]
    history: History
    number: int
    place: tuple[int | None, int]

    @property
    def map_run(self) -> KnownMapRun | None:
        """The Map run that it is a child of."""

    @property
    def written_output(self) -> str:
        """The output of one that succeeds, as JSON text."""

    @property
    def stopped(self) -> StoppedStrand | None:
        """Where it stopped when it ended."""


def record_of(execution: LiveRun, status: str) -> RunRecord:
    """Return what is known of *execution*, which is in memory, where its *status* is this."""
    map_run, (item, items) = execution.map_run, execution.place
    ended = status != RUNNING  # as long as it is not, it may be about to end
    return RunRecord(
        identity=execution.identity,
        status=status,
        input_text=execution.input_text,
        output_text=execution.written_output if status == SUCCEEDED else None,
        error=execution.error if ended else None,
        cause=execution.cause if ended else None,
        started_at=execution.started_at,
        stopped_at=execution.stopped_at if ended else None,
        redrives=execution.redrives,
        redriven_at=execution.redriven_at,
        redrive_tokens=dict(execution.redrive_tokens),
        events=execution.history.count,
        map_run=None if map_run is None else map_run.arn,
        item=item,
        items=items,
        number=execution.number,
    )
