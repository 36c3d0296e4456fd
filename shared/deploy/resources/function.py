"""Lambda functions. Chalice makes and updates them; here they are compared, so that an unchanged one is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Function, Lane
    from shared.deploy.aws import Aws
    from shared.deploy.package import Package

KIND = "function"
SERVICE = "lambda"
ROUTINE = "chalice deploy"


def desired(lane: Lane, function: Function, package: Package, tags: Mapping[str, str]) -> Resource:
    """Return *function* as it should be, running the code in *package*."""
    return Resource(
        KIND,
        function.name,
        tags,
        {
            "key": function.key,
            "handler": function.handler,
            "runtime": package.runtime,
            "role": lane.role_arn(function.role),
            "memory_mb": function.memory_mb,
            "timeout_seconds": function.timeout_seconds,
            "reserved_concurrency": function.reserved_concurrency,
            "environment": dict(function.environment),
            "code_sha256": package.sha256,
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the function as it is, or None."""
    try:
        found: Any = aws.lambda_.get_function(FunctionName=name)
    except aws.lambda_.exceptions.ResourceNotFoundException:
        return None
    configuration = found["Configuration"]
    return Resource(
        KIND,
        name,
        found.get("Tags", {}),
        {
            "handler": configuration["Handler"],
            "runtime": configuration["Runtime"],
            "role": configuration["Role"],
            "memory_mb": configuration["MemorySize"],
            "timeout_seconds": configuration["Timeout"],
            "reserved_concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "environment": configuration.get("Environment", {}).get("Variables", {}),
            "code_sha256": configuration["CodeSha256"],
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the functions whose names begin with *prefix*."""
    for page in aws.lambda_.get_paginator("list_functions").paginate():
        yield from (found["FunctionName"] for found in page["Functions"] if found["FunctionName"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*: one run of Chalice's deployer for this function alone."""
    properties = {key: value for key, value in want.properties.items() if key != "key"}
    chalice = Routine(ROUTINE, {"function": want.properties["key"]})
    if have is None:
        return Step("create", KIND, want.name, summary(properties), (chalice,))
    diff = (*differences(properties, have.properties), *missing_tags(want, have))
    if not diff:
        return Step("nothing", KIND, want.name)
    calls: list[Call | Routine] = [chalice]
    if properties["handler"] != have.properties["handler"]:
        # Chalice 1.34 sets the handler of a new function and never changes it afterwards.
        handler = {"FunctionName": want.name, "Handler": properties["handler"]}
        calls.append(Call("lambda", "update_function_configuration", handler))
    return Step("update", KIND, want.name, diff, tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*, by name: Chalice's own record may be of another cloud, or gone."""
    return Step("delete", KIND, have.name, calls=(Call("lambda", "delete_function", {"FunctionName": have.name}),))
