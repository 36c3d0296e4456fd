"""Writes a run into one file of columns, for whatever reads Parquet: a row for each rank, and the run beside them.

What the run was stands in the file's own metadata, as JSON under the key ``teamlanes``::

    json.loads(pyarrow.parquet.read_schema("run.parquet").metadata[b"teamlanes"])["run_id"]
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import UsageError
from shared.measure.reports.columns import RANKS, rank_rows
from shared.measure.reports.read_provenance import read_versions
from shared.run.find import find_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.finished_run import FinishedRun
    from shared.run.find import Found
    from shared.values import Json

METADATA = b"teamlanes"
"""The key of the run's description in the metadata of the file's schema."""


def check_pyarrow() -> None:
    """Refuse a file of columns where nothing can write one.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415  an extra, which takes 0.2 s
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow", fix="pip install 'teamlanes[parquet]'") from error


def write_run(aws: Aws, finished: FinishedRun, path: Path) -> None:
    """Write the run into the file at *path*.

    Its columns are those of :data:`shared.measure.reports.columns.RANKS`, each of one type, with the unit in its name.
    The metadata has the run's id, its ARN, its workflow, input, status, times (UTC) and cost, where it ran, the digests
    of its state machine and of its functions' code, and the versions of what wrote the file.

    Args:
        aws: Where it ran.
        finished: The run.
        path: The file. One that is there is replaced.

    Raises:
        UsageError: The run has no ranks, the folder is not there, or pyarrow is not installed.
    """
    check_pyarrow()
    if not finished.outcome.ranks:
        raise UsageError(
            f"run {finished.run.id} has no ranks: its functions print no progress, so a file would have no rows",
            fix='print {"progress": {"run_id", "rank", "done", "of"}} as a line, as docs/own-workflow.md says',
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"there is no folder {path.parent}", where=str(path), fix="name a file in a folder that is there"
        )
    import pyarrow as pa  # noqa: PLC0415  an extra, which takes 0.2 s
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "text": pa.string(),
    }
    described = json.dumps(describe(aws, finished, datetime.now(UTC)), ensure_ascii=False)
    schema = pa.schema([(each.name, types[each.kind]) for each in RANKS], metadata={METADATA: described})
    pq.write_table(pa.Table.from_pylist(rank_rows(finished), schema), path)


def describe(aws: Aws, finished: FinishedRun, now: datetime) -> dict[str, Json]:
    """Return what the run was, as the file's metadata has it; *now* is when that is written."""
    run = finished.run
    found = find_run(aws, run.lane, run.id, run.workflow)
    outcome = finished.outcome
    return {
        "run_id": run.id,
        "execution": run.arn,
        "team": run.lane.team,
        "workflow": run.workflow,
        "status": outcome.status,
        "input": json.loads(found.input),
        "started": found.started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "stopped": found.stopped.astimezone(UTC).isoformat(timespec="milliseconds") if found.stopped else None,
        "wall_seconds": outcome.wall_seconds,
        "records": outcome.records,
        "cost": finished.cost.as_record() if finished.cost else None,
        "where": aws.target.as_data(),
        "digests": _digests(aws, run.lane, found),
        "versions": {**read_versions()},
        "written": now.isoformat(timespec="seconds"),
    }


def _digests(aws: Aws, lane: Lane, found: Found) -> dict[str, Json]:
    """Return SHA-256 of the state machine as it was when the run began, and of the code of each of its functions.

    AWS tells a function's code of now. Where it was changed after the run had begun, its digest is not known: None.
    """
    told = aws.states.describe_state_machine_for_execution(executionArn=found.run.arn)
    functions = lane.workflows[found.run.workflow].functions
    return {
        "definition_sha256": hashlib.sha256(told["definition"].encode()).hexdigest(),
        "code_sha256": {step: _code(aws, lane.functions[key].name, found.started) for step, key in functions.items()},
    }


def _code(aws: Aws, function: str, began: datetime) -> str | None:
    """Return the digest of a function's code in base64, as Lambda has it; None if that is not the code of *began*."""
    try:
        told: Mapping[str, str] = aws.lambda_.get_function_configuration(FunctionName=function)  # type: ignore[assignment]  # the parts that are read are texts
    except ClientError:
        return None
    return told["CodeSha256"] if datetime.fromisoformat(told["LastModified"]) <= began else None
