"""What a function's role may do on AWS, decided in this process by the policies that it has there.

Nobody but Lambda can take a function's role, so calls go with the credentials of whoever debugs, after this has allowed
them. Of policies of resources, that of the team's bucket is read: it denies roles the prefixes whose uploads start
workflows, and whoever debugs is not meant. Others are not read: what only such a policy grants is refused, and what one
denies is denied by AWS where it means whoever debugs, too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of
from shared.iam.decision import Policies, Request, decide
from shared.iam.denial import message
from shared.iam.principals import Principal
from shared.iam.statements import read_identity_policy, read_resource_policy
from shared.local.calls import request_keys
from shared.local.calls.models import model_of
from shared.run.debug.calls import Denied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.iam.statements import Policy
    from shared.local.calls import Call, Need
    from shared.run.debug.deployed import Deployed

_ACCOUNT = 4  # its position in an ARN, from 0
_NO_POLICY = ("NoSuchBucketPolicy", "NoSuchBucket")
_TOPIC = "sns"  # it has a code of its own (API Reference, Common errors)


class RoleRights:
    """Decides calls as of a function's role.

    Args:
        policies: Those of the role.
        principal: The function's session of it.
        context: Condition keys that the session gives.
        buckets: Policies of buckets, by their names.
        commons: Buckets of shared data, each with the account that owns it.
        clock: Tells the time.
    """

    def __init__(  # noqa: PLR0913  a decision needs all of it
        self,
        policies: Policies,
        principal: Principal,
        context: Mapping[str, tuple[str, ...]],
        commons: Mapping[str, str],
        *,
        buckets: Mapping[str, Policy],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._policies = policies
        self._principal = principal
        self._context = context
        self._commons = commons
        self._buckets = buckets
        self._clock = clock

    def __call__(self, call: Call, needed: Sequence[Need]) -> Denied | None:
        """Return what AWS would answer to *call*, which needs all of *needed*, if the role may not make it."""
        for need in needed:
            if need.resource is None:
                return Denied(_code(call), f"nobody can tell here which resource {need.action} is about")
            request = Request(
                self._principal, need.action, need.resource, self._keys(call, need), _owner(need.resource)
            )
            hangs = self._buckets.get(_bucket(need.resource))
            decision = decide(request, replace(self._policies, resource=(hangs,)) if hangs else self._policies)
            if not decision.allowed:
                return Denied(_code(call), message(request, decision, quoted=call.service == "s3"))
        return None

    def _keys(self, call: Call, need: Need) -> dict[str, tuple[str, ...]]:
        """Return the condition keys of a call over TLS, from an address that nobody knows here."""
        keys = request_keys(call.region, self._clock(), "", {}, secure=True)
        del keys["aws:SourceIp"]
        resource = need.resource or ""
        owner = self._commons.get(_bucket(resource)) or _owner(resource) or self._principal.account
        keys |= {"aws:ResourceAccount": (owner,), **self._context, **need.context}
        if "s3:ResourceAccount" in keys:
            keys["s3:ResourceAccount"] = (owner,)
        return keys


def read_rights(aws: Aws, lane: Lane, deployed: Deployed) -> RoleRights:
    """Return what the role of the function *deployed* may do, as IAM tells it.

    Raises:
        LanesError: The credentials may not read the role.
    """
    name = deployed.role.rpartition("/")[2]
    try:
        role = aws.iam.get_role(RoleName=name)["Role"]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        policies = Policies(
            identity=tuple(_of_role(aws.iam, name)), boundary=_managed(aws.iam, boundary) if boundary else None
        )
        buckets = dict(_of_bucket(aws.s3, lane))
    except ClientError as error:
        raise LanesError(
            f"the rights of {name} cannot be read, so nobody can tell here what the function may do: {error}",
            fix=f"use credentials that may read it, as --as deployer of {lane.team}",
        ) from error
    place = lane.place
    session = f"arn:{place.partition}:sts::{place.account}:assumed-role/{name}/{deployed.function.name}"
    tags = {f"aws:PrincipalTag/{tag['Key']}": (tag["Value"],) for tag in role.get("Tags", ())}
    context = {**tags, "lambda:SourceFunctionArn": (deployed.arn,)}
    return RoleRights(policies, Principal(session, deployed.role), context, lane.commons, buckets=buckets)


def _of_bucket(s3: S3Client, lane: Lane) -> Iterator[tuple[str, Policy]]:
    try:
        told = s3.get_bucket_policy(Bucket=lane.bucket, ExpectedBucketOwner=lane.place.account)
    except ClientError as error:
        if code_of(error) not in _NO_POLICY:
            raise
    else:
        yield lane.bucket, read_resource_policy(lane.bucket, json.loads(told["Policy"]))


def _of_role(iam: IAMClient, name: str) -> Iterator[Policy]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for inline in page["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=inline)["PolicyDocument"]
            yield read_identity_policy(inline, _mapping(document))
    for attached in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for each in attached["AttachedPolicies"]:
            yield _managed(iam, each["PolicyArn"])


def _managed(iam: IAMClient, arn: str) -> Policy:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return read_identity_policy(arn, _mapping(document))


def _bucket(resource: str) -> str:
    """Return the name of the bucket that an ARN of S3's is of, or of an object in it."""
    return resource.removeprefix("arn:aws:s3:::").partition("/")[0]


def _mapping(document: object) -> Mapping[str, object] | str:
    """Return a policy, which botocore gives as an object or, where it cannot be decoded, as a text."""
    return document if isinstance(document, dict) else str(document)


def _owner(resource: str) -> str:
    """Return the account that an ARN names; empty if it names none."""
    account = (resource.split(":", 5) + [""] * 5)[_ACCOUNT]
    return account if account.isdigit() else ""


def _code(call: Call) -> str:
    """Return the code with which the service of *call* refuses (each API's reference, Common errors)."""
    if call.service == _TOPIC:
        return "AuthorizationError"
    protocol = model_of(call.service).metadata["protocol"]
    return "AccessDeniedException" if "json" in protocol and call.service != "sqs" else "AccessDenied"
