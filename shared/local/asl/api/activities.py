"""Making, describing, deleting, listing and polling activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.activities import TooManyPollersError
from shared.local.asl.api.tags import check_tags
from shared.local.asl.arns import read_arn
from shared.local.asl.backend import check_name
from shared.local.asl.configurations import check_readable, read_encryption
from shared.local.asl.records import Activity
from shared.local.asl.refusals import Refused, no_activity, too_many

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        CreateActivityInputTypeDef,
        DeleteActivityInputTypeDef,
        DescribeActivityInputTypeDef,
        GetActivityTaskInputTypeDef,
        ListActivitiesInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend

_MOST = 10_000  # Developer Guide, "Quotas related to accounts": registered activities (read 2026-11-30)


def create_activity(backend: AslBackend, params: CreateActivityInputTypeDef) -> dict[str, object]:
    """CreateActivity. The same name again changes nothing; other tags are passed over then."""
    name, tags = params["name"], params.get("tags", [])
    check_name(name)
    encryption = read_encryption(backend, params.get("encryptionConfiguration"))
    check_tags(tags)
    arn = backend.arn(f"activity:{name}")
    with backend.changing:
        activity = backend.activities.get(arn)
        if activity is None:
            if len(backend.activities) >= _MOST:
                raise too_many("ActivityLimitExceeded", "activities", _MOST)
            activity = backend.activities[arn] = Activity(arn, name, encryption, backend.now())
            backend.tag_resource(arn, {tag["key"]: tag["value"] for tag in tags})
        elif activity.encryption != encryption:
            raise Refused("ActivityAlreadyExists", f"Activity Already Exists: '{arn}'")
    return {"activityArn": arn, "creationDate": activity.created}


def find(backend: AslBackend, arn: str) -> Activity:
    """Return the activity of *arn*.

    Raises:
        Refused: InvalidArn; ActivityDoesNotExist.
    """
    read_arn(arn, "activity")
    activity = backend.activities.get(arn)
    if activity is None:
        raise no_activity(arn)
    return activity


def describe_activity(backend: AslBackend, params: DescribeActivityInputTypeDef) -> dict[str, object]:
    """DescribeActivity."""
    activity = find(backend, params["activityArn"])
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.created,
        "encryptionConfiguration": activity.encryption,
    }


def delete_activity(backend: AslBackend, params: DeleteActivityInputTypeDef) -> None:
    """DeleteActivity; what is not there counts as deleted."""
    arn = read_arn(params["activityArn"], "activity").text
    with backend.changing:
        backend.activities.pop(arn, None)
        backend.tags.pop(arn, None)


def list_activities(backend: AslBackend, params: ListActivitiesInputTypeDef) -> dict[str, object]:
    """ListActivities, the oldest first."""
    entries, more = backend.pages.page(
        ("activities",),
        list(backend.activities.values()),
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    shown = [{"activityArn": each.arn, "name": each.name, "creationDate": each.created} for each in entries]
    return {"activities": shown, **more}


def get_activity_task(backend: AslBackend, params: GetActivityTaskInputTypeDef) -> dict[str, object]:
    """GetActivityTask: waits up to a minute for a task."""
    activity = find(backend, params["activityArn"])
    check_readable(backend, activity.encryption)
    try:
        task = backend.engine.activities.poll(activity.arn, params.get("workerName"))
    except TooManyPollersError as error:
        raise too_many("ActivityWorkerLimitExceeded", "workers that poll an activity", error.most) from error
    return {} if task is None else {"taskToken": task[0], "input": task[1]}


ACTIONS = {
    action.__name__: action
    for action in (create_activity, describe_activity, delete_activity, list_activities, get_activity_task)
}
