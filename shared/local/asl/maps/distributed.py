"""A distributed Map: a run of child executions over items that are read as they are needed.

A bounded number of children runs at a time, items are read only a chunk ahead, and children that have ended are on
disk, with their results. So ten thousand items take as much memory as a million, but for what is the state's output.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from shared.local.asl.effects import Call
from shared.local.asl.errors import EXCEED_TOLERATED, RuntimeFailure, StateFailure
from shared.local.asl.integrations.base import told_by
from shared.local.asl.integrations.nested import start_failure
from shared.local.asl.maps.batches import Batcher
from shared.local.asl.maps.fields import found_in
from shared.local.asl.maps.items import ITEM_BYTES
from shared.local.asl.maps.readers import Reader
from shared.local.asl.maps.run import MapRun, output_of
from shared.local.asl.maps.writers import Writer, record
from shared.local.asl.number_fields import number_field
from shared.local.asl.reading import part
from shared.local.asl.runs.record import Limits
from shared.local.asl.stopped import StoppedRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.local.asl.effects import Steps
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.maps.items import Found
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
        older = self._like_old_recordings(first=strand.before == 0)
        items = None if self.reader else self.state.items(strand, effective)
        strand.record("MapStateStarted", {"length": len(items) if items is not None else 0})
        run = self._begin(strand, effective, concurrency)
        strand.set_work(run)
        try:
            if not run.complete:
                yield from self._feed(strand, effective, run, items)
            yield from run.wait_for_end()
            run.check()
            result = yield from self._result(strand, effective, run)
        except StateFailure as cause:
            run.fail()
            failure = yield from self._export_of_failed(strand, effective, run, cause)
            failure.located(strand.state, strand.entered)
            strand.record("MapRunFailed", {"error": failure.error, "cause": failure.cause})
            raise failure from None
        run.succeed()
        strand.set_work(None)
        succeeded = strand.history.add("MapRunSucceeded", strand.previous)
        strand.history.add("MapStateSucceeded", succeeded)
        if older:
            strand.follow(succeeded)
        return result

    def _like_old_recordings(self, *, first: bool) -> bool:
        """Tell whether MapStateExited follows MapRunSucceeded, and not MapRunStarted.

        AWS changed that: recordings up to August 2024 have the former, those since November 2024 the latter, and
        nothing but the date tells them apart, which no engine can know. So a state like the old recordings keeps their
        answer: in JSONPath, with MaxConcurrency or a Label, and either *first* in its execution or going on to another
        state. Every other has the newer one.
        """
        spec = self.state.spec
        return not self.state.jsonata and bool({"MaxConcurrency", "Label"} & spec.keys()) and (first or "Next" in spec)

    def _begin(self, strand: Strand, effective: Json, concurrency: float) -> MapRun:
        """Return a new run, or the one that a redrive goes on with."""
        saved, runs = strand.take_saved(StoppedRun), strand.execution.engine.runs
        if saved is not None:
            runs.flush()
            record = runs.map_run(saved.arn)
            if record is None:
                raise LookupError(f"{saved.arn} is no longer kept")
            run = self._run(strand, record.limits)
            run.go_on_from(record)
            self._register(strand, run)
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
        run = self._run(strand, limits)
        self._register(strand, run)
        return run

    def _run(self, strand: Strand, limits: Limits) -> MapRun:
        entry, writer = output_of, self.writer
        if writer is not None and writer.transformation == "NONE":
            entry = partial(record, strand.execution.identity.machine_arn)
        return MapRun(self.state, strand, limits, entry, holds_results=not self.exports)

    @staticmethod
    def _register(strand: Strand, run: MapRun) -> None:
        strand.execution.add_map_run(run)
        strand.execution.engine.add_map_run(run)
        strand.execution.engine.runs.keep_map_run(run.record)

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
        opened, runs = None, strand.execution.engine.runs
        if self.reader is not None:
            opening = partial(self.reader.open, strand.execution.engine, self.reader.source(strand, effective))
            opened = yield from Call(opening).answered()
        source = itertools.islice(found_in(items or []) if opened is None else opened, run.read, None)
        while not run.exceeded():
            taking = partial(_take, source)
            chunk = taking() if opened is None else (yield from Call(taking).answered())
            for item in chunk:
                run.take(self.state.item_input(strand, effective, item, run.read))
            if not chunk:
                run.finish_reading()
                return
            yield from run.wait_for_room(CHUNK)
            if runs.behind:
                yield from Call(runs.flush).answered()
        if opened is not None:
            opened.close()

    def _export_of_failed(
        self, strand: Strand, effective: Json, run: MapRun, cause: StateFailure
    ) -> Steps[StateFailure]:
        """Export what became of a run in which too many children failed; return what fails the state."""
        if cause.error == EXCEED_TOLERATED and self.exports:
            try:
                yield from self._result(strand, effective, run)
            except StateFailure as unwritten:
                return unwritten
        return cause

    def _result(self, strand: Strand, effective: Json, run: MapRun) -> Steps[Json]:
        writer = self.writer
        if writer is None:
            return list(run.results())
        if not writer.exports:
            return list(writer.shaped(run.results()))
        arguments = writer.arguments(strand, effective)
        return (yield from Call(partial(writer.export, strand.execution.engine, arguments, run)).answered())


def _take(source: Iterator[Found]) -> list[Found]:
    """Return the next items, fewer than usual where they are large; none at the end."""
    taken: list[Found] = []
    size = 0
    for item in itertools.islice(source, CHUNK):
        taken.append(item)
        size += item.size
        if size > ITEM_BYTES:
            break
    return taken
