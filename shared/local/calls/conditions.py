"""The condition keys that a call gives values to, each only for actions that have it.

Which action has which is on its service's page of the Service Authorization Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from shared.local.calls.rules import lambda_, running, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.iam.catalogue import Action
    from shared.local.calls.asked import Asked

Keys = dict[str, tuple[str, ...]]


def keys_of(asked: Asked, action: Action, resource: str | None) -> Keys:
    """Return the keys that the call gives values to, of those that *action* has."""
    if not action.condition_keys:
        return {}
    service = _OF_SERVICE.get(action.service)
    found: Keys = {}
    for given in (_tags(asked), _tags_of(asked, action, resource), service(asked, resource) if service else ()):
        for key, values in given:
            if _is_of(key, action):
                found[key] = values
    return found


def _is_of(key: str, action: Action) -> bool:
    folded = key.lower()
    if folded in action.condition_keys:
        return True
    start = folded.partition("/")[0]
    return "/" in folded and any(each.startswith((f"{start}/$", f"{start}/<")) for each in action.condition_keys)


# Tags: lists of pairs or maps, under names that differ by service (each operation's API page).

_TAGS = (
    "Tags",
    "tags",
    "ResourceTags",
    "TagList",
    "CreateBucketConfiguration.Tags",
    "TagSpecifications[].Tags",
)
_TAG_KEYS = ("TagKeys", "tagKeys", "ResourceTagKeys")
_KEY_NAMES = ("Key", "key", "TagKey")
_VALUE_NAMES = ("Value", "value", "TagValue")


def _tags(asked: Asked) -> Iterator[tuple[str, tuple[str, ...]]]:
    pairs = dict(_tag_pairs(asked))
    keys = [str(each) for name in _TAG_KEYS for each in asked.all(f"{name}[]")]
    for key, value in pairs.items():
        yield f"aws:RequestTag/{key}", (value,)
    if pairs or keys:
        yield "aws:TagKeys", (*pairs, *keys)


def _tags_of(asked: Asked, action: Action, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the tags that the resource has, for an action that has such keys."""
    own = f"{action.service}:resourcetag/"
    if resource and any(each.startswith(("aws:resourcetag/", own)) for each in action.condition_keys):
        for key, value in asked.facts.tags(resource).items():
            yield f"aws:ResourceTag/{key}", (value,)
            yield f"{action.service}:ResourceTag/{key}", (value,)


def _tag_pairs(asked: Asked) -> Iterator[tuple[str, str]]:
    for name in _TAGS:
        for tags in asked.all(name):
            if isinstance(tags, dict):
                yield from ((str(key), str(value)) for key, value in tags.items())
                continue
            for tag in tags if isinstance(tags, list) else ():
                if isinstance(tag, dict) and any(name in tag for name in _KEY_NAMES):
                    yield _first(tag, _KEY_NAMES), _first(tag, _VALUE_NAMES)


def _first(tag: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((str(tag[name]) for name in names if name in tag), "")


# Each service's own (its page in the Service Authorization Reference).

_Given = "Iterator[tuple[str, tuple[str, ...]]]"


def _parameters(keys: Mapping[str, str]) -> Callable[[Asked, str | None], Iterator[tuple[str, tuple[str, ...]]]]:
    """Return what gives each of *keys* the values at its parameters' path."""

    def given(asked: Asked, _: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
        for key, path in keys.items():
            values = asked.all(path)
            if values:
                yield key, tuple(_text(each) for each in values)

    return given


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _s3(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "s3:ResourceAccount", (asked.account,)  # moto's buckets are all the account's
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


def _object_tags(tagging: object) -> list[tuple[str, str]]:
    """Return an object's tags: a header's ``key=value&...``, or a document's set."""
    if isinstance(tagging, str):
        return parse_qsl(tagging, keep_blank_values=True)
    if isinstance(tagging, dict):
        return [(each.get("Key", ""), each.get("Value", "")) for each in tagging.get("TagSet", [])]
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


def _lambda(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
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


def _states(asked: Asked, _: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    qualifier = states.qualifier(asked)
    if qualifier:
        yield "states:StateMachineQualifier", (qualifier,)


def _dynamodb(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
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
    values = [next(iter(item[name].values())) for item in _items(asked, table) if name in item] if name else []
    if values:
        yield "dynamodb:LeadingKeys", tuple(dict.fromkeys(str(each) for each in values))


def _items(asked: Asked, table: str) -> Iterator[Mapping[str, Mapping[str, object]]]:
    """Yield the items and keys of items that the call names in *table*."""
    yield from (item for path in ("Key", "Item") for item in asked.all(path))
    batch = asked.call.parameters.get("RequestItems", {})
    for name, requests in batch.items():
        if name.rpartition("/")[2] != table:
            continue
        if isinstance(requests, dict):
            yield from requests.get("Keys", ())
            continue
        for request in requests:
            yield from (each.get("Item") or each.get("Key") or {} for each in request.values())
    for kind in ("Get", "Put", "Update", "Delete", "ConditionCheck"):
        for one in asked.all(f"TransactItems[].{kind}"):
            if one.get("TableName", "").rpartition("/")[2] == table:
                yield one.get("Item") or one.get("Key") or {}


def _ecs(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
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


def _route53(asked: Asked, _: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    changes = asked.all("ChangeBatch.Changes[]")
    if changes:
        start = "route53:ChangeResourceRecordSets"
        names = [each.rstrip(".").lower() for each in asked.all("ChangeBatch.Changes[].ResourceRecordSet.Name")]
        types = asked.all("ChangeBatch.Changes[].ResourceRecordSet.Type")
        yield f"{start}NormalizedRecordNames", tuple(dict.fromkeys(names))
        yield f"{start}RecordTypes", tuple(dict.fromkeys(types))
        yield f"{start}Actions", tuple(dict.fromkeys(asked.all("ChangeBatch.Changes[].Action")))
    vpcs = [
        f"VPCId={each['VPCId']},VPCRegion={each['VPCRegion']}"
        for each in asked.all("VPC")
        if {"VPCId", "VPCRegion"} <= set(each)
    ]
    if vpcs:
        yield "route53:VPCs", tuple(vpcs)


def _iam(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from _parameters({"iam:PolicyARN": "PolicyArn", "iam:AWSServiceName": "AWSServiceName"})(asked, resource)
    for kind, parameter in (("role", "RoleName"), ("user", "UserName")):
        name = asked.text(parameter)
        # Of what is made or given a boundary it is the new one; of all else the one that it has (SAR).
        boundary = asked.text("PermissionsBoundary") or (asked.facts.boundary(kind, name) if name else None)
        if boundary:
            yield "iam:PermissionsBoundary", (boundary,)


def _sts(asked: Asked, resource: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    return _parameters(
        {
            "sts:ExternalId": "ExternalId",
            "sts:RoleSessionName": "RoleSessionName",
            "sts:SourceIdentity": "SourceIdentity",
            "sts:TransitiveTagKeys": "TransitiveTagKeys[]",
        }
    )(asked, resource)


_OF_SERVICE: dict[str, Callable[[Asked, str | None], Iterator[tuple[str, tuple[str, ...]]]]] = {
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
