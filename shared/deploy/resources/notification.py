"""What a bucket tells of uploads: one configuration for the whole bucket, with a queue for each workflow.

It is apart from the bucket because S3 takes no queue that is not there, or that does not let it in. It has the bucket's
name and tags. Whatever else is configured there is taken out: it would tell of the team's data, and nothing
proves whom. Source: S3 user guide, "Amazon S3 Event Notifications" (read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there
from shared.deploy.resources import bucket
from shared.deploy.steps import created, differences, removed, updated
from shared.deploy.tags import read_tags
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.config.triggers import Upload
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "bucket notification"
SERVICE = "s3"
ARN = ("s3", "")
_UPLOADED = "s3:ObjectCreated:*"
_QUEUES = "QueueConfigurations"
_METHOD = "put_bucket_notification_configuration"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield what the lane's bucket tells, where uploads start anything."""
    lane = sources.lane
    told: list[Json] = [
        _configuration(lane, workflow, workflow.upload) for workflow in lane.workflows.values() if workflow.upload
    ]
    if told and sources.packages is not None:
        properties: dict[str, Json] = {"account": lane.place.account, "configuration": _sorted({_QUEUES: told})}
        yield Resource(KIND, lane.bucket, sources.tags, properties)


def _configuration(lane: Lane, workflow: Workflow, upload: Upload) -> dict[str, Json]:
    rules = {"prefix": upload.prefix, **({"suffix": upload.suffix} if upload.suffix else {})}
    return {
        "Id": workflow.key,
        "QueueArn": lane.queue_arn(upload.queue.name),
        "Events": [_UPLOADED],
        "Filter": {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules.items()]}},
    }


def current(aws: Aws, name: str) -> Resource | None:
    """Return what the bucket called *name* tells; None where it tells nothing, or is not there."""
    told = configured(aws, name)
    if not told:
        return None
    on = {"Bucket": name, "ExpectedBucketOwner": aws.place.account}
    tags = if_there(lambda: aws.s3.get_bucket_tagging(**on), "NoSuchTagSet")
    properties: dict[str, Json] = {"account": aws.place.account, "configuration": _sorted(told)}
    return Resource(KIND, name, read_tags(tags["TagSet"] if tags else ()), properties)


def configured(aws: Aws, name: str) -> Mapping[str, Any]:
    """Return the configuration of the bucket called *name*, as S3 tells it; empty where there is none."""
    on = {"Bucket": name, "ExpectedBucketOwner": aws.place.account}
    found = if_there(lambda: aws.s3.get_bucket_notification_configuration(**on), "NoSuchBucket", "404")
    answer: Mapping[str, Any] = found or {}
    return {key: value for key, value in answer.items() if key != "ResponseMetadata" and value not in (None, [])}


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the buckets that are named like *team*'s."""
    return bucket.names(aws, team)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. The tags are the bucket's, which mends them itself."""
    put = _put(want, want.properties["configuration"])
    if have is None:
        return created(want, put, told={"tells": _shown(want)})
    return updated(want, differences(want.properties["configuration"], have.properties["configuration"]), put)


def remove(have: Resource) -> Step:
    """Return what has the bucket tell nothing."""
    return removed(have, _put(have, {}))


def _put(of: Resource, configuration: Json) -> Call:
    owner = of.properties["account"]
    told: dict[str, Json] = {"NotificationConfiguration": configuration}
    return Call(SERVICE, _METHOD, {"Bucket": of.name, "ExpectedBucketOwner": owner, **told})


def _shown(want: Resource) -> str:
    told = as_list(as_mapping(want.properties["configuration"])[_QUEUES])
    return ", ".join(str(as_mapping(each)["QueueArn"]).rpartition(":")[2] for each in told)


def _sorted(configuration: Mapping[str, Json]) -> dict[str, Json]:
    """Return a configuration in a form that compares. S3 keeps no order, and spells the filters' names as it likes."""
    return {kind: _in_order(told) if isinstance(told, list) else told for kind, told in configuration.items()}


def _in_order(told: Sequence[Json]) -> list[Json]:
    plain = [_plain(as_mapping(each)) for each in told]
    return [*sorted(plain, key=lambda each: str(each.get("Id")))]


def _plain(each: Mapping[str, Json]) -> Mapping[str, Json]:
    rules = as_list(as_mapping(as_mapping(each.get("Filter") or {}).get("Key") or {}).get("FilterRules") or [])
    named = sorted((str(as_mapping(rule)["Name"]).lower(), str(as_mapping(rule)["Value"])) for rule in rules)
    plain: list[Json] = [{"Name": name, "Value": value} for name, value in named]
    return {**each, "Filter": {"Key": {"FilterRules": plain}}} if plain else each
