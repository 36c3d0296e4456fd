"""Lambda: functions by name, partial ARN or whole ARN, with a qualifier in one of three places.

Source: SAR; Lambda Developer Guide, "Fine-tuning the Resources and Conditions sections of policies".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources

_ARN_PARTS = 7  # arn:aws:lambda:region:account:function:name, and a qualifier after that


def function_arn(asked: Asked, name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function, given by its name, ``account:function:name`` or its ARN, qualified or not."""
    parts = name.split(":")
    if name.startswith("arn:"):
        base, rest = parts[:_ARN_PARTS], parts[_ARN_PARTS:]
    else:
        account = asked.account
        if "function" in parts[:2]:
            at = parts.index("function")
            account, parts = (parts[0] if at else account), parts[at + 1 :]
        base = [*asked.arn("lambda", "").split(":")[:4], account, "function", parts[0]]
        rest = parts[1:]
    return ":".join([*base, *([qualifier] if qualifier else rest)])


def function(asked: Asked) -> list[str | None]:
    """Return the function of the call, with its qualifier."""
    name = asked.text("FunctionName")
    given = [each for each in (asked.text("Resource"), asked.text("ResourceArn"), asked.text("ARN")) if each]
    if name is None:
        return [each for each in given if ":function:" in each]
    return [function_arn(asked, name, asked.text("Qualifier"))]


def _named(asked: Asked) -> list[str | None]:
    """Return the function that a call must name."""
    return function(asked) or [None]


def _layers(asked: Asked) -> list[str | None]:
    return list(asked.texts("Layers[]"))


def _code(*, version: bool) -> Callable[[Asked], list[str | None]]:
    """Return what finds the object in S3 that holds the code, of which the call names a *version* or not."""

    def found(asked: Asked) -> list[str | None]:
        at = next((f"{name}." for name in ("Code", "Content") if asked.all(name)), "")
        if asked.text(f"{at}S3Bucket") is None or bool(asked.text(f"{at}S3ObjectVersion")) is not version:
            return []
        return list(asked.fill(f"arn:${{Partition}}:s3:::${{{at}S3Bucket}}/${{{at}S3Key}}"))

    return found


def _tagged(asked: Asked) -> list[str | None]:
    return function(asked) if asked.all("Tags") else []


def _in_network(asked: Asked) -> list[str | None]:
    return ["*"] if asked.all("VpcConfig.SubnetIds[]") else []


def mapping(asked: Asked) -> list[str | None]:
    """Return the event source mapping."""
    uuid = asked.text("UUID")
    return list(asked.fill("arn:${Partition}:lambda:${Region}:${Account}:event-source-mapping:${UUID}")) if uuid else []


def _layer(asked: Asked) -> list[str | None]:
    name = asked.text("LayerName") or ""
    return [name if name.startswith("arn:") else asked.arn("lambda", f"layer:{name}")]


def _layer_version(asked: Asked) -> list[str | None]:
    if asked.text("Arn"):
        return [asked.text("Arn")]
    version = asked.text("VersionNumber")
    return [f"{each}:{version}" for each in _layer(asked)]


# Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": the caller looks these up.
_NETWORK = tuple((f"ec2:Describe{what}", _in_network) for what in ("SecurityGroups", "Subnets", "Vpcs"))
# API, CreateFunction, UpdateFunctionCode and PublishLayerVersion: code in S3 is read with the caller's permission.
_CODE = (("s3:GetObject", _code(version=False)), ("s3:GetObjectVersion", _code(version=True)))

EXCEPTIONS: Exceptions = {
    "Invoke": (("lambda:InvokeFunction", _named),),  # SAR
    "InvokeAsync": (("lambda:InvokeFunction", _named),),  # API
    "InvokeWithResponseStream": (("lambda:InvokeFunction", _named),),  # API
    "CreateFunction": (
        ("lambda:CreateFunction", _named),
        ("lambda:GetLayerVersion", _layers),  # Developer Guide, "Adding layers to functions"
        ("lambda:TagResource", _tagged),  # Developer Guide, "Using tags on Lambda functions"
        *_CODE,
        *_NETWORK,
    ),
    "UpdateFunctionCode": (("lambda:UpdateFunctionCode", _named), *_CODE),
    "UpdateFunctionConfiguration": (
        ("lambda:UpdateFunctionConfiguration", _named),
        ("lambda:GetLayerVersion", _layers),
        *_NETWORK,
    ),
    "PublishLayerVersion": (("lambda:PublishLayerVersion", _layer), *_CODE),
    "GetLayerVersionByArn": (("lambda:GetLayerVersion", _layer_version),),  # API
    "ListFunctionEventInvokeConfigs": (("lambda:ListFunctionEventInvokeConfigs", _named),),
}

RESOURCES: Resources = {
    "function": function,
    "function alias": function,
    "function version": function,
    "eventSourceMapping": mapping,
    "layer": _layer,
    "layerVersion": _layer_version,
}
