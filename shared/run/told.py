"""What DescribeExecution tells beyond the list: the error, how many ranks there are, and what started the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.worlds import ranks_of
from shared.run.find import execution_arn
from shared.run.history import parse_object
from shared.run.started_by import by_input, start_by_name

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.listing import Execution
    from shared.run.started_by import Start


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one execution.

    Attributes:
        error: The name of the error that ended it; empty where none did.
        ranks: How many ranks its input asks for; None where it tells none.
        start: What started it.
    """

    error: str
    ranks: int | None
    start: Start


def read_told(aws: Aws, lane: Lane, run: Execution) -> Told:
    """Return what DescribeExecution tells of *run*. AWS gives an account 15 such answers a second."""
    told = aws.states.describe_execution(executionArn=execution_arn(lane, run.workflow, run.run_id))
    given = parse_object(told.get("input"))
    start = by_input(start_by_name(lane, run), given, lane)
    return Told(told.get("error", ""), ranks_of(lane.workflows[run.workflow], given), start)
