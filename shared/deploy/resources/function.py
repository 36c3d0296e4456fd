"""Lambda functions of both packages, the zip and the container image.

Chalice makes and updates the functions of the zip; here they are compared, so that Chalice is asked only about those
that changed. Chalice has no container images, so those functions are made here. They run an image by its digest, so a
tag that moves later changes no function. The two are one kind because they share their names. AWS cannot change the
package of a function, so a function that changes from zip to image, or back, is deleted and made anew.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import compare, created, missing_tags, removed, updated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane
    from shared.deploy.sources import Sources
    from shared.packages.package import Package
    from shared.values import Json

KIND = "function"
SERVICE = "lambda"
ARN = ("lambda", "function:")
CHALICE_DEPLOY, AWAIT = "chalice deploy", "await function"
_NOT_COMPARED = ("key", "image")  # the steps need them; of an image, the digest is compared
_CONFIGURATION = {
    "role": "Role",
    "memory_mb": "MemorySize",
    "timeout_seconds": "Timeout",
    "environment": "Environment",
}


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's functions, once there is code for them."""
    if sources.package:
        for each in sources.lane.functions.values():
            if each.image:
                yield desired_image(sources.lane, each, sources.images[each.key], sources.tags)
            else:
                yield desired(sources.lane, each, sources.package, sources.tags)


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


def _settings(lane: Lane, function: Function) -> dict[str, Json]:
    return {
        "role": lane.role_arn(function.role),
        "memory_mb": function.memory_mb,
        "timeout_seconds": function.timeout_seconds,
        "reserved_concurrency": function.reserved_concurrency,
        "environment": dict(function.environment),
    }


def current(aws: Aws, name: str) -> Resource | None:
    """Return the function as it is, or None. ``failed`` is why AWS could not take its image, None when it did."""
    found = if_there(partial(aws.client(SERVICE).get_function, FunctionName=name), "ResourceNotFoundException")
    if found is None:
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
    own: dict[str, Json]
    if configuration.get("PackageType") == "Image":
        own = {"package": "image", "arn": configuration["FunctionArn"], "failed": failure(configuration)}
        # Lambda's documentation promises the digest of the image in the URI that it resolved, and nowhere else.
        _, at, digest = found.get("Code", {}).get("ResolvedImageUri", "").rpartition("@sha256:")
        settings["code_sha256"] = digest if at else settings["code_sha256"]
    else:
        own = {"package": "zip", "handler": configuration["Handler"], "runtime": configuration["Runtime"]}
    return Resource(KIND, name, found.get("Tags", {}), {**own, **settings})


def failure(configuration: Mapping[str, object]) -> str | None:
    """Return why the last change of a function failed, as *configuration* says; None when it did not fail."""
    for state in ("State", "LastUpdateStatus"):
        if configuration.get(state) == "Failed":
            return str(configuration.get(f"{state}Reason", "AWS does not say why"))
    return None


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the functions that are named like *team*'s."""
    pages = aws.client(SERVICE).get_paginator("list_functions").paginate()
    return listed_names(pages, "Functions", "FunctionName", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    compared = {key: value for key, value in want.properties.items() if key not in _NOT_COMPARED}
    make = _made_by_us(want) if compared["package"] == "image" else (_made_by_chalice(want),)
    if have is None:
        told = {**compared, "image": want.properties["image"]} if compared["package"] == "image" else compared
        return created(want, *make, told=told)
    if compared["package"] != have.properties["package"]:
        why = f"package: {have.properties['package']} -> {compared['package']}: deleted and made anew, for AWS changes "
        return Step("replace", KIND, want.name, (f"{why}no function's package",), (*remove(have).calls, *make))
    update = _updated_by_us if compared["package"] == "image" else _updated_by_chalice
    return updated(want, compare(replace(want, properties=compared), have).lines, *update(want, have))


def remove(have: Resource) -> Step:
    """Return what removes *have*, by its name: Chalice's own record may be of another cloud, or gone."""
    return removed(have, Call(SERVICE, "delete_function", {"FunctionName": have.name}))


def _made_by_chalice(want: Resource) -> Routine:
    """Return one run of Chalice's deployer for this function alone. It makes the function, or updates it."""
    return Routine(CHALICE_DEPLOY, {"function": want.properties["key"]})


def _updated_by_chalice(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    yield _made_by_chalice(want)
    handler = want.properties["handler"]
    if handler != have.properties["handler"]:
        # Chalice 1.34 sets the handler of a new function and never changes it afterwards.
        yield Call(SERVICE, "update_function_configuration", {"FunctionName": want.name, "Handler": handler})


def _made_by_us(want: Resource) -> tuple[Call | Routine, ...]:
    made = {"FunctionName": want.name, "PackageType": "Image", **_configuration(want)}
    code = {"ImageUri": want.properties["image"]}
    create = Call(SERVICE, "create_function", {**made, "Code": code, "Tags": dict(want.tags)})
    reserved = want.properties["reserved_concurrency"]
    return (create, _settled(want), *([] if reserved is None else [_reservation(want)]))


def _updated_by_us(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    """Yield the calls for what differs. AWS takes no second change of a function before the first one is done."""
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
    return Routine(AWAIT, {"FunctionName": want.name})


def _configuration(want: Resource) -> dict[str, Json]:
    told = {name: want.properties[key] for key, name in _CONFIGURATION.items()}
    return {**told, "Environment": {"Variables": told["Environment"]}}


def _reservation(want: Resource) -> Call:
    on, reserved = {"FunctionName": want.name}, want.properties["reserved_concurrency"]
    if reserved is None:
        return Call(SERVICE, "delete_function_concurrency", on)
    return Call(SERVICE, "put_function_concurrency", {**on, "ReservedConcurrentExecutions": reserved})
