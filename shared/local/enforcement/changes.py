"""Which calls may change what is allowed. After one of them, earlier decisions may be wrong.

A service that is not listed keeps no policies. Operations that only read are found by their verb, because IAM has too
many that write to list them.
"""

from __future__ import annotations

import re

_UNLESS_IT_READS = r"(?!Get|List|Describe|Simulate|Generate)"
_MAY_CHANGE = {
    "cloudformation": r"Create|Delete|Execute|Update",  # stacks hold roles and policies
    "dynamodb": r".*ResourcePolicy|(Create|Delete|Restore|Import)Table|Update(Table|TimeToLive)",
    "ecr": r".*RepositoryPolicy|(Create|Delete)Repository",
    "events": r".*Permission|(Create|Delete|Update)EventBus",
    "iam": r".*",
    "kms": r"PutKeyPolicy|CreateKey|ReplicateKey|ScheduleKeyDeletion",
    "lambda": r".*Permission|.*ResourcePolicy|(Create|Delete)Function|(Create|Delete|Update)Alias|PublishVersion",
    "logs": r".*ResourcePolicy",
    "s3": r".*BucketPolicy|(Create|Delete)Bucket",
    "secretsmanager": r".*ResourcePolicy|(Create|Delete|Restore)Secret",
    "sns": r".*Permission|SetTopicAttributes|(Create|Delete)Topic",
    "sqs": r".*Permission|SetQueueAttributes|(Create|Delete)Queue",
}
_PATTERNS = {service: re.compile(f"{_UNLESS_IT_READS}(?:{pattern})") for service, pattern in _MAY_CHANGE.items()}


def may_change(service: str, operation: str) -> bool:
    """Say whether *operation* of *service*, by botocore's name, may change what somebody is allowed."""
    pattern = _PATTERNS.get(service)
    return pattern is not None and pattern.match(operation) is not None
