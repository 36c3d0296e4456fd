"""The executions of a state machine as parts of an archive: a file of JSON lines for each.

A line is ``{"execution": ...}`` (status, input, output), then ``{"map_run": ...}`` and ``{"child": ...}`` for each
distributed Map and its executions, then ``{"event": ...}`` for each event of the history, as AWS's API has them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.archive.part import Content, Part, as_line, moment, of
from shared.archive.paths import places
from shared.run.history import MOST_A_PAGE, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

    from shared.aws.client import Aws
    from shared.values import Json


def run_parts(aws: Aws, machine: str, called: str) -> Iterator[Part]:
    """Yield a part for each execution of *machine*, a standard state machine's ARN, whose workflow is *called* so."""
    for each in executions(aws, machine):
        there = places("runs", called, each["name"], ".jsonl")
        yield Part(there, run_source(each, called), partial(_read, aws, each["executionArn"]))


def executions(aws: Aws, machine: str) -> Iterator[ExecutionListItemTypeDef]:
    """Yield the executions of the state machine with the ARN *machine*, newest first."""
    pages = aws.states.get_paginator("list_executions")
    for page in pages.paginate(stateMachineArn=machine, PaginationConfig=MOST_A_PAGE):
        yield from page["executions"]


def run_source(told: ExecutionListItemTypeDef, called: str) -> dict[str, Json]:
    """Return the source of the run that ListExecutions *told*: what changes when it goes on, ends or is redriven."""
    return of(
        "run",
        workflow=called,
        run=told["name"],
        status=told["status"],
        started=moment(told["startDate"]),
        stopped=moment(told.get("stopDate")),
        redrives=told.get("redriveCount", 0),
    )


def _read(aws: Aws, arn: str) -> Content:
    return Content(_lines(aws, arn))


def _lines(aws: Aws, arn: str) -> Iterator[bytes]:
    yield as_line({"execution": _told(aws.states.describe_execution(executionArn=arn))})
    for page in aws.states.get_paginator("list_map_runs").paginate(executionArn=arn):
        for run in page["mapRuns"]:
            map_run = run["mapRunArn"]
            yield as_line({"map_run": _told(aws.states.describe_map_run(mapRunArn=map_run))})
            children = aws.states.get_paginator("list_executions")
            for found in children.paginate(mapRunArn=map_run, PaginationConfig=MOST_A_PAGE):
                yield from (as_line({"child": child}) for child in found["executions"])
    yield from (as_line({"event": event}) for event in history(aws.states, arn))


def _told(answer: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
