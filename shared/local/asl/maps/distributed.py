"""A distributed Map: a run of child executions over items that are read as they are needed.

The run keeps a bounded number of children going, reads ahead no further than it must, and forgets the oldest
children that succeeded: ten thousand items or a million take the same memory.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure, StateFailure
from shared.local.asl.integrations.nested import start_failure
from shared.local.asl.maps.batches import Batcher
from shared.local.asl.maps.readers import Reader
from shared.local.asl.maps.run import MapRun
from shared.local.asl.maps.writers import Writer
from shared.local.asl.number_fields import number_field
from shared.local.asl.strand import Call

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.strand import Effect, Strand

# How many items are read at a time.
CHUNK = 500


class Distributed:
    """What a Map state in distributed mode has beyond the others; compiled once.

    Args:
        state: The Map state.
    """

    def __init__(self, state: MapFields) -> None:
        spec, jsonata = state.spec, state.jsonata
        self.state = state
        self.tolerated_count = number_field(spec, "ToleratedFailureCount", jsonata=jsonata, integer=True)
        self.tolerated_percentage = number_field(spec, "ToleratedFailurePercentage", jsonata=jsonata, integer=False)
        self.reader = Reader(spec["ItemReader"], jsonata=jsonata) if "ItemReader" in spec else None
        self.batcher = Batcher(spec["ItemBatcher"], jsonata=jsonata) if "ItemBatcher" in spec else None
        self.writer = Writer(spec["ResultWriter"], jsonata=jsonata) if "ResultWriter" in spec else None

    def run(self, strand: Strand, effective: Any, concurrency: float) -> Generator[Effect | None, Any, Any]:
        """Run a child execution for each item or batch; return the state's result.

        Raises:
            StateFailure: Reading or writing failed, or more children failed than are tolerated.
        """
        items = None if self.reader else self.state.items(strand, effective)
        strand.record("MapStateStarted", {"length": len(items) if items is not None else 0})
        run = strand.work = self._begin(strand, effective, concurrency)
        try:
            if not run.complete:
                yield from self._feed(strand, effective, run, items)
            yield from run.fall_to(0)
            run.check()
            result = yield from self._result(strand, effective, run)
        except StateFailure as failure:
            run.fail()
            failure.located(strand.state, strand.entered)
            strand.record("MapRunFailed", {"error": failure.error, "cause": failure.cause})
            raise
        run.succeed()
        strand.work = None
        strand.record("MapRunSucceeded")
        strand.execution.history.add("MapStateSucceeded", strand.previous)
        return result

    def _begin(self, strand: Strand, effective: Any, concurrency: float) -> MapRun:
        """Return a new run, or the one that a redrive goes on with."""
        run: MapRun | None = strand.take_saved()
        if run is not None:
            run.redrive(strand)
            strand.record("MapRunRedriven", {"mapRunArn": run.arn, "redriveCount": run.redrives})
            return run
        run = self._new_run(strand, effective, concurrency)
        strand.record("MapRunStarted", {"mapRunArn": run.arn})
        return run

    def _new_run(self, strand: Strand, effective: Any, concurrency: float) -> MapRun:
        count = self.tolerated_count(strand, effective)
        if count is not None and count < 0:
            raise RuntimeFailure("ToleratedFailureCount cannot be negative.")
        percentage = self.tolerated_percentage(strand, effective)
        if percentage is not None and not 0 <= percentage <= 100:  # noqa: PLR2004  per cent
            raise RuntimeFailure("ToleratedFailurePercentage must be between 0 and 100.")
        self._permit(strand)
        run = MapRun(
            self.state,
            strand,
            concurrency=int(concurrency),
            count=None if count is None else int(count),
            percentage=percentage,
            entry=self.writer.entry if self.writer is not None and self.writer.exports else None,
        )
        strand.execution.map_runs.append(run)
        strand.execution.engine.add_map_run(run)
        return run

    @staticmethod
    def _permit(strand: Strand) -> None:
        """See that the machine's role may start the machine: children are executions of it.

        Source: Step Functions Developer Guide, "IAM policies for using Distributed Map states" (read 2026-11-29).
        """
        engine, identity = strand.execution.engine, strand.execution.identity
        try:
            engine.permit(identity.role_arn, "states:StartExecution", identity.machine_arn)
        except Exception as error:
            raise start_failure(error, engine.uuid()) from error

    def _feed(
        self, strand: Strand, effective: Any, run: MapRun, items: list[Any] | None
    ) -> Generator[Effect | None, Any, None]:
        """Read items and hand them to *run*, no faster than it takes them."""
        if self.batcher is not None and run.batches is None:
            run.batches = self.batcher.begin(strand, effective)
        source: Iterator[Any] = iter(items or [])
        if self.reader is not None:
            arguments = self.reader.arguments(strand, effective)
            source = yield Call(partial(self.reader.open, strand.execution.engine, arguments))
        source = itertools.islice(source, run.read, None)
        while not run.exceeded():
            chunk: list[Any] = (yield Call(partial(_take, source))) if self.reader is not None else _take(source)
            for value in chunk:
                given = self.state.item_input(strand, effective, {"Index": run.read, "Value": value})
                run.read += 1
                self._offer(run, given)
            if len(chunk) < CHUNK:
                run.all_read()
                return
            yield from run.fall_to(CHUNK)

    @staticmethod
    def _offer(run: MapRun, given: Any) -> None:
        if run.batches is None:
            run.offer(given, 1)
            return
        for batch in run.batches.add(given):
            run.offer(batch, len(batch["Items"]))

    def _result(self, strand: Strand, effective: Any, run: MapRun) -> Generator[Effect | None, Any, Any]:
        writer = self.writer
        if writer is None:
            return run.outputs()
        if not writer.exports:
            return writer.shaped(run.outputs())
        arguments = writer.arguments(strand, effective)
        return (yield Call(partial(writer.export, strand.execution.engine, arguments, run)))


def _take(source: Iterator[Any]) -> list[Any]:
    return list(itertools.islice(source, CHUNK))
