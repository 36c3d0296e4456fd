"""The steps of a plan that are loops: what they do next depends on what AWS answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.aws.settling.rules import THROTTLED, UNAVAILABLE
from shared.deploy import rendezvous_routines as rendezvous
from shared.deploy.database import drop, provision
from shared.deploy.rendezvous_keys import put_key, put_master
from shared.deploy.resources.function import failure
from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws

    Sleep = Callable[[float], None]

_POLL_SECONDS = 2.0
_POLLS = 150  # five minutes: AWS needs seconds, or minutes when executions were running
_BUSY = frozenset({*THROTTLED.codes, *UNAVAILABLE.codes})
_EMPTYINGS = 5  # a worker that is still writing may refill the bucket


def remove_bucket(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Delete every version and delete marker in a bucket, then the bucket.

    Raises:
        LanesError: Something keeps writing to it.
    """
    for _ in range(_EMPTYINGS):
        try:
            _empty_bucket(aws, params)
            aws.s3.delete_bucket(**params)
        except ClientError as error:
            if code_of(error) == "NoSuchBucket":
                return
            if code_of(error) != "BucketNotEmpty":
                raise
            sleep(_POLL_SECONDS)
        else:
            return
    raise LanesError(
        f"bucket {params['Bucket']} fills faster than it is emptied", fix="end what writes to it, then destroy again"
    )


def _empty_bucket(aws: Aws, params: Mapping[str, Any]) -> None:
    pages = aws.s3.get_paginator("list_object_versions").paginate(**params)
    for page in pages:  # a page holds 1,000 keys at most, and that is what one delete takes
        keys: list[Any] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if keys:
            answer: Any = aws.s3.delete_objects(**params, Delete={"Objects": keys, "Quiet": True})
            # What S3 had no time for is still there in the next round. Source: S3 API reference, DeleteObjects.
            refused = [each for each in answer.get("Errors", ()) if each["Code"] not in _BUSY]
            if refused:
                first = refused[0]
                raise LanesError(
                    f"object {first['Key']} cannot be deleted: {first['Code']} ({first['Message']})",
                    where=f"bucket {params['Bucket']}",
                    fix="lift what protects it (a hold, a policy), then destroy again",
                )


def stop_executions(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all routines
    """Stop what still runs on a state machine."""
    arn = params["stateMachineArn"]
    pages = aws.states.get_paginator("list_executions").paginate(stateMachineArn=arn, statusFilter="RUNNING")
    for execution in [execution for page in pages for execution in page["executions"]]:
        aws.states.stop_execution(
            executionArn=execution["executionArn"], error="Lanes.Destroyed", cause="the state machine was destroyed"
        )


def await_no_state_machine(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until AWS has really deleted a state machine: its name and its role are in use until then.

    Raises:
        LanesError: It takes too long.
    """
    for _ in range(_POLLS):
        try:
            aws.states.describe_state_machine(stateMachineArn=params["stateMachineArn"])
        except ClientError as error:
            if code_of(error) != "StateMachineDoesNotExist":
                raise
            return
        sleep(_POLL_SECONDS)
    raise LanesError(
        f"{params['stateMachineArn']} is still being deleted after {_POLLS * _POLL_SECONDS:.0f} s",
        fix="run the command again later; it goes on from there",
    )


def await_table(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until a table that was just made can be used.

    Raises:
        LanesError: It takes too long.
    """
    _await_table(aws, params, sleep, "ACTIVE")


def await_no_table(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until AWS has really deleted a table: its name is in use until then.

    Raises:
        LanesError: It takes too long.
    """
    _await_table(aws, params, sleep, None)


def _await_table(aws: Aws, params: Mapping[str, Any], sleep: Sleep, wanted: str | None) -> None:
    dynamodb = aws.client("dynamodb")
    status: str | None = None
    for _ in range(_POLLS):
        try:
            status = dynamodb.describe_table(**params)["Table"]["TableStatus"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            status = None
        if status == wanted:
            return
        sleep(_POLL_SECONDS)
    raise LanesError(
        f"table {params['TableName']} is still {status or 'not there'} after {_POLLS * _POLL_SECONDS:.0f} s",
        fix="run the command again later; it goes on from there",
    )


def await_function(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until Lambda has taken the last change of a function: it fetches an image before the function can run.

    Raises:
        LanesError: It could not, or it takes too long.
    """
    for _ in range(_POLLS):
        found: Any = aws.lambda_.get_function_configuration(**params)
        if why := failure(found):
            raise LanesError(
                f"Lambda could not take it: {why}",
                where=params["FunctionName"],
                fix="push an image that Lambda can run (Linux on x86_64), then deploy again",
            )
        if found["State"] != "Pending" and found["LastUpdateStatus"] == "Successful":
            return
        sleep(_POLL_SECONDS)
    raise LanesError(
        f"function {params['FunctionName']} is still {found['State']} after {_POLLS * _POLL_SECONDS:.0f} s",
        fix="run the command again later; it goes on from there",
    )


ROUTINES: Mapping[str, Callable[[Aws, Mapping[str, Any], Sleep], None]] = {
    "remove bucket": remove_bucket,
    "stop executions": stop_executions,
    "await no state machine": await_no_state_machine,
    "await function": await_function,
    "await table": await_table,
    "await no table": await_no_table,
    **rendezvous.ROUTINES,
    "make rendezvous master key": put_master,
    "put rendezvous key": put_key,
    "provision database": provision,
    "drop database": drop,
}
