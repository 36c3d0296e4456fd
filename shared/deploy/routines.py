"""The steps of a plan that are loops: what they do next depends on what AWS answered. Here they are by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.aws.settling.rules import THROTTLED, UNAVAILABLE
from shared.aws.settling.waiting import wait_until
from shared.deploy import rendezvous_routines
from shared.deploy.database import drop, provision
from shared.deploy.reading import if_there
from shared.deploy.rendezvous_keys import put_key, put_master
from shared.deploy.resources import (
    bucket,
    database,
    event_source,
    function,
    rendezvous_key,
    schedules,
    state_machine,
    table,
)
from shared.errors import LanesError, code_of
from shared.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.deploy.watch import RunRoutine, Watch
    from shared.values import Json

_EVERY = 2.0  # seconds
_LONGEST = 300.0  # seconds: AWS needs a few, or minutes when executions were running
_BUSY = frozenset({*THROTTLED.codes, *UNAVAILABLE.codes})
_EMPTYINGS = 5  # a worker that is still writing may refill the bucket


def remove_bucket(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Delete every version and delete marker in a bucket, then the bucket.

    Raises:
        LanesError: Something keeps writing to it.
    """

    def gone() -> bool:
        try:
            _empty_bucket(aws, params, watch)
            aws.client("s3").delete_bucket(**params)
        except ClientError as error:
            if code_of(error) == "BucketNotEmpty":
                return False
            if code_of(error) != "NoSuchBucket":
                raise
        return True

    if not wait_until(gone, watch.sleep, every=_EVERY, longest=_EMPTYINGS * _EVERY):
        raise LanesError(
            f"bucket {params['Bucket']} fills faster than it is emptied", fix="end what writes to it", again=True
        )


def _empty_bucket(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    s3 = aws.client("s3")
    deleted = 0
    pages = s3.get_paginator("list_object_versions").paginate(**params)
    for page in pages:  # a page holds 1,000 keys at most, and one delete takes as many
        keys = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if keys:
            answer = s3.delete_objects(**params, Delete={"Objects": keys, "Quiet": True})
            # What S3 had no time for is still there in the next round. Source: S3 API reference, DeleteObjects.
            refused = [each for each in answer.get("Errors", ()) if each["Code"] not in _BUSY]
            if refused:
                first = refused[0]
                raise LanesError(
                    f"object {first['Key']} cannot be deleted: {first['Code']} ({first['Message']})",
                    where=f"bucket {params['Bucket']}",
                    fix="lift what protects it (a hold, a policy)",
                    again=True,
                )
        deleted += len(keys)
        if page.get("IsTruncated"):
            watch.on_wait(f"bucket {params['Bucket']}: {deleted:,} versions deleted so far")


def stop_executions(aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
    """Stop what still runs on a state machine."""
    states = aws.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(**params, statusFilter="RUNNING")
    for execution in [execution for page in pages for execution in page["executions"]]:
        states.stop_execution(
            executionArn=execution["executionArn"], error="Lanes.Destroyed", cause="the state machine was destroyed"
        )


def await_no_state_machine(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until AWS has really deleted a state machine: its name and its role are in use until then.

    Raises:
        LanesError: It takes too long.
    """
    states = aws.client("stepfunctions")

    def still() -> str:
        found = if_there(lambda: states.describe_state_machine(**params), "StateMachineDoesNotExist")
        return f"{params['stateMachineArn']} is still being deleted" if found else ""

    _wait(still, watch)


def await_table(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until a table that was just made or changed can be used, with its indexes.

    Raises:
        LanesError: It takes too long.
    """
    _wait(lambda: _table_still(aws, params, wanted="ACTIVE") or _index_still(aws, params), watch)


def await_no_table(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until AWS has really deleted a table: its name is in use until then.

    Raises:
        LanesError: It takes too long.
    """
    _wait(lambda: _table_still(aws, params, wanted="gone"), watch)


def _table_still(aws: Aws, params: Mapping[str, Json], *, wanted: str) -> str:
    """Say how a table still is, in AWS's word or as "gone"; nothing when it is as *wanted*."""
    dynamodb = aws.client("dynamodb")
    found = if_there(lambda: dynamodb.describe_table(**params), "ResourceNotFoundException")
    status = str(found["Table"]["TableStatus"]) if found else "gone"
    return "" if status == wanted else f"table {params['TableName']} is still {status}"


def _index_still(aws: Aws, params: Mapping[str, Json]) -> str:
    """Say which index of a table DynamoDB is still making or removing; nothing when it is done with all."""
    indexes = aws.client("dynamodb").describe_table(**params)["Table"].get("GlobalSecondaryIndexes", ())
    busy = next((each for each in indexes if each["IndexStatus"] != "ACTIVE"), None)
    return f"index {busy['IndexName']} of table {params['TableName']} is still {busy['IndexStatus']}" if busy else ""


def await_function(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until Lambda has taken the last change of a function: it fetches an image, or reaches a network, first.

    Raises:
        LanesError: It could not, or it takes too long.
    """
    lambda_ = aws.client("lambda")

    def still() -> str:
        found = lambda_.get_function_configuration(**params)
        if why := function.failure(found):
            raise LanesError(
                f"Lambda could not take it: {why}",
                where=str(params["FunctionName"]),
                fix=function.fix_of(found),
                again=True,
            )
        settled = found["State"] != "Pending" and found["LastUpdateStatus"] == "Successful"
        return "" if settled else f"function {params['FunctionName']} is still {found['State']}"

    _wait(still, watch)


def await_no_schedule_group(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until Scheduler has deleted a group, with the schedules in it: its name is in use until then.

    Raises:
        LanesError: It takes too long.
    """
    scheduler = aws.client("scheduler")

    def still() -> str:
        found = if_there(lambda: scheduler.get_schedule_group(**params), "ResourceNotFoundException")
        return f"schedule group {params['Name']} is still being deleted" if found else ""

    _wait(still, watch)


def await_no_event_source(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until Lambda has deleted an event source mapping: no other one takes its place until then.

    It is looked for among the function's, since whose one is that is gone cannot be told, and so may not be asked.

    Raises:
        LanesError: It takes too long.
    """

    def still() -> str:
        found = event_source.mappings(aws, FunctionName=as_text(params["FunctionName"]))
        there = any(each["UUID"] == params["UUID"] for each in found)
        return f"event source mapping {params['UUID']} is still being deleted" if there else ""

    _wait(still, watch)


def _wait(still: Callable[[], str], watch: Watch) -> None:
    """Wait until *still*, which says how something still is, has nothing to say.

    Raises:
        LanesError: It takes too long; the message begins with what *still* said last.
    """
    said = ""

    def done() -> bool:
        nonlocal said
        said = still()
        return not said

    if not wait_until(done, watch.sleep, every=_EVERY, longest=_LONGEST):
        raise LanesError(f"{said} after {_LONGEST:.0f} s", again=True)


ROUTINES: Mapping[str, RunRoutine] = {
    bucket.REMOVE: remove_bucket,
    state_machine.STOP_EXECUTIONS: stop_executions,
    state_machine.AWAIT_GONE: await_no_state_machine,
    function.AWAIT: await_function,
    schedules.AWAIT_GONE: await_no_schedule_group,
    event_source.AWAIT_GONE: await_no_event_source,
    table.AWAIT: await_table,
    table.AWAIT_GONE: await_no_table,
    rendezvous_key.MAKE_MASTER: put_master,
    rendezvous_key.PUT: put_key,
    database.PROVISION: provision,
    database.DROP: drop,
    **rendezvous_routines.ROUTINES,
}
"""What runs each routine, by its name. Chalice's is added by whoever makes functions (``chalice/deployer.py``)."""
