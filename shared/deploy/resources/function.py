"""Lambda functions, of both packages; here they are compared, so that an unchanged one is left alone.

Chalice makes and updates those of the zip. It has none of container images, so those are made here, from an image by
its digest: a tag that moves later changes no function. One kind, for the two share their names; but AWS changes the
package of no function, so one that becomes an image, or is one no more, is deleted and made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane
    from shared.packages.package import Package

KIND = "function"
SERVICE = "lambda"
ROUTINE = "chalice deploy"
_AWAIT = "await function"
_NOT_COMPARED = ("key", "image")  # what its steps need to know; the image's digest is compared
_CONFIGURATION = {
    "role": "Role",
    "memory_mb": "MemorySize",
    "timeout_seconds": "Timeout",
    "environment": "Environment",
}


def desired(lane: Lane, function: Function, package: Package, tags: Mapping[str, str]) -> Resource:
    """Return *function* as it should be, running the code in *package*."""
    return Resource(
        KIND,
        function.name,
        tags,
        {
            "key": function.key,
            "package": "zip",
            "handler": function.handler,
            "runtime": package.runtime,
            **_settings(lane, function),
            "code_sha256": package.sha256,
        },
    )


def desired_image(lane: Lane, function: Function, image: str, tags: Mapping[str, str]) -> Resource:
    """Return *function* as it should be, running *image*: ``host/repository@sha256:...``."""
    return Resource(
        KIND,
        function.name,
        tags,
        {
            "image": image,
            "package": "image",
            "arn": lane.function_arn(function.key),
            **_settings(lane, function),
            "code_sha256": image.rpartition("sha256:")[2],
            "failed": None,
        },
    )


def _settings(lane: Lane, function: Function) -> dict[str, Any]:
    return {
        "role": lane.role_arn(function.role),
        "memory_mb": function.memory_mb,
        "timeout_seconds": function.timeout_seconds,
        "reserved_concurrency": function.reserved_concurrency,
        "environment": dict(function.environment),
    }


def current(aws: Aws, name: str) -> Resource | None:
    """Return the function as it is, or None. ``failed`` is why AWS could not take its image, None when it did."""
    try:
        found: Any = aws.lambda_.get_function(FunctionName=name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    configuration = found["Configuration"]
    settings = {
        "role": configuration["Role"],
        "memory_mb": configuration["MemorySize"],
        "timeout_seconds": configuration["Timeout"],
        "reserved_concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "environment": configuration.get("Environment", {}).get("Variables", {}),
        "code_sha256": configuration["CodeSha256"],
    }
    if configuration.get("PackageType") == "Image":
        own = {"package": "image", "arn": configuration["FunctionArn"], "failed": failure(configuration)}
        # The digest that Lambda runs is in the URI that it resolved; only there does its documentation promise it.
        _, at, digest = found.get("Code", {}).get("ResolvedImageUri", "").rpartition("@sha256:")
        settings["code_sha256"] = digest if at else settings["code_sha256"]
    else:
        own = {"package": "zip", "handler": configuration["Handler"], "runtime": configuration["Runtime"]}
    return Resource(KIND, name, found.get("Tags", {}), {**own, **settings})


def failure(configuration: Mapping[str, Any]) -> str | None:
    """Return why the last change of a function came to nothing, as *configuration* says; None when it did not."""
    for state in ("State", "LastUpdateStatus"):
        if configuration.get(state) == "Failed":
            return str(configuration.get(f"{state}Reason", "AWS does not say why"))
    return None


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the functions whose names begin with *prefix*."""
    for page in aws.lambda_.get_paginator("list_functions").paginate():
        yield from (found["FunctionName"] for found in page["Functions"] if found["FunctionName"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    compared = {key: value for key, value in want.properties.items() if key not in _NOT_COMPARED}
    make = _made_by_us(want) if compared["package"] == "image" else (_made_by_chalice(want),)
    if have is None:
        told = {**compared, "image": want.properties["image"]} if compared["package"] == "image" else compared
        return Step("create", KIND, want.name, summary(told), make)
    if compared["package"] != have.properties["package"]:
        why = f"package: {have.properties['package']} -> {compared['package']}: deleted and made anew, for AWS changes "
        return Step("replace", KIND, want.name, (f"{why}no function's package",), (*remove(have).calls, *make))
    changed, tags = differences(compared, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    update = _updated_by_us if compared["package"] == "image" else _updated_by_chalice
    return Step("update", KIND, want.name, (*changed, *tags), tuple(update(want, have)))


def remove(have: Resource) -> Step:
    """Return what removes *have*, by name: Chalice's own record may be of another cloud, or gone."""
    return Step("delete", KIND, have.name, calls=(Call("lambda", "delete_function", {"FunctionName": have.name}),))


def _made_by_chalice(want: Resource) -> Routine:
    """Return one run of Chalice's deployer for this function alone; it makes and it updates."""
    return Routine(ROUTINE, {"function": want.properties["key"]})


def _updated_by_chalice(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    yield _made_by_chalice(want)
    handler = want.properties["handler"]
    if handler != have.properties["handler"]:
        # Chalice 1.34 sets the handler of a new function and never changes it afterwards.
        yield Call("lambda", "update_function_configuration", {"FunctionName": want.name, "Handler": handler})


def _made_by_us(want: Resource) -> tuple[Call | Routine, ...]:
    code = {"PackageType": "Image", "Code": {"ImageUri": want.properties["image"]}, "Tags": dict(want.tags)}
    create = Call(SERVICE, "create_function", {"FunctionName": want.name, **code, **_configuration(want)})
    reserved = want.properties["reserved_concurrency"]
    return (create, _settled(want), *([] if reserved is None else [_reservation(want)]))


def _updated_by_us(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    """Yield the calls for what differs; AWS takes no second change of a function before the first is through."""
    new, old = want.properties, have.properties
    on = {"FunctionName": want.name}
    if new["code_sha256"] != old["code_sha256"] or old["failed"]:
        yield Call(SERVICE, "update_function_code", {**on, "ImageUri": new["image"]})
        yield _settled(want)
    if any(new[key] != old[key] for key in _CONFIGURATION):
        yield Call(SERVICE, "update_function_configuration", {**on, **_configuration(want)})
        yield _settled(want)
    if new["reserved_concurrency"] != old["reserved_concurrency"]:
        yield _reservation(want)
    if missing_tags(want, have):
        yield Call(SERVICE, "tag_resource", {"Resource": new["arn"], "Tags": dict(want.tags)})


def _settled(want: Resource) -> Routine:
    return Routine(_AWAIT, {"FunctionName": want.name})


def _configuration(want: Resource) -> dict[str, Any]:
    told = {name: want.properties[key] for key, name in _CONFIGURATION.items()}
    return {**told, "Environment": {"Variables": told["Environment"]}}


def _reservation(want: Resource) -> Call:
    on, reserved = {"FunctionName": want.name}, want.properties["reserved_concurrency"]
    if reserved is None:
        return Call(SERVICE, "delete_function_concurrency", on)
    return Call(SERVICE, "put_function_concurrency", {**on, "ReservedConcurrentExecutions": reserved})
