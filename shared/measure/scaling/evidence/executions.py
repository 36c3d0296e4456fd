"""Reads executions as Step Functions tells them, and finds out how large each of them was."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.measure.observed.exports.times import Times
from shared.measure.scaling.evidence.found import Execution, Ran, UnreadableError
from shared.measure.scaling.evidence.values import count, mapping, positive, seconds_between, shown
from shared.measure.scaling.measured import DEFAULT_BATCH, Evidence, TimedRun
from shared.measure.scaling.sweep import DONE
from shared.measure.scaling.way import FIELD, OWN, RECORDS_A_MB

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found
    from shared.values import Json

OWN_MEMORY = 1769
"""MB of ``cosmic-inference`` where nothing says otherwise: the card's (a test compares)."""
_PARTITION = re.compile(r"(\d+(?:\.\d+)?)MB")


def read_executions(path: Path, told: Sequence[Json], found: Found) -> None:
    """Add executions as ``aws stepfunctions list-executions`` and ``describe-execution`` print them."""
    times = Times()
    for place, each in enumerate(told, 1):
        where = f"{path}: execution {place}"
        try:
            one = mapping(each, "it")
            if one.get("status") != DONE:
                found.unused(f"{where}: it is {shown(one.get('status'))}, not {DONE}")
                continue
            seconds = seconds_between(one.get("startDate"), one.get("stopDate"), times)
            name = str(one.get("name") or "")
            found.executions.append(execution(name, seconds, _json(one, "input"), _json(one, "output"), where))
        except UnreadableError as error:
            found.problems.append(f"{where}: {error}")


def execution(
    name: str, seconds: float, given: Mapping[str, Json] | None, output: Mapping[str, Json] | None, where: str
) -> Execution:
    """Return an execution of *name*, with the size that its input, *given*, and its *output* tell.

    Raises:
        UnreadableError: It has no name, or its input says a size that is none.
    """
    if not name:
        raise UnreadableError("the execution has no name")
    if output and {"world_size", "records"} <= output.keys():  # our own, whose inputs have the field's names, too
        batch = count(output, "batch_size") if "batch_size" in output else DEFAULT_BATCH
        size = Ran(count(output, "world_size"), positive(output, "records"), batch)
        return Execution(name, seconds, size, name, "", OWN, None, None, where)
    if given and given.get("file_limit") is not None and "data_prefix" in given:
        folder = _PARTITION.fullmatch(str(given["data_prefix"]))
        files = count(given, "file_limit")
        world = count(given, "world_size") if "world_size" in given else files
        sized = (
            Ran(world, files * float(folder[1]) * RECORDS_A_MB, count(given, "batch_size"))
            if folder and "batch_size" in given
            else None
        )
        return Execution(name, seconds, sized, str(given.get("result_path", name)), "", FIELD, 10240, None, where)
    return Execution(name, seconds, None, name, "", OWN, None, None, where)


def put_together(found: Found) -> None:
    """Add the runs of the executions whose size is known, by themselves or by their results; tell of the others."""
    runs, unsized = [], []
    for each in found.executions:
        size = each.size or _results_of(each, found)
        if size is None:
            unsized.append(each)
            continue
        records = math.ceil(size.records / size.world_size)
        memory = each.memory_mb or OWN_MEMORY
        runs.append(
            TimedRun(records, size.world_size, size.batch_size, each.seconds, memory, each.map_seconds, each.way)
        )
    if runs:
        found.add(Evidence((f"{len(runs)} executions",), tuple(runs)))
    if unsized:
        names = ", ".join(each.name for each in unsized[:8]) + (", ..." if len(unsized) > 8 else "")  # noqa: PLR2004
        found.unused(
            f"{len(unsized)} executions, first at {unsized[0].where}, whose ranks and records nothing tells ({names}): "
            "give the combined_data.json of all their ranks, or what describe-execution says"
        )


def _results_of(one: Execution, found: Found) -> Ran | None:
    """Return what the results of an execution say of its size; None where that is not sure.

    The field's results do not tell how many ranks there were. Where repeats left another number of results, some are
    missing, or were written into another repeat's folder.
    """
    for path, ran in found.results.items():
        if path == one.key or (one.key.startswith("/") and path.endswith(one.key) and one.folder in path):
            beside = path.rpartition("/")[0]
            repeats = {each.world_size for other, each in found.results.items() if other.rpartition("/")[0] == beside}
            return ran if ran.whole and (one.way is OWN or len(repeats) == 1) else None
    return None


def _json(one: Mapping[str, Json], name: str) -> Mapping[str, Json] | None:
    """Return the document that stands as text under *name*; None where there is none, or it is no object."""
    text = one.get(name)
    try:
        value: Json = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise UnreadableError(f"{name} is no JSON: {error}") from None
    return value if isinstance(value, Mapping) else None
