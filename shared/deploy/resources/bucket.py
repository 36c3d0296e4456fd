"""S3 buckets: private, encrypted, versioned, TLS and own account only; scratch goes by itself."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.naming import is_account_regional
from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, pairs, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane

KIND = "bucket"
SERVICE = "s3"
SCRATCH = "runs/"
"""What runs leave behind on their way; results lie elsewhere and stay."""
_ABORT_DAYS = 7
_NO_CONSTRAINT = "us-east-1"  # the one region that must not be named when a bucket is made


def desired(lane: Lane, tags: Mapping[str, str]) -> Resource:
    """Return the lane's bucket."""
    return Resource(
        KIND,
        lane.bucket,
        tags,
        {
            "account": lane.place.account,
            "region": lane.place.region,
            "public_access_block": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            "ownership": "BucketOwnerEnforced",
            "encryption": "AES256",
            "versioning": "Enabled",
            "policy": _policy(lane),
            "lifecycle": _lifecycle(lane.scratch_days),
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the bucket as it is, or None.

    Raises:
        OwnershipError: It is another account's: bucket names are shared by the whole world.
    """
    try:
        head = aws.s3.head_bucket(Bucket=name, ExpectedBucketOwner=aws.place.account)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]  # a HEAD has no body, so no code either
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status == HTTPStatus.FORBIDDEN:
            raise OwnershipError(
                f"bucket {name} belongs to another AWS account, or these credentials may not see it",
                fix="choose another name for it in the team's file",
            ) from error
        raise
    tags = {tag["Key"]: tag["Value"] for tag in _ask(aws, name, "get_bucket_tagging").get("TagSet", ())}
    block = _ask(aws, name, "get_public_access_block").get("PublicAccessBlockConfiguration")
    owner = _ask(aws, name, "get_bucket_ownership_controls").get("OwnershipControls", {}).get("Rules", ())
    sse = _ask(aws, name, "get_bucket_encryption").get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    policy = _ask(aws, name, "get_bucket_policy").get("Policy")
    rules = _ask(aws, name, "get_bucket_lifecycle_configuration").get("Rules", ())
    return Resource(
        KIND,
        name,
        tags,
        {
            "account": aws.place.account,
            "region": head.get("BucketRegion", aws.place.region),
            "public_access_block": block,
            "ownership": owner[0]["ObjectOwnership"] if owner else None,
            "encryption": sse[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] if sse else None,
            "versioning": _ask(aws, name, "get_bucket_versioning").get("Status"),
            "policy": json.loads(policy) if policy else None,
            "lifecycle": {rule["ID"]: _rule(rule) for rule in rules},
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the account's buckets whose names begin with *prefix*."""
    for page in aws.s3.get_paginator("list_buckets").paginate(Prefix=prefix):
        yield from (bucket["Name"] for bucket in page["Buckets"] if bucket["Name"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: The bucket lies in another region; it cannot be moved, and its data are not ours to drop.
    """
    settings = _settings(want)
    if have is None:
        calls = (_create(want), _tagging(want), *settings.values())
        return Step("create", KIND, want.name, summary(want.properties), calls)
    if have.properties["region"] != want.properties["region"]:
        raise OwnershipError(
            f"bucket {want.name} lies in {have.properties['region']}, the settings say {want.properties['region']}",
            fix="set the region back, or destroy the lane there first",
        )
    changed = {
        key: differences(want.properties[key], have.properties[key], key)
        for key in settings
        if want.properties[key] != have.properties[key]
    }
    tags = missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    calls = (*(settings[key] for key in changed), *((_tagging(want, have),) if tags else ()))
    return Step("update", KIND, want.name, (*(line for lines in changed.values() for line in lines), *tags), calls)


def remove(have: Resource) -> Step:
    """Return what removes *have* with every object and version in it."""
    return Step("delete", KIND, have.name, calls=(Routine("remove bucket", _on(have)),))


def _create(want: Resource) -> Call:
    region = want.properties["region"]
    configuration: dict[str, Any] = {"Tags": pairs(want.tags)}
    if region != _NO_CONSTRAINT:
        configuration["LocationConstraint"] = region
    own = is_account_regional(want.name, want.properties["account"], region)
    namespace = {"BucketNamespace": "account-regional"} if own else {}
    return Call("s3", "create_bucket", {"Bucket": want.name, "CreateBucketConfiguration": configuration, **namespace})


def _tagging(want: Resource, have: Resource | None = None) -> Call:
    """Tag the bucket. AWS has done it on creation already; some emulators drop CreateBucketConfiguration's tags."""
    others = {key: value for key, value in (have.tags if have else {}).items() if not key.startswith("aws:")}
    tags = {**others, **want.tags}  # the call replaces all of them; those of AWS itself it may not name
    return Call("s3", "put_bucket_tagging", {**_on(want), "Tagging": {"TagSet": pairs(tags)}})


def _settings(want: Resource) -> dict[str, Call]:
    """Return the call that sets each property. The block on public access comes first: it never was public."""
    on, properties = _on(want), want.properties
    sse = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": properties["encryption"]}}]}
    rules = [{"ID": rule, **body} for rule, body in properties["lifecycle"].items()]
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "public_access_block": (
            "put_public_access_block",
            {"PublicAccessBlockConfiguration": properties["public_access_block"]},
        ),
        "ownership": (
            "put_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": properties["ownership"]}]}},
        ),
        "encryption": ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": sse}),
        "versioning": (
            "put_bucket_versioning",
            {"VersioningConfiguration": {"Status": properties["versioning"]}},
        ),
        "policy": ("put_bucket_policy", {"Policy": json.dumps(properties["policy"])}),
        "lifecycle": (
            "put_bucket_lifecycle_configuration",
            {"LifecycleConfiguration": {"Rules": rules}},
        ),
    }
    return {key: Call("s3", method, {**on, **body}) for key, (method, body) in bodies.items()}


def _on(bucket: Resource) -> dict[str, str]:
    """Name the bucket and whose it must be, so that a name lost to another account is never written to."""
    return {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.properties["account"]}


def _ask(aws: Aws, name: str, method: str) -> dict[str, Any]:
    """Return the answer to *method*, empty when that part of the bucket was never set."""
    try:
        answer: dict[str, Any] = getattr(aws.s3, method)(Bucket=name, ExpectedBucketOwner=aws.place.account)
    except ClientError as error:
        code = code_of(error)
        # NoSuchTagSet, NoSuchLifecycleConfiguration, ..., and three that do not begin so.
        if code.startswith(("NoSuch", "OwnershipControlsNotFound", "ServerSideEncryptionConfigurationNotFound")):
            return {}
        raise
    return answer


def _lifecycle(scratch_days: int) -> dict[str, Any]:
    """Return the rules by their names."""
    return {
        "scratch": {"Status": "Enabled", "Filter": {"Prefix": SCRATCH}, "Expiration": {"Days": scratch_days}},
        "old-versions": {
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": scratch_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABORT_DAYS},
        },
    }


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule without its name; S3 may leave out an empty prefix."""
    return {
        **{key: value for key, value in rule.items() if key != "ID"},
        "Filter": rule.get("Filter") or {"Prefix": ""},
    }


def _policy(lane: Lane) -> dict[str, Any]:
    """Refuse plain HTTP, and every principal of another account; AWS's own services have no account."""
    arn = lane.place.arn("s3", lane.bucket)
    everyone = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "TlsOnly", **everyone, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {
                "Sid": "OwnAccountOnly",
                **everyone,
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalAccount": lane.place.account},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            },
        ],
    }
