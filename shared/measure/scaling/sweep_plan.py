"""A sweep as it was asked for: its cells, which of them the journal has, and the measuring of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.deploy.code import digest_code
from shared.errors import UsageError
from shared.measure.scaling.measure_run import measure_run
from shared.measure.scaling.sweep import describe_setting, make_cells, most_ranks, run_sweep
from shared.run.debug.deployed import read_deployed
from shared.run.express import check_keeps_runs
from shared.run.payload import check_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.config.load import Project
    from shared.measure.scaling.sweep import Cell, Journal, Measured, Progress, Record, Scalar
    from shared.run.clouds import Cloud


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A *workflow* at every place on the *axes*, *repeat* times each.

    Attributes:
        project: The project.
        lane: Whose it is.
        workflow: What runs.
        axes: The values of each parameter.
        repeat: How often each configuration runs.
        place: Where: ``aws``, ``embedded``, or the URL of an endpoint. It is part of what makes two cells the same.
        journal: What has been measured.
    """

    project: Project
    lane: Lane
    workflow: Workflow
    axes: Mapping[str, list[Scalar]]
    repeat: int
    place: str
    journal: Journal

    def cells(self) -> list[Cell]:
        """Return the cells, by the code as the files have it now."""
        code = digest_code(self.project, self.lane, self.workflow.key)
        setting = describe_setting(self.lane, self.workflow, self.place, code)
        return make_cells(self.axes, self.workflow.parameters, self.repeat, setting)

    def checked(self) -> list[Cell]:
        """Return the cells, each of which the card and the lane allow.

        Raises:
            UsageError: They do not, or the workflow's runs cannot be read when they have ended.
        """
        check_keeps_runs(self.lane, self.workflow.key)
        cells = self.cells()
        for cell in cells:
            check_payload(self.lane, self.workflow.key, cell.payload)
        return cells

    def lacks(self, cells: list[Cell]) -> bool:
        """Whether the journal lacks some of *cells*. Where it has them all, nothing needs a cloud."""
        return self.journal.count_done(cells) < len(cells)

    def told(self, cells: list[Cell]) -> Iterator[str]:
        """Yield what to tell of what the journal has."""
        path = self.journal.path
        if done := self.journal.count_done(cells):
            yield f"{done} of {len(cells)} cells are in {path}; delete it to measure them again"
        for why, count in self.journal.others(cells).items():
            yield f"{count} runs in {path} were measured with {why}, and do not count"

    def measure(
        self,
        cells: list[Cell],
        aws: Aws,
        here: Cloud,
        on_done: Callable[[Progress], object],
        on_warm: Callable[[Cell, Measured], object] | None = None,
    ) -> list[Record]:
        """Measure those of *cells* that the journal lacks, and return the records of all.

        Args:
            cells: From :meth:`checked`.
            aws: Where.
            here: The same as a run works against it.
            on_done: Is told of each cell.
            on_warm: Is told of a run of the largest world before all, which is counted nowhere. None: there is none.

        Raises:
            LanesError: The cloud has no room for a cell, or a deployment fails.
            UsageError: What is deployed is not what the files say.
        """
        key = self.workflow.key
        for cell in cells:
            here.check_room(self.lane, key, cell.payload)
        here.make_ready(self.lane, key, cells[0].payload)
        check_deployed(aws, here, self.lane, self.workflow)
        cells = self.cells()  # a deployment may have locked the versions of libraries, which are part of the code

        def run(cell: Cell) -> Measured:
            return measure_run(aws, self.lane, key, {**cell.payload, **here.meeting_here(self.lane, cell.payload)})

        if on_warm:
            first = most_ranks(cells)
            on_warm(first, run(first))
        return run_sweep(cells, self.journal, run, on_done)

    def records(self, cells: list[Cell]) -> list[Record]:
        """Return the records of *cells*, all of which the journal has."""
        records = self.journal.read()
        return [records[cell.key] for cell in cells]


def check_deployed(aws: Aws, here: Cloud, lane: Lane, workflow: Workflow) -> None:
    """Refuse to measure other code than that of the files, whose digest is in the journal.

    Raises:
        UsageError: A function has other code than the files.
    """
    functions = [lane.functions[key] for key in workflow.functions.values()]
    zipped = [each for each in functions if not each.image]
    stale = [each.key for each in zipped if here.code_differs(lane, read_deployed(aws, lane, each.name))]
    if stale:
        raise UsageError(
            f"what is deployed is not what the files say: {', '.join(stale)}; its times would count for other code",
            fix=f"lanes deploy {lane.team}, then sweep again",
        )
