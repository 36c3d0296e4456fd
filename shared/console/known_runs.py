"""What is known of the runs in lists: read once in the background, within AWS's rates, and kept while they stay so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from shared.console.paced import Paced
from shared.measure.comparing.run_figures import read_figures
from shared.run.find import find_run
from shared.run.told import read_told
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.comparing.run_figures import RunFigures
    from shared.run.listing import Execution
    from shared.run.told import Told

_Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class KnownRuns:
    """What executions were told of, and their figures, as far as they were read.

    They are read more slowly than the console may ask AWS (shared/aws/pace.py), so that runs on pages need not wait. A
    run's figures take a history, those of some children, and its logs. A run that is redriven is read again when it has
    ended.

    Attributes:
        told: By run: what DescribeExecution tells.
        figures: By run: its times and its cost.
    """

    told: Paced[Told] = field(default_factory=lambda: Paced(60, 3.0))
    figures: Paced[RunFigures] = field(default_factory=lambda: Paced(3, 1.0))

    def want_told(self, aws: Aws, lane: Lane, runs: Iterable[Execution]) -> None:
        """Have read what DescribeExecution tells of *runs*."""
        self.told.want((key_of(aws, lane, run), partial(read_told, aws, lane, run)) for run in runs)

    def want_figures(self, aws: Aws, lane: Lane, runs: Iterable[Execution]) -> None:
        """Have the figures of those of *runs* read that have ended."""
        ended = (run for run in runs if is_over(run.status))
        self.figures.want((key_of(aws, lane, run), partial(_figures, aws, lane, run)) for run in ended)

    def sizes(self, aws: Aws, lane: Lane, runs: Sequence[Execution]) -> Mapping[str, int | None]:
        """Return how many ranks each of *runs* has, of those whose input was read."""
        known = ((run.run_id, self.told.get(key_of(aws, lane, run))) for run in runs)
        return {run_id: told.ranks for run_id, told in known if told}


def key_of(aws: Aws, lane: Lane, run: Execution) -> _Key:
    """Return what is the same while all that is told of *run* stays the same."""
    return aws, lane.team, run.workflow, run.run_id, run.status, run.seconds


def _figures(aws: Aws, lane: Lane, run: Execution) -> RunFigures:
    return read_figures(aws, find_run(aws, lane, run.run_id, run.workflow), datetime.now(UTC))
