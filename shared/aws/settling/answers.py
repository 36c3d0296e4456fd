"""What an error of AWS's means: it passes, the work is already done, or it stays.

A call that is made again may find its own work, because only the answer to the first try was lost.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError, SSLError
from botocore.exceptions import ConnectionError as NoConnectionError

from shared.aws.settling.rules import LOST, RULES, THROTTLED, UNAVAILABLE
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.settling.rules import Passing

# The call's work is done: by somebody else, or by an earlier try of ours whose answer was lost. Codes and messages are
# patterns.
_DONE: Mapping[str, tuple[str, str]] = {
    "cloudwatch.delete_alarms": ("ResourceNotFound", ""),
    "budgets.delete_budget": ("NotFoundException", ""),
    "dynamodb.delete_table": ("ResourceNotFoundException", ""),
    "dynamodb.update_table": (  # it makes or removes an index
        "ValidationException|ResourceNotFoundException",
        "create an index which already exists|not found: index",
    ),
    "dynamodb.update_time_to_live": ("ValidationException", "timetolive is already (enabled|disabled)"),
    "ec2.authorize_security_group_ingress": ("InvalidPermission.Duplicate", ""),
    "ec2.delete_security_group": ("InvalidGroup.NotFound", ""),
    "ec2.revoke_security_group_ingress": ("InvalidPermission.NotFound", ""),
    "ecr.delete_repository": ("RepositoryNotFoundException", ""),
    "ecs.delete_cluster": ("ClusterNotFoundException", ""),
    "ecs.delete_service": ("ServiceNotFoundException", ""),
    "ecs.deregister_task_definition": ("ClientException", "inactive"),
    "events.delete_rule": ("ResourceNotFoundException", ""),
    "events.remove_targets": ("ResourceNotFoundException", ""),
    "iam.delete_policy": ("NoSuchEntity", ""),
    "iam.delete_policy_version": ("NoSuchEntity", ""),
    "iam.delete_role": ("NoSuchEntity", ""),
    "iam.delete_role_permissions_boundary": ("NoSuchEntity", ""),
    "iam.delete_role_policy": ("NoSuchEntity", ""),
    "iam.detach_role_policy": ("NoSuchEntity", ""),
    "lambda.add_permission": ("ResourceConflictException", "already exist"),  # ours is named after its rule
    "lambda.delete_event_source_mapping": ("ResourceNotFoundException", ""),
    "lambda.delete_function": ("ResourceNotFoundException", ""),
    "lambda.delete_function_event_invoke_config": ("ResourceNotFoundException", ""),
    "logs.delete_log_group": ("ResourceNotFoundException", ""),
    "route53.change_resource_record_sets": ("InvalidChangeBatch", "delete .* not found"),
    "s3.delete_bucket": ("NoSuchBucket", ""),
    "scheduler.create_schedule": ("ConflictException", "already exist"),  # in a group of ours, by its key
    "scheduler.delete_schedule": ("ResourceNotFoundException", ""),
    "scheduler.delete_schedule_group": ("ResourceNotFoundException", ""),
    "secretsmanager.delete_secret": ("ResourceNotFoundException", ""),
    "sns.delete_topic": ("NotFound|NotFoundException", ""),
    "sns.unsubscribe": ("NotFound|NotFoundException", ""),
    "sqs.delete_queue": (r"AWS\.SimpleQueueService\.NonExistentQueue|QueueDoesNotExist", ""),
    "ssm.delete_parameter": ("ParameterNotFound", ""),
    "stepfunctions.stop_execution": ("ExecutionDoesNotExist", ""),
}
# There is something of that name now. There was none when the step began.
_MADE: Mapping[str, tuple[str, str]] = {
    "budgets.create_budget": ("DuplicateRecordException", ""),
    "dynamodb.create_table": ("ResourceInUseException", ""),
    "ec2.create_security_group": ("InvalidGroup.Duplicate", ""),
    "ecr.create_repository": ("RepositoryAlreadyExistsException", ""),
    "iam.create_policy": ("EntityAlreadyExists", ""),
    "iam.create_role": ("EntityAlreadyExists", ""),
    "lambda.create_event_source_mapping": ("ResourceConflictException", ""),
    "lambda.create_function": ("ResourceConflictException", ""),
    "logs.create_log_group": ("ResourceAlreadyExistsException", ""),
    "s3.create_bucket": ("BucketAlreadyOwnedByYou", ""),
    "scheduler.create_schedule_group": ("ConflictException", "already exist"),
    "secretsmanager.create_secret": ("ResourceExistsException", ""),
    "sns.create_topic": ("InvalidParameter|InvalidParameterException", "already exists"),
    "sqs.create_queue": ("QueueAlreadyExists|QueueNameExists", ""),
    "ssm.put_parameter": ("ParameterAlreadyExists", ""),
}


def passing(call: str, error: Exception) -> Passing | None:
    """Return what to wait for after *error*, AWS's answer to *call* (``service.method``); None when it stays."""
    if isinstance(error, NoConnectionError | HTTPClientError):
        return None if isinstance(error, SSLError) else LOST
    if not isinstance(error, ClientError):
        return None
    code, text = code_of(error), error.response.get("Error", {}).get("Message", "")
    for rule in RULES:
        if call in rule.calls and rule.covers(code, text):
            return rule
    if code in THROTTLED.codes:
        return THROTTLED
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return UNAVAILABLE if code in UNAVAILABLE.codes or status >= HTTPStatus.INTERNAL_SERVER_ERROR else None


def is_done(call: str, error: Exception) -> bool:
    """Say whether *error* says that there is nothing left to do for *call*."""
    return _says(_DONE, call, error)


def is_made(call: str, error: Exception) -> bool:
    """Say whether *error* says that there is already what *call* was to make. Its owner must be checked then."""
    return _says(_MADE, call, error)


def _says(table: Mapping[str, tuple[str, str]], call: str, error: Exception) -> bool:
    code, message = table.get(call, ("", ""))
    if not code or not re.fullmatch(code, code_of(error)) or not isinstance(error, ClientError):
        return False
    return bool(re.search(message, error.response.get("Error", {}).get("Message", ""), re.IGNORECASE))
