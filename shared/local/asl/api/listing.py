"""ListExecutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from shared.local.asl.api.executions import describe
from shared.local.asl.api.machines import METADATA_ONLY
from shared.local.asl.api.members import missing
from shared.local.asl.arns import machine_arn
from shared.local.asl.execution import RUNNING, Execution
from shared.local.asl.refusals import invalid_request, no_machine, other_type
from shared.local.asl.runs.record import Wanted, record_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_stepfunctions.type_defs import ListExecutionsInputTypeDef

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.runs.record import RunRecord

_USUAL = 100
_ALL = (
    "executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "mapRunArn", "redriveCount",
    "redriveDate", "stateMachineVersionArn", "stateMachineAliasArn",
)  # fmt: skip


def list_executions(backend: AslBackend, params: ListExecutionsInputTypeDef) -> dict[str, object]:
    """ListExecutions, of a machine, a version, an alias or a Map run, the newest first.

    Those that run are in memory, and those that have ended are on disk. A token stands for the time and number of the
    last one of its page, so a page costs what it returns, and is right whatever comes meanwhile.
    """
    arn, run_arn = params.get("stateMachineArn"), params.get("mapRunArn")
    wanted, filtered = params.get("statusFilter"), params.get("redriveFilter")
    if arn is not None and run_arn is not None:
        raise invalid_request("You can specify either a mapRunArn or a stateMachineArn, but not both")
    if run_arn is None and (filtered is not None or wanted == "PENDING_REDRIVE"):
        raise invalid_request("redriveFilter and PENDING_REDRIVE are for the child executions of a Map run")
    if run_arn is not None:
        backend.map_run(run_arn)  # which must exist
    elif arn is not None:
        _check_machine(backend, arn)
    else:
        raise missing("stateMachineArn")
    now, token = backend.engine.scheduler.now(), params.get("nextToken")
    scope = ("executions", arn or "", run_arn or "", wanted or "", filtered or "")
    after = cast("tuple[float, int] | None", backend.pages.last(scope, token, now))
    before, count = backend.pages.place(scope, token, now), params.get("maxResults") or _USUAL
    redriven = None if filtered is None else filtered == "REDRIVEN"

    running = [record_of(each, RUNNING) for each in _running(backend, arn, run_arn) if each.status == RUNNING]
    backend.engine.runs.flush()
    ended: list[RunRecord] = []
    if wanted not in (RUNNING, "PENDING_REDRIVE"):
        chosen = Wanted(_by(arn), run_arn or arn or "", wanted, redriven)
        ended = backend.engine.runs.list_ended(chosen, after, count + 1)
    if wanted in (RUNNING, None):
        known = {each.arn for each in ended}
        ended += [
            each
            for each in running
            if each.arn not in known
            and (after is None or _key(each) < after)
            and (redriven is None or (each.redrives > 0) == redriven)
        ]
    ended.sort(key=_key, reverse=True)
    page = ended[:count]
    executions = [_entry(each, now) for each in page]
    if len(ended) <= count:
        return {"executions": executions}
    return {"executions": executions, "nextToken": backend.pages.token(scope, before + count, now, _key(page[-1]))}


def _check_machine(backend: AslBackend, arn: str) -> None:
    given = machine_arn(arn)
    record = backend.machines.get(given.owner)
    if record is None or (given.qualifier and not (record.version_of(arn) or given.qualifier in record.aliases)):
        raise no_machine(arn)
    if record.now.kind == "EXPRESS":
        raise other_type()


def _by(arn: str | None) -> str:
    """Return what executions of *arn* are found by: of a machine, a version or an alias, or None for a Map run's."""
    qualifier = "" if arn is None else machine_arn(arn).qualifier
    return "scope" if not qualifier else "version" if qualifier.isdecimal() else "alias"


def _running(backend: AslBackend, arn: str | None, run_arn: str | None) -> Iterable[Execution]:
    if run_arn is None:
        return [each for each in list(backend.runs.values()) if _belongs(each, arn)]
    run = backend.running_map_run(run_arn)
    return [] if run is None else list(run.children.values())


def _belongs(run: Execution, arn: str | None) -> bool:
    identity = run.identity
    return arn in (identity.machine_arn, identity.alias, identity.machine.arn if identity.machine else None)


def _key(record: RunRecord) -> tuple[float, int]:
    """Return what executions are sorted by: when one ended, or began if it runs; then its number."""
    return record.changed_at, record.number


def _entry(record: RunRecord, now: float) -> dict[str, object]:
    shown = describe(record, now, METADATA_ONLY)
    counted = {} if record.map_run is None else {"itemCount": record.items}
    return {**{key: shown[key] for key in _ALL if key in shown}, **counted}


ACTIONS = {"list_executions": list_executions}
