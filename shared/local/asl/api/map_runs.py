"""ListMapRuns, DescribeMapRun, UpdateMapRun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.stepfunctions import exceptions as wrong

from shared.local.asl.api.paging import page

if TYPE_CHECKING:
    from shared.local.asl.maps.run import MapRun


def _run(backend: Any, params: dict[str, Any]) -> MapRun:
    arn = params.get("mapRunArn")
    run: MapRun | None = backend.engine.map_run(arn)
    if run is None:
        raise wrong.ResourceNotFound(arn)
    return run


def list_map_runs(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """ListMapRuns, the newest first."""
    execution = backend.execution(params.get("executionArn"))
    runs = list(reversed(execution.map_runs))
    entries, token = page(runs, params.get("maxResults"), params.get("nextToken"), 1000, 100)
    answer: dict[str, Any] = {"mapRuns": [run.summary() for run in entries]}
    if token is not None:
        answer["nextToken"] = token
    return answer


def describe_map_run(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeMapRun."""
    run = _run(backend, params)
    with run.parent.lock:
        return run.describe()


def update_map_run(backend: Any, params: dict[str, Any]) -> None:
    """UpdateMapRun: takes effect on children not yet started."""
    run = _run(backend, params)
    with run.parent.lock:
        count, percentage = (
            params.get("toleratedFailureCount"),
            params.get("toleratedFailurePercentage"),
        )
        if count is not None:
            run.tolerated_count = int(count)
        if percentage is not None:
            run.tolerated_percentage = float(percentage)
        concurrency = params.get("maxConcurrency")
        if concurrency is not None:
            run.set_concurrency(int(concurrency))


ACTIONS = {action.__name__: action for action in (list_map_runs, describe_map_run, update_map_run)}
