"""Event source mappings: Lambda brings what S3 tells a queue to the function that starts runs. Called by the function.

Lambda knows a mapping by an id of its own. A lane has one for each starter, so here it has the function's name, and it
is of whoever the function is of: by the function's tags. Where that is gone, nothing is left that could run. Source:
Lambda guide, "Using Lambda with Amazon SQS", "Implementing partial batch responses" and "Configuring maximum
concurrency" (read 2026-11-29).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.steps import compare, created, removed, updated
from shared.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.triggers import Upload
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "event source mapping"
SERVICE = "lambda"
ARN = ("lambda", "event-source-mapping:")
_NOT_THERE = "ResourceNotFoundException"
AWAIT_GONE = "await no event source mapping"
_EACH, _TOGETHER = 10, 1000
"""Messages of a batch, at most: what Lambda takes without a window, and what an input of a run has room for."""
_AT_ONCE = {_EACH: 5, _TOGETHER: 2}
"""Batches at once, at most: a storm of uploads leaves the account's concurrency to others. Lambda's least is 2."""
_COMPARED = {
    "queue": "EventSourceArn",
    "batch": "BatchSize",
    "window_seconds": "MaximumBatchingWindowInSeconds",
    "answers": "FunctionResponseTypes",
    "at_once": "ScalingConfig",
}


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the mapping of each workflow that uploads start, once its function is there."""
    if sources.packages is not None:
        for workflow in sources.lane.workflows.values():
            if workflow.upload:
                yield desired(sources.lane, workflow.upload, sources.tags)


def desired(lane: Lane, upload: Upload, tags: Mapping[str, str]) -> Resource:
    """Return the mapping of *upload*'s queue to its function."""
    batch = _TOGETHER if upload.window_seconds else _EACH
    told: dict[str, Json] = {
        "enabled": not lane.asleep,
        "queue": lane.queue_arn(upload.queue.name),
        "batch": batch,
        "window_seconds": upload.window_seconds or 0,
        "answers": ["ReportBatchItemFailures"],
        "at_once": {"MaximumConcurrency": _AT_ONCE[batch]},
    }
    return Resource(KIND, lane.functions[upload.function].name, tags, told)


def current(aws: Aws, name: str) -> Resource | None:
    """Return the mapping of the function called *name*, or None. One that Lambda is still deleting counts as gone."""
    own = next((found for found in mappings(aws, FunctionName=name) if found.get("State") != "Deleting"), None)
    function = if_there(partial(aws.client(SERVICE).get_function, FunctionName=name), _NOT_THERE) if own else None
    if own is None or function is None:
        return None
    told = {key: own.get(there) for key, there in _COMPARED.items()}
    enabled = own.get("State") not in ("Disabled", "Disabling")
    window = told["window_seconds"] or 0  # which Lambda may leave out
    return Resource(
        KIND,
        name,
        function.get("Tags", {}),
        {"id": own["UUID"], **told, "queue": own["EventSourceArn"], "window_seconds": window, "enabled": enabled},
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the functions with mappings that are named like *team*'s."""
    found = {function_of(each) for each in mappings(aws)}
    return (name for name in sorted(found) if name.startswith(name_prefix(team)))


def function_of(mapping: Mapping[str, Json]) -> str:
    """Return the name of a mapping's function. Its ARN is arn:...:function:NAME, or has a version behind that."""
    return as_text(mapping["FunctionArn"]).split(":")[6]


def mappings(aws: Aws, **asked: str) -> list[Mapping[str, Json]]:
    """Return the account's mappings as Lambda tells them; *asked* narrows that."""
    pages = aws.client(SERVICE).get_paginator("list_event_source_mappings").paginate
    found = if_there(lambda: [each for page in pages(**asked) for each in page["EventSourceMappings"]], _NOT_THERE)
    return found or []


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. Lambda cannot change a mapping's queue, so such a one is made anew."""
    if have is None:
        return created(want, _create(want))
    changed = compare(want, have).properties  # its tags are the function's, which mends them itself
    if want.properties["queue"] != have.properties["queue"]:
        return Step("replace", KIND, want.name, changed, (*remove(have).calls, _create(want)))
    put = Call(SERVICE, "update_event_source_mapping", {"UUID": have.properties["id"], **_settings(want)})
    return updated(want, changed, put)


def remove(have: Resource) -> Step:
    """Return what removes *have*. The messages stay in the queue."""
    which = {"UUID": have.properties["id"]}
    gone = Routine(AWAIT_GONE, {**which, "FunctionName": have.name})
    return removed(have, Call(SERVICE, "delete_event_source_mapping", which), gone)


def _create(want: Resource) -> Call:
    return Call(SERVICE, "create_event_source_mapping", {"EventSourceArn": want.properties["queue"], **_settings(want)})


def _settings(want: Resource) -> dict[str, Json]:
    told = want.properties
    return {
        "FunctionName": want.name,
        "Enabled": told["enabled"],
        **{there: told[key] for key, there in _COMPARED.items() if key != "queue"},
    }
