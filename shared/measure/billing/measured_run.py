"""An earlier run with what is measured of it: its trace, its invocations, and what it cost. Every view shows these."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.measure.billing.bill import bill_rows
from shared.measure.observed.collect_invocations import collect_run
from shared.measure.observed.invocations import Invocations
from shared.measure.observed.trace import MOST_READ

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.measure.billing.cost import Cost
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Trace
    from shared.run.find import Found


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """A run, read from its history and from CloudWatch.

    Attributes:
        found: The run.
        trace: The states that it visited.
        rows: Its invocations.
        cost: What it cost, estimated.
    """

    found: Found
    trace: Trace
    rows: tuple[Row, ...]
    cost: Cost

    @property
    def uncounted(self) -> int:
        """How many invocations the cost lacks: CloudWatch shows no REPORT line of theirs, or nothing names them."""
        return max(0, self.trace.invoked - len(self.rows))


def read_measured(
    aws: Aws, found: Found, *, most: int = MOST_READ, patient: bool = True, sleep: Sleep = time.sleep
) -> MeasuredRun:
    """Read what is measured of the run *found*.

    Args:
        aws: Where it ran.
        found: The run.
        most: How many of the children of its distributed Maps are read, at most.
        patient: Whether to wait, up to 20 s, until CloudWatch shows its last lines.
        sleep: Waits.
    """
    with Invocations() as table:
        trace, rows = collect_run(table, aws, found, most=most, patient=patient, sleep=sleep)
    return MeasuredRun(found, trace, tuple(rows), bill_rows(aws, found.run.lane, trace, rows))
