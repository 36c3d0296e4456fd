"""What callers may ask of Lambda, EventBridge and its Scheduler here: operation by operation, member by member.

moto takes members that it then ignores, and answers operations from nothing. So the table below says what is served;
everything else that AWS has is refused by name, before anything happens, with the fix. tests/contract/test_unserved.py
fails when botocore learns of an operation or a member that is not decided on here.

Source: the API references in botocore's models (1.44.5).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from shared.local.calls import CallNotReadError
from shared.local.door.refused import RefusedError, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.calls import Call

_FUNCTION_SETTINGS = (
    "FunctionName Runtime Role Handler Description Timeout MemorySize VpcConfig DeadLetterConfig Environment KMSKeyArn "
    "TracingConfig Layers ImageConfig EphemeralStorage SnapStart LoggingConfig"
)
_MAPPING = (
    "FunctionName Enabled BatchSize FilterCriteria ScalingConfig MaximumBatchingWindowInSeconds DestinationConfig "
    "MaximumRecordAgeInSeconds BisectBatchOnFunctionError MaximumRetryAttempts FunctionResponseTypes"
)
_EVENT_CONFIG = "FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig"
_PAGE, _EVENTS_PAGE, _SCHEDULES_PAGE = "Marker MaxItems", "NextToken Limit", "NextToken MaxResults"
_CONNECTION = "Name Description AuthorizationType AuthParameters"
_SCHEDULE = (
    "Name GroupName ScheduleExpression StartDate EndDate Description ScheduleExpressionTimezone State KmsKeyArn Target "
    "FlexibleTimeWindow ClientToken ActionAfterCompletion"
)
SERVED: Final[Mapping[str, Mapping[str, str]]] = {
    "lambda": {
        "AddLayerVersionPermission": "LayerName VersionNumber StatementId Action Principal RevisionId",
        "AddPermission": "FunctionName StatementId Action Principal SourceArn SourceAccount EventSourceToken Qualifier "
        "RevisionId PrincipalOrgID FunctionUrlAuthType InvokedViaFunctionUrl",
        "CreateAlias": "FunctionName Name FunctionVersion Description RoutingConfig",
        "CreateEventSourceMapping": f"EventSourceArn StartingPosition StartingPositionTimestamp Tags {_MAPPING}",
        "CreateFunction": f"{_FUNCTION_SETTINGS} Code Publish PackageType Tags Architectures",
        "DeleteAlias": "FunctionName Name",
        "DeleteEventSourceMapping": "UUID",
        "DeleteFunction": "FunctionName Qualifier",
        "DeleteFunctionConcurrency": "FunctionName",
        "DeleteFunctionEventInvokeConfig": "FunctionName Qualifier",
        "DeleteLayerVersion": "LayerName VersionNumber",
        "GetAccountSettings": "",
        "GetAlias": "FunctionName Name",
        "GetEventSourceMapping": "UUID",
        "GetFunction": "FunctionName Qualifier",
        "GetFunctionCodeSigningConfig": "FunctionName",
        "GetFunctionConcurrency": "FunctionName",
        "GetFunctionConfiguration": "FunctionName Qualifier",
        "GetFunctionEventInvokeConfig": "FunctionName Qualifier",
        "GetLayerVersion": "LayerName VersionNumber",
        "GetLayerVersionPolicy": "LayerName VersionNumber",
        "GetPolicy": "FunctionName Qualifier",
        "Invoke": "FunctionName InvocationType LogType ClientContext Payload Qualifier",
        "InvokeAsync": "FunctionName InvokeArgs",
        "ListAliases": f"FunctionName FunctionVersion {_PAGE}",
        "ListEventSourceMappings": f"EventSourceArn FunctionName {_PAGE}",
        "ListFunctionEventInvokeConfigs": f"FunctionName {_PAGE}",
        "ListFunctions": f"FunctionVersion {_PAGE}",
        "ListLayerVersions": f"LayerName {_PAGE}",
        "ListLayers": _PAGE,
        "ListTags": "Resource",
        "ListVersionsByFunction": f"FunctionName {_PAGE}",
        "PublishLayerVersion": "LayerName Description Content CompatibleArchitectures CompatibleRuntimes LicenseInfo",
        "PublishVersion": "FunctionName CodeSha256 Description",
        "PutFunctionConcurrency": "FunctionName ReservedConcurrentExecutions",
        "PutFunctionEventInvokeConfig": _EVENT_CONFIG,
        "RemoveLayerVersionPermission": "LayerName VersionNumber StatementId RevisionId",
        "RemovePermission": "FunctionName StatementId Qualifier RevisionId",
        "TagResource": "Resource Tags",
        "UntagResource": "Resource TagKeys",
        "UpdateAlias": "FunctionName Name FunctionVersion Description RoutingConfig RevisionId",
        "UpdateEventSourceMapping": f"UUID {_MAPPING}",
        "UpdateFunctionCode": "FunctionName ZipFile S3Bucket S3Key S3ObjectVersion ImageUri Architectures Publish "
        "DryRun",
        "UpdateFunctionConfiguration": _FUNCTION_SETTINGS,
        "UpdateFunctionEventInvokeConfig": _EVENT_CONFIG,
    },
    "events": {
        "CreateConnection": _CONNECTION,
        "CreateEventBus": "Name Description Tags",
        "DeleteConnection": "Name",
        "DeleteEventBus": "Name",
        "DeleteRule": "Name EventBusName Force",
        "DescribeConnection": "Name",
        "DescribeEventBus": "Name",
        "DescribeRule": "Name EventBusName",
        "DisableRule": "Name EventBusName",
        "EnableRule": "Name EventBusName",
        "ListConnections": "",
        "ListEventBuses": f"NamePrefix {_EVENTS_PAGE}",
        "ListRuleNamesByTarget": f"TargetArn EventBusName {_EVENTS_PAGE}",
        "ListRules": f"NamePrefix EventBusName {_EVENTS_PAGE}",
        "ListTagsForResource": "ResourceARN",
        "ListTargetsByRule": f"Rule EventBusName {_EVENTS_PAGE}",
        "PutEvents": "Entries",
        "PutPermission": "EventBusName Action Principal StatementId Condition Policy",
        "PutRule": "Name ScheduleExpression EventPattern State Description RoleArn Tags EventBusName",
        "PutTargets": "Rule EventBusName Targets",
        "RemovePermission": "StatementId RemoveAllPermissions EventBusName",
        "RemoveTargets": "Rule EventBusName Ids Force",
        "TagResource": "ResourceARN Tags",
        "TestEventPattern": "EventPattern Event",
        "UntagResource": "ResourceARN TagKeys",
        "UpdateConnection": _CONNECTION,
    },
    "scheduler": {
        "CreateSchedule": _SCHEDULE,
        "CreateScheduleGroup": "Name Tags ClientToken",
        "DeleteSchedule": "Name GroupName ClientToken",
        "DeleteScheduleGroup": "Name ClientToken",
        "GetSchedule": "Name GroupName",
        "GetScheduleGroup": "Name",
        "ListScheduleGroups": f"NamePrefix {_SCHEDULES_PAGE}",
        "ListSchedules": f"GroupName NamePrefix State {_SCHEDULES_PAGE}",
        "ListTagsForResource": "ResourceArn",
        "TagResource": "ResourceArn Tags",
        "UntagResource": "ResourceArn TagKeys",
        "UpdateSchedule": _SCHEDULE,
    },
}
"""The operations that are served, each with the members that count, separated by spaces."""
_INSTEAD = {  # the fix, by words in an operation's name
    "FunctionUrl": "invoke the function by its API, or try its URL on AWS",
    "ProvisionedConcurrency": "leave it out: functions start without it, slower; or try it on AWS",
    "Archive": "keep events in a queue that a rule writes into, or try it on AWS",
    "Replay": "send the events again with PutEvents, or try it on AWS",
    "ApiDestination": "call it from a Task with http:invoke, or try it on AWS",
    "ResponseStream": "use Invoke, which answers at once, or try it on AWS",
    "DurableExecution": "use a state machine, or try it on AWS",
}
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {}, False)
# What members may not hold: the path to them in a request of an operation, and what is served.
_NESTED: Final[Mapping[tuple[str, str], Mapping[tuple[str, ...], tuple[object, ...]]]] = {
    ("lambda", "CreateFunction"): {
        ("Code", "SourceKMSKeyArn"): (),
        ("Code", "S3ObjectStorageMode"): (),
        ("SnapStart", "ApplyOn"): ("None",),
        ("LoggingConfig", "ApplicationLogLevel"): ("INFO",),
        ("LoggingConfig", "SystemLogLevel"): ("INFO",),
        ("VpcConfig", "Ipv6AllowedForDualStack"): (False,),
    },
    ("lambda", "UpdateFunctionConfiguration"): {
        ("SnapStart", "ApplyOn"): ("None",),
        ("LoggingConfig", "ApplicationLogLevel"): ("INFO",),
        ("LoggingConfig", "SystemLogLevel"): ("INFO",),
        ("VpcConfig", "Ipv6AllowedForDualStack"): (False,),
    },
    ("lambda", "PublishLayerVersion"): {("Content", "S3ObjectVersion"): (), ("Content", "S3ObjectStorageMode"): ()},
}


def refuse_unserved(call: Call) -> None:
    """Refuse *call* if it asks one of these services for what is not here.

    Raises:
        RefusedError: It does.
    """
    operations = SERVED.get(call.service)
    if operations is None:
        return
    if call.operation not in operations:
        fix = next((fix for word, fix in _INSTEAD.items() if word in call.operation), "leave it out, or try it on AWS")
        raise _refused(f"does not serve {call}, though AWS does", fix)
    try:
        lacking = [*_unserved_members(call, operations[call.operation].split()), *_unserved_inside(call)]
    except CallNotReadError:
        return  # the account's root makes it, and moto refuses it
    if lacking:
        what = ", ".join(lacking)
        raise _refused(f"does nothing with {what} of {call}, though AWS does", f"leave out {what}, or try it on AWS")


def _unserved_members(call: Call, served: list[str]) -> list[str]:
    """Return the members of *call* that are not *served* and that say something."""
    return sorted(name for name, value in call.parameters.items() if name not in served and value not in _NOTHING)


def _unserved_inside(call: Call) -> Iterator[str]:
    for (outer, inner), served in _NESTED.get((call.service, call.operation), {}).items():
        holder = call.parameters.get(outer)
        value = holder.get(inner) if isinstance(holder, dict) else None
        if value is not None and value not in served:
            yield f"{outer}.{inner} {value!s}" if served else f"{outer}.{inner}"


def _refused(what: str, fix: str) -> RefusedError:
    return RefusedError(Wrong.NOT_HERE, f"the embedded cloud {what}", fix, HTTPStatus.NOT_IMPLEMENTED)
