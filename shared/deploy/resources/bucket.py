"""S3 buckets: private, encrypted, versioned, open to TLS and the own account only. Scratch is removed by S3 itself."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.lane import SCRATCH
from shared.config.naming import is_account_regional, name_prefix
from shared.config.triggers import barred
from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.outsiders import outsiders_denied
from shared.deploy.reading import listed_names
from shared.deploy.steps import created, differences, missing_tags, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.errors import LanesError, code_of
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "bucket"
SERVICE = "s3"
ARN = ("s3", "")
REMOVE = "remove bucket"
_ABORT_DAYS = 7
_NO_CONSTRAINT = "us-east-1"  # the one region that must not be named when a bucket is made


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's bucket, and the further ones of its workflows."""
    for name in (sources.lane.bucket, *sources.lane.buckets):
        yield desired(sources.lane, name, sources.tags)


def desired(lane: Lane, name: str, tags: Mapping[str, str]) -> Resource:
    """Return the lane's bucket called *name*. Only in the lane's first one is anything scratch: runs write there."""
    return Resource(
        KIND,
        name,
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
            "policy": _policy(lane, name),
            "lifecycle": _lifecycle(lane.scratch_days, scratch=name == lane.bucket),
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
    told = _Settings(aws, name)
    tags = read_tags(told.ask("get_bucket_tagging").get("TagSet", ()))
    block = told.ask("get_public_access_block").get("PublicAccessBlockConfiguration")
    owner = told.ask("get_bucket_ownership_controls").get("OwnershipControls", {}).get("Rules", ())
    sse = told.ask("get_bucket_encryption").get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    policy = told.ask("get_bucket_policy").get("Policy")
    rules = told.ask("get_bucket_lifecycle_configuration").get("Rules", ())
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
            "versioning": told.ask("get_bucket_versioning").get("Status"),
            "policy": json.loads(policy) if policy else None,
            "lifecycle": {rule["ID"]: _rule(rule) for rule in rules},
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the account's buckets that are named like *team*'s."""
    prefix = name_prefix(team)
    pages = aws.client(SERVICE).get_paginator("list_buckets").paginate(Prefix=prefix)
    return listed_names(pages, "Buckets", "Name", prefix)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: The bucket lies in another region; it cannot be moved, and its data are not ours to drop.
    """
    settings = _settings(want)
    if have is None:
        return created(want, _create(want), _tagging(want), *settings.values())
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
    calls = (*(settings[key] for key in changed), *((_tagging(want, have),) if tags else ()))
    return updated(want, (*(line for lines in changed.values() for line in lines), *tags), *calls)


def check_acl(aws: Aws, want: Resource, have: Resource) -> None:
    """Refuse a bucket whose access control list lets in others than its owner: S3 does not take ours beside it.

    Source: S3 user guide, "Prerequisites for disabling ACLs" (InvalidBucketAclWithObjectOwnership).

    Raises:
        LanesError: It has such a list.
    """
    if have.properties["ownership"] == want.properties["ownership"]:
        return
    acl = aws.s3.get_bucket_acl(**_on(want))
    owner = acl["Owner"].get("ID")
    others = [each for each in acl["Grants"] if each["Grantee"].get("ID") != owner]
    if others:
        who = sorted({each["Grantee"].get("URI") or each["Grantee"].get("ID") or "somebody" for each in others})
        raise LanesError(
            f"the access control list of bucket {want.name} lets in {', '.join(who)}; S3 keeps no such list for a "
            "bucket whose owner owns all of its objects, as the lane's does",
            fix=f"aws s3api put-bucket-acl --bucket {want.name} --acl private, and tell them that they come in no more",
        )


def remove(have: Resource) -> Step:
    """Return what removes *have* with every object and version in it."""
    return removed(have, Routine(REMOVE, _on(have)))


def _create(want: Resource) -> Call:
    account, region = (as_text(want.properties[key]) for key in ("account", "region"))
    configuration: dict[str, Json] = {"Tags": tag_pairs(want.tags)}
    if region != _NO_CONSTRAINT:
        configuration["LocationConstraint"] = region
    own = is_account_regional(want.name, account, region)
    namespace = {"BucketNamespace": "account-regional"} if own else {}
    return Call("s3", "create_bucket", {"Bucket": want.name, "CreateBucketConfiguration": configuration, **namespace})


def _tagging(want: Resource, have: Resource | None = None) -> Call:
    """Tag the bucket. AWS has done it on creation already; some emulators drop CreateBucketConfiguration's tags."""
    others = {key: value for key, value in (have.tags if have else {}).items() if not key.startswith("aws:")}
    tags = {**others, **want.tags}  # the call replaces all of them; those of AWS itself it may not name
    return Call("s3", "put_bucket_tagging", {**_on(want), "Tagging": {"TagSet": tag_pairs(tags)}})


def _settings(want: Resource) -> dict[str, Call]:
    """Return the call that sets each property. The block on public access comes first: no bucket is ever public."""
    on, properties = _on(want), want.properties
    sse = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": properties["encryption"]}}]}
    rules = [{"ID": rule, **as_mapping(body)} for rule, body in as_mapping(properties["lifecycle"]).items()]
    bodies: dict[str, tuple[str, dict[str, Json]]] = {
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
    """Name the bucket and its account, so that nothing is written to a bucket of that name in another account."""
    return {"Bucket": bucket.name, "ExpectedBucketOwner": as_text(bucket.properties["account"])}


class _Settings:
    """The settings of a bucket, each of which S3 tells in an answer of its own."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._s3 = aws.client(SERVICE)
        self._on = {"Bucket": bucket, "ExpectedBucketOwner": aws.place.account}

    def ask(self, method: str) -> dict[str, Any]:
        """Return the answer to *method*, empty when that part of the bucket was never set."""
        try:
            return dict(getattr(self._s3, method)(**self._on))
        except ClientError as error:
            # NoSuchTagSet, NoSuchLifecycleConfiguration and others, and two that do not begin so.
            unset = ("NoSuch", "OwnershipControlsNotFound", "ServerSideEncryptionConfigurationNotFound")
            if code_of(error).startswith(unset):
                return {}
            raise


def _lifecycle(scratch_days: int, *, scratch: bool) -> dict[str, Json]:
    """Return the rules by their names; with *scratch*, one that removes what runs needed only on their way."""
    expiring: dict[str, Json] = {
        "Status": "Enabled",
        "Filter": {"Prefix": SCRATCH},
        "Expiration": {"Days": scratch_days},
    }
    return {
        **({"scratch": expiring} if scratch else {}),
        "old-versions": {
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": scratch_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABORT_DAYS},
        },
    }


def _rule(rule: Mapping[str, Json]) -> dict[str, Json]:
    """Return a rule without its name; S3 may leave out an empty prefix."""
    return {
        **{key: value for key, value in rule.items() if key != "ID"},
        "Filter": rule.get("Filter") or {"Prefix": ""},
    }


def _policy(lane: Lane, name: str) -> dict[str, Json]:
    """Refuse plain HTTP, every principal of another account, and uploads that would start what made them over again.

    AWS's own services have no account.
    """
    arn = lane.place.arn("s3", name)
    outsiders = outsiders_denied("s3:*", [arn, f"{arn}/*"], lane.place.account)
    return {"Version": "2012-10-17", "Statement": [*outsiders, *(_circles_denied(lane) if name == lane.bucket else ())]}


def _circles_denied(lane: Lane) -> Iterator[Json]:
    """Yield what denies the roles of each workflow that uploads start the prefixes that it may not write below.

    Every way to make an object is allowed as PutObject. Source: Service authorization reference, Amazon S3; IAM user
    guide, aws:PrincipalArn is the role's ARN for its sessions (read 2026-11-29).
    """
    for key, prefixes in barred(lane.links).items():
        workflow = lane.workflows[key]
        roles = {workflow.role, *(lane.functions[each].role for each in workflow.functions.values())}
        if prefixes:
            yield {
                "Sid": f"NoCircle{key.replace('-', 'X')}",  # letters and digits alone, and of two keys never the same
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": [f"{lane.bucket_arn}/{prefix}*" for prefix in prefixes],
                "Condition": {"ArnEquals": {"aws:PrincipalArn": sorted(map(lane.role_arn, roles))}},
            }
