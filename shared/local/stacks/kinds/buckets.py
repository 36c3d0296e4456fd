"""AWS::S3: buckets and their policies.

Source: AWS CloudFormation Template Reference, AWS::S3::Bucket and AWS::S3::BucketPolicy (read 2026-11-30). A bucket's
configurations are spelt otherwise in templates than in the API, so each has a function here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, Spec, made_of

if TYPE_CHECKING:
    from collections.abc import Callable


_NAME = 63
_KINDS_OF_TARGETS = {
    "Lambda": ("Function", "LambdaFunctionArn"),
    "Queue": ("Queue", "QueueArn"),
    "Topic": ("Topic", "TopicArn"),
}


_FILTER: Spec = {"S3Key!": {"Rules!": [{"Name!": "string", "Value!": "string"}]}}


class Bucket(Kind):
    """A bucket. Its name stays; its configurations are put and deleted in place."""

    type = "AWS::S3::Bucket"
    properties = {
        "BucketName": Property("s3.CreateBucket.Bucket", replaces=True),
        "BucketEncryption": made_of(
            {
                "ServerSideEncryptionConfiguration!": [
                    {
                        "BucketKeyEnabled": "boolean",
                        "ServerSideEncryptionByDefault": {"SSEAlgorithm!": "string", "KMSMasterKeyID": "string"},
                    }
                ]
            }
        ),
        "NotificationConfiguration": made_of(
            {
                "EventBridgeConfiguration": {"EventBridgeEnabled": "boolean"},
                "LambdaConfigurations": [{"Event!": "string", "Function!": "string", "Filter": _FILTER}],
                "QueueConfigurations": [{"Event!": "string", "Queue!": "string", "Filter": _FILTER}],
                "TopicConfigurations": [{"Event!": "string", "Topic!": "string", "Filter": _FILTER}],
            }
        ),
        "OwnershipControls": Property("s3.PutBucketOwnershipControls.OwnershipControls"),
        "PublicAccessBlockConfiguration": Property("s3.PutPublicAccessBlock.PublicAccessBlockConfiguration"),
        "Tags": Property("s3.PutBucketTagging.Tagging.TagSet"),
        "VersioningConfiguration": Property(
            "s3.PutBucketVersioning.VersioningConfiguration", without=frozenset({"MFADelete"})
        ),
    }
    attributes = ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL")
    named_by = "BucketName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it with its configurations; if one is refused, nothing stays."""
        name = str(wanted.get("BucketName") or work.generated(_NAME).lower())
        s3 = work.client("s3")
        place: dict[str, Any] = {}
        if work.region != "us-east-1":
            place = {"CreateBucketConfiguration": {"LocationConstraint": work.region}}
        _see_that_it_is_new(s3, name)
        s3.create_bucket(Bucket=name, **place)
        try:
            self._configure(s3, name, {}, wanted)
        except BaseException:
            s3.delete_bucket(Bucket=name)
            raise
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put and delete configurations."""
        self._configure(work.client("s3"), physical, have, wanted)

    @staticmethod
    def _configure(s3: Any, name: str, have: Properties, wanted: Properties) -> None:
        for key, configure in _CONFIGURATIONS.items():
            if wanted.get(key) != have.get(key):
                configure(s3, name, wanted.get(key))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it. One that holds objects stays, as on AWS."""
        with gone_already():
            work.client("s3").delete_bucket(Bucket=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN and its addresses."""
        return {
            "Arn": f"arn:{work.partition}:s3:::{physical}",
            "DomainName": f"{physical}.s3.amazonaws.com",
            "DualStackDomainName": f"{physical}.s3.dualstack.{work.region}.amazonaws.com",
            "RegionalDomainName": f"{physical}.s3.{work.region}.amazonaws.com",
            "WebsiteURL": f"http://{physical}.s3-website-{work.region}.amazonaws.com",
        }


def _see_that_it_is_new(s3: Any, name: str) -> None:
    """Raise if the account has the bucket: S3 takes it again in us-east-1, and a stack would adopt it."""
    try:
        there = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    except ClientError:
        return  # whoever may create and not list: S3 decides
    if name in there:
        raise ResourceFailed(f"{name} already exists")


def _encrypt(s3: Any, name: str, told: Any) -> None:
    if told is None:
        s3.delete_bucket_encryption(Bucket=name)
        return
    rules = [
        {
            ("ApplyServerSideEncryptionByDefault" if key == "ServerSideEncryptionByDefault" else key): value
            for key, value in each.items()
        }
        for each in told["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _own(s3: Any, name: str, told: Any) -> None:
    if told is None:
        s3.delete_bucket_ownership_controls(Bucket=name)
    else:
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=told)


def _block(s3: Any, name: str, told: Any) -> None:
    if told is None:
        s3.delete_public_access_block(Bucket=name)
    else:
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=told)


def _tag(s3: Any, name: str, told: Any) -> None:
    if told:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": told})
    else:
        s3.delete_bucket_tagging(Bucket=name)


def _version(s3: Any, name: str, told: Any) -> None:
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=told or {"Status": "Suspended"})


def _notify(s3: Any, name: str, told: Any) -> None:
    """Put what a bucket tells whom: one event an entry in templates, a list of events in the API."""
    told = told or {}
    put: dict[str, Any] = {}
    for kind, (short, arn) in _KINDS_OF_TARGETS.items():
        entries = [_entry(each, short, arn) for each in told.get(f"{kind}Configurations", [])]
        if entries:
            put[f"{'LambdaFunction' if kind == 'Lambda' else kind}Configurations"] = entries
    bridge = told.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        put["EventBridgeConfiguration"] = {}
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=put)


def _entry(each: Any, short: str, arn: str) -> dict[str, Any]:
    entry: dict[str, Any] = {arn: each[short], "Events": [each["Event"]]}
    if "Filter" in each:
        entry["Filter"] = {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}}
    return entry


_CONFIGURATIONS: dict[str, Callable[[Any, str, Any], None]] = {
    "Tags": _tag,
    "VersioningConfiguration": _version,
    "BucketEncryption": _encrypt,
    "OwnershipControls": _own,
    "PublicAccessBlockConfiguration": _block,
    "NotificationConfiguration": _notify,
}


class BucketPolicy(Kind):
    """A bucket's policy."""

    type = "AWS::S3::BucketPolicy"
    properties = {
        "Bucket": Property("s3.PutBucketPolicy.Bucket", replaces=True),
        "PolicyDocument": Property(),
    }
    required = ("Bucket", "PolicyDocument")

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it."""
        self.update(work, "", {}, wanted)
        return str(wanted["Bucket"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put another in its place."""
        document = wanted["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        work.client("s3").put_bucket_policy(Bucket=wanted["Bucket"], Policy=text)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("s3").delete_bucket_policy(Bucket=physical)


KINDS: tuple[Kind, ...] = (Bucket(), BucketPolicy())
