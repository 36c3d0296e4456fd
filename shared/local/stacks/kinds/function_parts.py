"""AWS::Lambda: versions, aliases, permissions, asynchronous invocations, event source mappings and layers.

Source: AWS CloudFormation Template Reference, the types of AWS::Lambda, "Update requires" of each property (read
2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work, only
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import made_of, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STATEMENT = 100


class Version(Kind):
    """A published version of a function. Each change is a new one."""

    type = "AWS::Lambda::Version"
    properties = members("lambda", "PublishVersion", "", replaces="FunctionName CodeSha256 Description")
    required = ("FunctionName",)
    attributes = ("FunctionArn", "Version")

    def create(self, work: Work, wanted: Properties) -> str:
        """Publish it. Code that was published already has no second version."""
        functions = work.client("lambda")
        name = wanted["FunctionName"]
        before = {each["Version"] for each in _versions(functions, name)}
        told = functions.publish_version(**only(wanted, "FunctionName", "CodeSha256", "Description"))
        if told["Version"] in before:
            raise ResourceFailed(
                f"A version for this Lambda function exists ( {told['Version']} ). Modify the function to create a new "
                "version."
            )
        arn = str(told["FunctionArn"])
        return arn if arn.endswith(f":{told['Version']}") else f"{arn}:{told['Version']}"

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            name, _, version = physical.rpartition(":")
            work.client("lambda").delete_function(FunctionName=name, Qualifier=version)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN and its number."""
        return {"FunctionArn": physical, "Version": physical.rpartition(":")[2]}


def _versions(functions: Any, name: Any) -> Iterator[Mapping[str, Any]]:
    for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=name):
        yield from page["Versions"]


class Alias(Kind):
    """An alias of a function, with the share of a second version."""

    type = "AWS::Lambda::Alias"
    properties = {
        **members("lambda", "CreateAlias", "Description FunctionVersion", replaces="FunctionName Name"),
        "RoutingConfig": made_of(
            {"AdditionalVersionWeights": [{"FunctionVersion!": "string", "FunctionWeight!": "double"}]}
        ),
    }
    required = ("FunctionName", "FunctionVersion", "Name")
    attributes = ("AliasArn",)
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        told = work.client("lambda").create_alias(
            **only(wanted, "FunctionName", "Name", "FunctionVersion", "Description"), RoutingConfig=_weights(wanted)
        )
        return str(told["AliasArn"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Point it elsewhere."""
        work.client("lambda").update_alias(
            **only(wanted, "FunctionName", "Name", "FunctionVersion"),
            Description=wanted.get("Description", ""),
            RoutingConfig=_weights(wanted),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("lambda").delete_alias(**only(have, "FunctionName", "Name"))

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"AliasArn": physical}


def _weights(wanted: Properties) -> dict[str, Any]:
    """Return the routing as the API has it: a map, where templates have a list."""
    routing: Any = wanted.get("RoutingConfig") or {}
    listed = routing.get("AdditionalVersionWeights", [])
    weights = {each["FunctionVersion"]: each["FunctionWeight"] for each in listed}
    return {"AdditionalVersionWeights": weights}


class Permission(Kind):
    """A statement of a function's policy. Each change is a new one."""

    type = "AWS::Lambda::Permission"
    properties = members(
        "lambda",
        "AddPermission",
        "",
        replaces="Action EventSourceToken FunctionName FunctionUrlAuthType InvokedViaFunctionUrl Principal "
        "PrincipalOrgID SourceAccount SourceArn",
    )
    required = ("Action", "FunctionName", "Principal")
    attributes = ("Id",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Add it."""
        statement = work.generated(_STATEMENT)
        work.client("lambda").add_permission(StatementId=statement, **_permission(wanted))
        return statement

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Remove it."""
        name, qualifier = _qualified(str(have["FunctionName"]))
        with gone_already():
            work.client("lambda").remove_permission(FunctionName=name, StatementId=physical, **qualifier)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id."""
        return {"Id": physical}


def _permission(wanted: Properties) -> dict[str, Any]:
    name, qualifier = _qualified(str(wanted["FunctionName"]))
    return {**wanted, "FunctionName": name, **qualifier}


def _qualified(name: str) -> tuple[str, dict[str, str]]:
    """Return a function's name and its qualifier, which a template gives as one."""
    parts = name.split(":")
    if len(parts) == 8 or (len(parts) == 2 and parts[0] != "function"):  # noqa: PLR2004  a whole ARN; a name
        return name.rpartition(":")[0], {"Qualifier": parts[-1]}
    return name, {}


class EventInvokeConfig(Kind):
    """How a function's asynchronous invocations end."""

    type = "AWS::Lambda::EventInvokeConfig"
    properties = members(
        "lambda",
        "PutFunctionEventInvokeConfig",
        "DestinationConfig MaximumEventAgeInSeconds MaximumRetryAttempts",
        replaces="FunctionName Qualifier",
    )
    required = ("FunctionName", "Qualifier")

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it."""
        work.client("lambda").put_function_event_invoke_config(**wanted)
        return f"{wanted['FunctionName']}|{wanted['Qualifier']}"

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put another in its place."""
        work.client("lambda").put_function_event_invoke_config(**wanted)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("lambda").delete_function_event_invoke_config(**only(have, "FunctionName", "Qualifier"))


class EventSourceMapping(Kind):
    """What is read for a function."""

    type = "AWS::Lambda::EventSourceMapping"
    properties = members(
        "lambda",
        "CreateEventSourceMapping",
        "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria FunctionName "
        "FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts "
        "ParallelizationFactor ScalingConfig TumblingWindowInSeconds",
        replaces="EventSourceArn StartingPosition StartingPositionTimestamp",
    )
    required = ("FunctionName",)
    attributes = ("EventSourceMappingArn", "Id")

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        return str(work.client("lambda").create_event_source_mapping(**wanted)["UUID"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change what may be changed of it."""
        unset = {name: _MAPPING_UNSET[name] for name in _MAPPING_UNSET if name in have and name not in wanted}
        fixed = {name for name, each in self.properties.items() if each.replaces}
        settings = {name: value for name, value in wanted.items() if name not in fixed}
        work.client("lambda").update_event_source_mapping(UUID=physical, **(settings | unset))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("lambda").delete_event_source_mapping(UUID=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id and its ARN."""
        return {"Id": physical, "EventSourceMappingArn": work.arn("lambda", f"event-source-mapping:{physical}")}


_MAPPING_UNSET: dict[str, Any] = {
    "BatchSize": 10,
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "ScalingConfig": {},
}


class LayerVersion(Kind):
    """A version of a layer. Each change is a new one."""

    type = "AWS::Lambda::LayerVersion"
    properties = members(
        "lambda",
        "PublishLayerVersion",
        "",
        replaces="CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo",
    )
    required = ("Content",)
    attributes = ("LayerVersionArn",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Publish it."""
        name = wanted.get("LayerName") or work.generated(64, with_stack=False)
        told = work.client("lambda").publish_layer_version(**{**wanted, "LayerName": name})
        return str(told["LayerVersionArn"])

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it. A function that has it keeps it."""
        name, _, version = physical.rpartition(":")
        with gone_already():
            work.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"LayerVersionArn": physical}


KINDS: tuple[Kind, ...] = (
    Version(), Alias(), Permission(), EventInvokeConfig(), EventSourceMapping(), LayerVersion()
)  # fmt: skip
