"""Lambda functions of both packages, the zip and the container image.

Chalice makes and updates the functions of the zip; here they are compared, so that Chalice is asked only about those
that changed. What Chalice has no word for is set after it: the handler of a function that is there, the size of /tmp,
and what becomes of events that nobody waits for. Chalice has no container images, so those functions are made here.
They run an image by its digest, so a tag that moves later changes no function. The two are one kind because they share
their names. AWS cannot change the package of a function, so a function that changes from zip to image, or back, is
deleted and made anew.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shared.config.lane import DEFAULT_EPHEMERAL_MB
from shared.config.naming import name_prefix
from shared.config.runtimes import DEFAULT_ARCHITECTURE
from shared.deploy import asynchronous
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import compare, created, missing_tags, removed, updated
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane
    from shared.deploy.sources import Sources
    from shared.packages.package import Package
    from shared.values import Json

KIND = "function"
SERVICE = "lambda"
ARN = ("lambda", "function:")
CHALICE_DEPLOY, AWAIT = "chalice deploy", "await function"
_TEXT = "Text"  # the format of a log unless another is asked for
_NOT_COMPARED = ("key", "image")  # the steps need them; of an image, the digest is compared
_CONFIGURED = ("role", "memory_mb", "timeout_seconds", "environment", "ephemeral_mb", "log_format", "vpc")
_BEYOND_CHALICE = ("handler", "ephemeral_mb", "log_format", "asynchronous")
"""What Chalice does not set: of the handler, only that of a function that is there."""


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's functions, once there is code for them."""
    if sources.packages is not None:
        for each in _destinations_first(sources.lane):
            if each.image:
                yield desired_image(sources.lane, each, sources.images[each.key], sources.tags)
            else:
                yield desired(sources.lane, each, sources.packages[each.workflow], sources.tags)


def _destinations_first(lane: Lane) -> Iterator[Function]:
    """Yield the lane's functions, each after those that get its records: AWS takes no destination that is not there.

    No card has destinations in a circle: :mod:`shared.config.check_functions` sees to that.
    """
    by_arn = {lane.function_arn(key): each for key, each in lane.functions.items()}
    done: set[str] = set()

    def after(function: Function) -> Iterator[Function]:
        if function.key in done:
            return
        done.add(function.key)
        told = function.asynchronous
        for arn in (told.on_success, told.on_failure) if told else ():
            if arn in by_arn:
                yield from after(by_arn[arn])
        yield function

    for each in lane.functions.values():
        yield from after(each)


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
            "runtime": function.runtime,
            "layers": list(function.layers) or None,
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
            "command": [function.handler] if function.image and function.image.is_others else [],
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
        "architecture": function.architecture,
        "ephemeral_mb": function.ephemeral_mb,
        "log_format": function.log_format,
        "vpc": _network(function.vpc.subnets, function.vpc.security_groups) if function.vpc else None,
        "asynchronous": asynchronous.wanted(function.asynchronous),
    }


def _network(subnets: Iterable[str], security_groups: Iterable[str]) -> dict[str, Json] | None:
    """Return the network of a function in a form that compares; None where it has none. AWS keeps no order in it."""
    told: dict[str, Json] = {"subnets": sorted(subnets), "security_groups": sorted(security_groups)}
    return told if any(told.values()) else None


def beyond_chalice(function: Function, have: Resource | None) -> tuple[str, ...]:
    """Return what *function* wants that Chalice cannot give it: *have* is the function as it is, if it is there."""
    if have and have.properties["package"] == "image":
        return ("package",)
    want: dict[str, Json] = {
        "handler": function.handler,
        "ephemeral_mb": function.ephemeral_mb,
        "log_format": function.log_format,
        "asynchronous": asynchronous.wanted(function.asynchronous),
    }
    old = have.properties if have else _as_chalice_makes(function.handler)
    return tuple(key for key in _BEYOND_CHALICE if want[key] != old.get(key))


def _as_chalice_makes(handler: Json) -> dict[str, Json]:
    return {"handler": handler, "ephemeral_mb": DEFAULT_EPHEMERAL_MB, "log_format": _TEXT, "asynchronous": None}


def current(aws: Aws, name: str) -> Resource | None:
    """Return the function as it is, or None. ``failed`` is why AWS could not take its image, None when it did."""
    found = if_there(partial(aws.client(SERVICE).get_function, FunctionName=name), "ResourceNotFoundException")
    if found is None:
        return None
    configuration = found["Configuration"]
    network = configuration.get("VpcConfig") or {}
    settings = {
        "role": configuration["Role"],
        "memory_mb": configuration["MemorySize"],
        "timeout_seconds": configuration["Timeout"],
        "reserved_concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "environment": configuration.get("Environment", {}).get("Variables", {}),
        "code_sha256": configuration["CodeSha256"],
        "architecture": configuration.get("Architectures", [DEFAULT_ARCHITECTURE])[0],
        "ephemeral_mb": configuration.get("EphemeralStorage", {}).get("Size", DEFAULT_EPHEMERAL_MB),
        "log_format": configuration.get("LoggingConfig", {}).get("LogFormat", _TEXT),
        "vpc": _network(network.get("SubnetIds", ()), network.get("SecurityGroupIds", ())),
        "asynchronous": asynchronous.found(aws, name),
    }
    own: dict[str, Json]
    if configuration.get("PackageType") == "Image":
        told = configuration.get("ImageConfigResponse", {}).get("ImageConfig", {})
        own = {
            "package": "image",
            "command": list(told.get("Command", ())),
            "arn": configuration["FunctionArn"],
            "failed": failure(configuration),
        }
        # Lambda's documentation promises the digest of the image in the URI that it resolved, and nowhere else.
        _, at, digest = found.get("Code", {}).get("ResolvedImageUri", "").rpartition("@sha256:")
        settings["code_sha256"] = digest if at else settings["code_sha256"]
    else:
        own = {
            "package": "zip",
            "handler": configuration["Handler"],
            "runtime": configuration["Runtime"],
            "layers": [layer["Arn"] for layer in configuration.get("Layers", ())] or None,
        }
    return Resource(KIND, name, found.get("Tags", {}), {**own, **settings})


def failure(configuration: Mapping[str, object]) -> str | None:
    """Return why the last change of a function failed, as *configuration* says; None when it did not fail."""
    for state in ("State", "LastUpdateStatus"):
        if configuration.get(state) == "Failed":
            return str(configuration.get(f"{state}Reason", "AWS does not say why"))
    return None


def fix_of(configuration: Mapping[str, object]) -> str:
    """Return what to do where the last change of a function failed, by what *configuration* says of it."""
    if configuration.get("PackageType") == "Image":
        architectures = configuration.get("Architectures")
        kind = architectures[0] if isinstance(architectures, list) and architectures else DEFAULT_ARCHITECTURE
        return f"push an image that Lambda can run (Linux on {kind})"
    return "see that the subnets and security groups on the workflow's card are there, in one network"


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the functions that are named like *team*'s."""
    pages = aws.client(SERVICE).get_paginator("list_functions").paginate()
    return listed_names(pages, "Functions", "FunctionName", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    compared = {key: value for key, value in want.properties.items() if key not in _NOT_COMPARED}
    make = _made_by_us(want) if compared["package"] == "image" else _made_new_by_chalice(want)
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


def _made_new_by_chalice(want: Resource) -> tuple[Call | Routine, ...]:
    return (_made_by_chalice(want), *_set_after_chalice(want, _as_chalice_makes(want.properties["handler"])))


def _updated_by_chalice(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    others = [key for key in want.properties if key not in (*_NOT_COMPARED, *_BEYOND_CHALICE)]
    if any(want.properties[key] != have.properties[key] for key in others) or missing_tags(want, have):
        yield _made_by_chalice(want)
    yield from _set_after_chalice(want, have.properties)


def _set_after_chalice(want: Resource, old: Mapping[str, Json]) -> Iterator[Call | Routine]:
    """Yield the calls for what Chalice does not set and *old* has otherwise.

    Chalice 1.34 sets the handler of a new function and never changes it afterwards. It knows no ephemeral storage, nor
    the format of a log.
    """
    new = want.properties
    told: dict[str, Json] = {}
    if new["handler"] != old["handler"]:
        told["Handler"] = new["handler"]
    if new["ephemeral_mb"] != old["ephemeral_mb"]:
        told["EphemeralStorage"] = {"Size": new["ephemeral_mb"]}
    if new["log_format"] != old["log_format"]:
        told["LoggingConfig"] = {"LogFormat": new["log_format"]}
    if told:
        yield Call(SERVICE, "update_function_configuration", {"FunctionName": want.name, **told})
        yield _settled(want)
    yield from asynchronous.calls(want.name, new["asynchronous"], old["asynchronous"])


def _made_by_us(want: Resource) -> tuple[Call | Routine, ...]:
    new = want.properties
    made: dict[str, Json] = {"FunctionName": want.name, "PackageType": "Image", **_configuration(want)}
    if new["command"]:
        made["ImageConfig"] = _command(want)
    code: dict[str, Json] = {"Architectures": [new["architecture"]], "Code": {"ImageUri": new["image"]}}
    create = Call(SERVICE, "create_function", {**made, **code, "Tags": dict(want.tags)})
    reserved = [] if new["reserved_concurrency"] is None else [_reservation(want)]
    return (create, _settled(want), *reserved, *asynchronous.calls(want.name, new["asynchronous"], None))


def _updated_by_us(want: Resource, have: Resource) -> Iterator[Call | Routine]:
    """Yield the calls for what differs. AWS takes no second change of a function before the first one is done."""
    new, old = want.properties, have.properties
    on = {"FunctionName": want.name}
    if new["code_sha256"] != old["code_sha256"] or new["architecture"] != old["architecture"] or old["failed"]:
        code: dict[str, Json] = {"ImageUri": new["image"], "Architectures": [new["architecture"]]}
        yield Call(SERVICE, "update_function_code", {**on, **code})
        yield _settled(want)
    if any(new[key] != old[key] for key in (*_CONFIGURED, "command")):
        command = {"ImageConfig": _command(want)} if new["command"] != old["command"] else {}
        change = {**_configuration(want), **command}
        yield Call(SERVICE, "update_function_configuration", {**on, **change})
        yield _settled(want)
    if new["reserved_concurrency"] != old["reserved_concurrency"]:
        yield _reservation(want)
    yield from asynchronous.calls(want.name, new["asynchronous"], old["asynchronous"])
    if missing_tags(want, have):
        yield Call(SERVICE, "tag_resource", {"Resource": new["arn"], "Tags": dict(want.tags)})


def _settled(want: Resource) -> Routine:
    return Routine(AWAIT, {"FunctionName": want.name})


def _configuration(want: Resource) -> dict[str, Json]:
    new = want.properties
    network = as_mapping({} if new["vpc"] is None else new["vpc"])
    return {
        "Role": new["role"],
        "MemorySize": new["memory_mb"],
        "Timeout": new["timeout_seconds"],
        "Environment": {"Variables": new["environment"]},
        "EphemeralStorage": {"Size": new["ephemeral_mb"]},
        "LoggingConfig": {"LogFormat": new["log_format"]},
        # Empty lists take a function out of its network; a key that is left out changes nothing.
        "VpcConfig": {
            "SubnetIds": network.get("subnets", []),
            "SecurityGroupIds": network.get("security_groups", []),
        },
    }


def _command(want: Resource) -> dict[str, Json]:
    """Return what an image of others runs: the function's handler. Ours has it in itself, which an empty one keeps."""
    command = want.properties["command"]
    return {"Command": command} if command else {}


def _reservation(want: Resource) -> Call:
    on, reserved = {"FunctionName": want.name}, want.properties["reserved_concurrency"]
    if reserved is None:
        return Call(SERVICE, "delete_function_concurrency", on)
    return Call(SERVICE, "put_function_concurrency", {**on, "ReservedConcurrentExecutions": reserved})
