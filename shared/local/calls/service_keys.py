"""The condition keys that belong to one service (its page in the Service Authorization Reference)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from shared.local.calls.asked import records_in
from shared.local.calls.rules import lambda_, running, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.calls.asked import Asked
    from shared.local.calls.call import Value

    Record = Mapping[str, Value]

Given: TypeAlias = "Iterator[tuple[str, tuple[str, ...]]]"
"""Condition keys, each with its values."""


def _parameters(keys: Mapping[str, str]) -> Callable[[Asked, str | None], Given]:
    """Return what gives each of *keys* the values at the path of its parameter."""

    def given(asked: Asked, _: str | None) -> Given:
        for key, path in keys.items():
            values = asked.all(path)
            if values:
                yield key, tuple(_text(each) for each in values)

    return given


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _s3(asked: Asked, resource: str | None) -> Given:
    yield "s3:ResourceAccount", (asked.account,)  # all buckets of moto belong to the account
    yield "s3:authType", ("REST-HEADER",)
    yield "s3:signatureversion", ("AWS4-HMAC-SHA256",)
    yield from _S3_PARAMETERS(asked, resource)
    source = asked.call.parameters.get("CopySource")
    if isinstance(source, str):
        yield "s3:x-amz-copy-source", (source,)
    tagging = asked.call.parameters.get("Tagging")
    pairs = _object_tags(tagging)
    for key, value in pairs:
        yield f"s3:RequestObjectTag/{key}", (value,)
    if pairs:
        yield "s3:RequestObjectTagKeys", tuple(key for key, _ in pairs)


def _object_tags(tagging: Value) -> list[tuple[str, str]]:
    """Return an object's tags, from a header (``key=value&...``) or a document."""
    if isinstance(tagging, str):
        return parse_qsl(tagging, keep_blank_values=True)
    if isinstance(tagging, dict):
        return [(str(each.get("Key", "")), str(each.get("Value", ""))) for each in records_in(tagging.get("TagSet"))]
    return []


_S3_PARAMETERS = _parameters(
    {
        "s3:prefix": "Prefix",
        "s3:delimiter": "Delimiter",
        "s3:max-keys": "MaxKeys",
        "s3:x-amz-acl": "ACL",
        "s3:x-amz-grant-full-control": "GrantFullControl",
        "s3:x-amz-grant-read": "GrantRead",
        "s3:x-amz-grant-read-acp": "GrantReadACP",
        "s3:x-amz-grant-write": "GrantWrite",
        "s3:x-amz-grant-write-acp": "GrantWriteACP",
        "s3:x-amz-metadata-directive": "MetadataDirective",
        "s3:x-amz-object-ownership": "ObjectOwnership",
        "s3:x-amz-server-side-encryption": "ServerSideEncryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
        "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
        "s3:x-amz-storage-class": "StorageClass",
        "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
        "s3:VersionId": "VersionId",
        "s3:locationconstraint": "CreateBucketConfiguration.LocationConstraint",
        "s3:object-lock-mode": "ObjectLockMode",
        "s3:object-lock-legal-hold": "ObjectLockLegalHoldStatus",
        "s3:if-match": "IfMatch",
        "s3:if-none-match": "IfNoneMatch",
    }
)


def _lambda(asked: Asked, resource: str | None) -> Given:
    yield from _parameters(
        {
            "lambda:Layer": "Layers[]",
            "lambda:SubnetIds": "VpcConfig.SubnetIds[]",
            "lambda:SecurityGroupIds": "VpcConfig.SecurityGroupIds[]",
            "lambda:CodeSigningConfigArn": "CodeSigningConfigArn",
            "lambda:FunctionUrlAuthType": "FunctionUrlAuthType" if asked.all("FunctionUrlAuthType") else "AuthType",
            "lambda:Principal": "Principal",
            "lambda:EventSourceToken": "EventSourceToken",
        }
    )(asked, resource)
    name, uuid = asked.text("FunctionName"), asked.text("UUID")
    function = lambda_.function_arn(asked, name) if name else None
    if function is None and uuid:
        function = asked.facts.mapping_function(asked.call.region, uuid)
    if function:
        yield "lambda:FunctionArn", (function,)


def _states(asked: Asked, _: str | None) -> Given:
    qualifier = states.qualifier(asked)
    if qualifier:
        yield "states:StateMachineQualifier", (qualifier,)


def _dynamodb(asked: Asked, resource: str | None) -> Given:
    yield from _parameters(
        {
            "dynamodb:Select": "Select",
            "dynamodb:ReturnValues": "ReturnValues",
            "dynamodb:ReturnConsumedCapacity": "ReturnConsumedCapacity",
        }
    )(asked, resource)
    if asked.call.operation.startswith("Transact"):
        yield "dynamodb:EnclosingOperation", (asked.call.operation,)
    table = (resource or "").partition(":table/")[2].partition("/")[0]
    name = asked.facts.hash_key(asked.call.region, table) if table else None
    keys = [item[name] for item in _items(asked, table) if name in item] if name else []
    values = (next(iter(key.values()), "") if isinstance(key, dict) else "" for key in keys)  # as in {"S": "x"}
    if keys:
        yield "dynamodb:LeadingKeys", tuple(dict.fromkeys(map(_text, values)))


def _items(asked: Asked, table: str) -> Iterator[Record]:
    """Yield the items, and the keys of items, that the call names in *table*."""
    yield from (item for path in ("Key", "Item") for item in asked.records(path))
    yield from _batched(asked.call.parameters.get("RequestItems"), table)
    for kind in ("Get", "Put", "Update", "Delete", "ConditionCheck"):
        for one in asked.records(f"TransactItems[].{kind}"):
            if str(one.get("TableName", "")).rpartition("/")[2] == table:
                yield _item_of(one)


def _batched(batch: Value, table: str) -> Iterator[Record]:
    """Yield the items and keys in a *batch* of reads, or of writes, in *table*."""
    for name, requests in batch.items() if isinstance(batch, dict) else ():
        if name.rpartition("/")[2] != table:
            continue
        if isinstance(requests, dict):
            yield from records_in(requests.get("Keys"))
        for request in records_in(requests):
            yield from (_item_of(each) for each in request.values() if isinstance(each, dict))


def _item_of(request: Record) -> Record:
    item = request.get("Item") or request.get("Key")
    return item if isinstance(item, dict) else {}


def _ecs(asked: Asked, resource: str | None) -> Given:
    yield "ecs:cluster", (asked.arn("ecs", f"cluster/{running.cluster_name(asked)}"),)
    yield from _parameters(
        {
            "ecs:enable-execute-command": "enableExecuteCommand",
            "ecs:enable-ecs-managed-tags": "enableECSManagedTags",
            "ecs:propagate-tags": "propagateTags",
            "ecs:capacity-provider": "capacityProviderStrategy[].capacityProvider",
            "ecs:subnet": "networkConfiguration.awsvpcConfiguration.subnets[]",
            "ecs:auto-assign-public-ip": "networkConfiguration.awsvpcConfiguration.assignPublicIp",
            "ecs:compute-compatibility": "requiresCompatibilities[]",
            "ecs:task-cpu": "cpu",
            "ecs:task-memory": "memory",
        }
    )(asked, resource)
    if asked.all("taskDefinition"):
        arns = tuple(each for each in running.task_definitions(asked) if each)
        yield "ecs:task-definition", arns
    if asked.all("service"):
        yield "ecs:service", tuple(each for each in running.service(asked) if each)


def _route53(asked: Asked, _: str | None) -> Given:
    if asked.all("ChangeBatch.Changes[]"):
        start = "route53:ChangeResourceRecordSets"
        names = (each.rstrip(".").lower() for each in asked.texts("ChangeBatch.Changes[].ResourceRecordSet.Name"))
        yield f"{start}NormalizedRecordNames", tuple(dict.fromkeys(names))
        types = asked.texts("ChangeBatch.Changes[].ResourceRecordSet.Type")
        yield f"{start}RecordTypes", tuple(dict.fromkeys(types))
        yield f"{start}Actions", tuple(dict.fromkeys(asked.texts("ChangeBatch.Changes[].Action")))
    vpcs = [
        f"VPCId={each['VPCId']!s},VPCRegion={each['VPCRegion']!s}"
        for each in asked.records("VPC")
        if {"VPCId", "VPCRegion"} <= set(each)
    ]
    if vpcs:
        yield "route53:VPCs", tuple(vpcs)


def _iam(asked: Asked, resource: str | None) -> Given:
    yield from _parameters({"iam:PolicyARN": "PolicyArn", "iam:AWSServiceName": "AWSServiceName"})(asked, resource)
    for kind, parameter in (("role", "RoleName"), ("user", "UserName")):
        name = asked.text(parameter)
        # It is the boundary that the call gives, or else the one that the role or user has (SAR).
        boundary = asked.text("PermissionsBoundary") or (asked.facts.boundary(kind, name) if name else None)
        if boundary:
            yield "iam:PermissionsBoundary", (boundary,)


def _sts(asked: Asked, resource: str | None) -> Given:
    return _parameters(
        {
            "sts:ExternalId": "ExternalId",
            "sts:RoleSessionName": "RoleSessionName",
            "sts:SourceIdentity": "SourceIdentity",
            "sts:TransitiveTagKeys": "TransitiveTagKeys[]",
        }
    )(asked, resource)


OF_SERVICE: dict[str, Callable[[Asked, str | None], Given]] = {
    "cloudwatch": _parameters({"cloudwatch:namespace": "Namespace", "cloudwatch:AlarmActions": "AlarmActions[]"}),
    "dynamodb": _dynamodb,
    "ecs": _ecs,
    "events": _parameters(
        {
            "events:TargetArn": "Targets[].Arn",
            "events:source": "Entries[].Source",
            "events:detail-type": "Entries[].DetailType",
        }
    ),
    "iam": _iam,
    "lambda": _lambda,
    "route53": _route53,
    "s3": _s3,
    "secretsmanager": _parameters(
        {
            "secretsmanager:Name": "Name",
            "secretsmanager:Description": "Description",
            "secretsmanager:KmsKeyId": "KmsKeyId",
            "secretsmanager:VersionId": "VersionId",
            "secretsmanager:VersionStage": "VersionStage",
            "secretsmanager:RecoveryWindowInDays": "RecoveryWindowInDays",
            "secretsmanager:ForceDeleteWithoutRecovery": "ForceDeleteWithoutRecovery",
            "secretsmanager:RotationLambdaARN": "RotationLambdaARN",
            "secretsmanager:BlockPublicPolicy": "BlockPublicPolicy",
        }
    ),
    "sns": _parameters({"sns:Endpoint": "Endpoint", "sns:Protocol": "Protocol"}),
    "ssm": _parameters({"ssm:Overwrite": "Overwrite", "ssm:Recursive": "Recursive"}),
    "states": _states,
    "sts": _sts,
}
