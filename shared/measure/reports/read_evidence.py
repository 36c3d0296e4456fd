"""Reads what a run's report rests on: the run's history, logs and bill, and what it left in the bucket."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.measure.reports.evidence import Contribution, Evidence, Execution, Stay, Stored
from shared.measure.reports.redshifts import redshift_section
from shared.run.failure import find_failure
from shared.run.graph import read_graph
from shared.run.logged_children import ChildLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.reports.report import Section
    from shared.run.find import Found
    from shared.values import Json

_DENIED = {"AccessDenied", "403"}
_MOST_STORED = 500  # objects of a run that are told
_MOST_READ = 256 * 1024 * 1024  # bytes of them that are read, for their digests
_MOST_KEPT = 256 * 1024  # bytes of JSON that are kept whole


def read_evidence(aws: Aws, measured: MeasuredRun, *, stored: bool = True) -> tuple[Evidence, tuple[Section, ...]]:
    """Return what the report of the run that was *measured* rests on, and the sections made of what it stored.

    What the run left in the bucket is read for its digests only if *stored*.
    """
    found, trace = measured.found, measured.trace
    run = found.run
    told = aws.states.describe_state_machine_for_execution(executionArn=run.arn)  # as it was when the run began
    definition = json.loads(told["definition"])
    output = json.loads(found.output) if found.output else None
    sections = tuple(stored_sections(aws, run.lane, output))
    evidence = Evidence(
        run=Execution(
            id=run.id,
            arn=run.arn,
            team=run.lane.team,
            workflow=run.workflow,
            status=found.status,
            started=found.started,
            stopped=found.stopped,
            input=found.input,
            output=found.output,
        ),
        definition=definition,
        graph=read_graph(aws.states, run.arn, definition),
        visits=tuple(Stay.of(visit) for visit in trace.visits),
        transitions=trace.transitions,
        children=trace.children,
        unread=trace.unread,
        maps=trace.maps,
        redrives=trace.redrives,
        rows=measured.rows,
        cost=measured.cost.items,
        failure="" if found.status in {"RUNNING", "SUCCEEDED"} else _failure(aws, found),
        stored=tuple(_stored(aws, run.lane, run.id, output)) if stored else (),
        sections=tuple(map(Contribution.of, sections)),
    )
    return evidence, sections


def stored_sections(aws: Aws, lane: Lane, output: Json) -> Iterator[Section]:
    """Yield the sections that are made of what a run with this *output* stored.

    A section's ``figures`` go into the report's file under its title, as a dict of numbers, beside its tables and the
    digests of its plots. A run that is made again tells whether they follow.
    """
    if redshifts := redshift_section(aws, lane, output):
        yield redshifts


def _failure(aws: Aws, found: Found) -> str:
    failure = find_failure(aws.states, found.run.arn, log=ChildLog(aws, found.run))
    return "\n".join([f"{failure.status} at {failure.place}" if failure.place else failure.status, *failure.lines])


def _stored(aws: Aws, lane: Lane, run_id: str, output: Json) -> Iterator[Stored]:
    """Yield the objects that the run left: those below the places of its own that its output names."""
    named = {text.removeprefix(f"s3://{lane.bucket}/") for text in _texts(output) if run_id in text}
    yield from read_objects(aws, lane.bucket, lane.place.account, sorted(named - {run_id}))


def read_objects(aws: Aws, bucket: str, owner: str, prefixes: Sequence[str]) -> Iterator[Stored]:
    """Yield the objects below *prefixes*, 500 at most, with the digests of the first 256 MB of them.

    Small JSON is told whole, a few of them.
    """
    seen: set[str] = set()
    read = kept = 0
    for key, size in _listed(aws, bucket, owner, prefixes):
        if key in seen or len(seen) == _MOST_STORED:
            continue
        seen.add(key)
        read += size
        if read > _MOST_READ:
            yield Stored(key=key, bytes=size, sha256=None)
            continue
        try:
            body = aws.s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=owner)["Body"].read()
        except ClientError as error:
            if code_of(error) not in _DENIED:
                raise
            yield Stored(key=key, bytes=size, sha256=None)
            continue
        value = None
        if key.endswith(".json") and kept + size <= _MOST_KEPT:
            kept += size
            value = _json(body)
        yield Stored(key=key, bytes=size, sha256=hashlib.sha256(body).hexdigest(), value=value)


def _listed(aws: Aws, bucket: str, owner: str, prefixes: Iterable[str]) -> Iterator[tuple[str, int]]:
    pages = aws.s3.get_paginator("list_objects_v2")
    for prefix in prefixes:
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=owner):
            for entry in page.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield entry["Key"], entry["Size"]


def _json(body: bytes) -> Json:
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
