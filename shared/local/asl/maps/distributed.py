"""A distributed Map: a run of child executions over items that are read as they are needed.

A bounded number of children runs at a time, items are read only a chunk ahead, and the oldest children that succeeded
are forgotten. So ten thousand items take as much memory as a million, but for the results themselves.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from shared.local.asl.effects import Call
from shared.local.asl.errors import RuntimeFailure, StateFailure
from shared.local.asl.integrations.base import told_by
from shared.local.asl.integrations.nested import start_failure
from shared.local.asl.maps.batches import Batcher
from shared.local.asl.maps.readers import Reader
from shared.local.asl.maps.run import Limits, MapRun
from shared.local.asl.maps.writers import Writer
from shared.local.asl.number_fields import number_field
from shared.local.asl.reading import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.local.asl.effects import Steps
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.strand import Strand
    from shared.values import Json

# How many items are read at a time.
CHUNK = 500
_PER_CENT = 100


class Distributed:
    """What only a Map state in distributed mode has; compiled once.

    Args:
        state: The Map state.
    """

    def __init__(self, state: MapFields) -> None:
        spec, jsonata = state.spec, state.jsonata
        self.state = state
        self.tolerated_count = number_field(spec, "ToleratedFailureCount", jsonata=jsonata, integer=True)
        self.tolerated_percentage = number_field(spec, "ToleratedFailurePercentage", jsonata=jsonata, integer=False)
        self.reader = Reader(part(spec, "ItemReader"), jsonata=jsonata) if "ItemReader" in spec else None
        self.batcher = Batcher(part(spec, "ItemBatcher"), jsonata=jsonata) if "ItemBatcher" in spec else None
        self.writer = Writer(part(spec, "ResultWriter"), jsonata=jsonata) if "ResultWriter" in spec else None

    @property
    def exports(self) -> bool:
        """Whether its result tells where the results are, and is not the results themselves."""
        return self.writer is not None and self.writer.exports

    def run(self, strand: Strand, effective: Json, concurrency: float) -> Steps[Json]:
        """Run a child execution for each item or batch; return the state's result.

        Raises:
            StateFailure: Reading or writing failed, or more children failed than are tolerated.
        """
        items = None if self.reader else self.state.items(strand, effective)
        strand.record("MapStateStarted", {"length": len(items) if items is not None else 0})
        run = self._begin(strand, effective, concurrency)
        strand.set_work(run)
        try:
            if not run.complete:
                yield from self._feed(strand, effective, run, items)
            yield from run.wait_for_backlog(0)
            run.check()
            result = yield from self._result(strand, effective, run)
        except StateFailure as failure:
            run.fail()
            failure.located(strand.state, strand.entered)
            strand.record("MapRunFailed", {"error": failure.error, "cause": failure.cause})
            raise
        run.succeed()
        strand.set_work(None)
        strand.record("MapRunSucceeded")
        strand.history.add("MapStateSucceeded", strand.previous)
        return result

    def _begin(self, strand: Strand, effective: Json, concurrency: float) -> MapRun:
        """Return a new run, or the one that a redrive goes on with."""
        run = strand.take_saved(MapRun)
        if run is not None:
            run.redrive(strand)
            strand.record("MapRunRedriven", {"mapRunArn": run.arn, "redriveCount": run.redrives})
            return run
        run = self._new_run(strand, effective, concurrency)
        strand.record("MapRunStarted", {"mapRunArn": run.arn})
        return run

    def _new_run(self, strand: Strand, effective: Json, concurrency: float) -> MapRun:
        count = self.tolerated_count(strand, effective)
        if count is not None and count < 0:
            raise RuntimeFailure("ToleratedFailureCount cannot be negative.")
        percentage = self.tolerated_percentage(strand, effective)
        if percentage is not None and not 0 <= percentage <= _PER_CENT:
            raise RuntimeFailure("ToleratedFailurePercentage must be between 0 and 100.")
        self._permit(strand)
        limits = Limits(int(concurrency), None if count is None else int(count), percentage)
        entry = self.writer.entry if self.writer is not None and self.exports else None
        run = MapRun(self.state, strand, limits, entry)
        strand.execution.add_map_run(run)
        strand.execution.engine.add_map_run(run)
        return run

    @staticmethod
    def _permit(strand: Strand) -> None:
        """Raise unless the machine's role may start the machine: children are executions of it.

        Source: Step Functions Developer Guide, "IAM policies for using Distributed Map states" (read 2026-11-29).
        """
        engine, identity = strand.execution.engine, strand.execution.identity
        try:
            engine.permit(identity.role_arn, "states:StartExecution", identity.machine_arn)
        except Exception as error:
            told = told_by(error)
            if told is None:
                raise
            raise start_failure(*told, engine.uuid()) from error

    def _feed(self, strand: Strand, effective: Json, run: MapRun, items: Sequence[Json] | None) -> Steps[None]:
        """Read items and hand them to *run*, no faster than its children end."""
        if self.batcher is not None and run.batches is None:
            run.gather_in(self.batcher.begin(strand, effective))
        source = iter(items or [])
        if self.reader is not None:
            opening = partial(self.reader.open, strand.execution.engine, self.reader.source(strand, effective))
            source = yield from Call(opening).answered()
        source = itertools.islice(source, run.read, None)
        while not run.exceeded():
            taking = partial(_take, source)
            chunk = taking() if self.reader is None else (yield from Call(taking).answered())
            for value in chunk:
                run.take(self.state.item_input(strand, effective, {"Index": run.read, "Value": value}))
            if len(chunk) < CHUNK:
                run.finish_reading()
                return
            yield from run.wait_for_backlog(CHUNK)

    def _result(self, strand: Strand, effective: Json, run: MapRun) -> Steps[Json]:
        writer = self.writer
        if writer is None:
            return run.outputs()
        if not writer.exports:
            return writer.shaped(run.outputs())
        arguments = writer.arguments(strand, effective)
        return (yield from Call(partial(writer.export, strand.execution.engine, arguments, run)).answered())


def _take(source: Iterator[Json]) -> list[Json]:
    return list(itertools.islice(source, CHUNK))
