"""After each call that writes a policy, earlier decisions are forgotten."""

from __future__ import annotations

import re

import botocore.session
import pytest

from shared.local.enforcement.changes import may_change
from shared.local.enforcement.resources import READERS

_WRITES = re.compile(r"(?!Get|List|Describe|Test|Simulate|Generate).*(Policy|Permission)")
# These only look like it: how long logs or images are kept, how a topic delivers, what a trigger retries.
_OTHERS = re.compile(
    r".*(Lifecycle|Retention|Scaling|Recovery|Replication|Redrive|DataProtection|Transformer|Subscription|Index|"
    r"Account|Destination|StorageTier|Registry|Signing|Layer|Tracing|Encryption|Delivery|SmsSandbox|Concurrency|Template).*"
)


@pytest.mark.parametrize("service", ["iam", *sorted(READERS)])
def test_whatever_writes_a_policy_is_known(service):
    operations = botocore.session.Session().get_service_model(service).operation_names
    writing = [name for name in operations if _WRITES.match(name) and not (_OTHERS.match(name) and service != "iam")]
    assert writing
    assert [name for name in writing if not may_change(service, name)] == []


def test_reading_and_data_change_nothing():
    asked = [
        *(("s3", "PutObject"), ("s3", "GetBucketPolicy"), ("iam", "GetRole"), ("iam", "SimulatePrincipalPolicy")),
        *(("dynamodb", "PutItem"), ("lambda", "Invoke"), ("logs", "PutLogEvents"), ("stepfunctions", "StartExecution")),
    ]
    assert [each for each in asked if may_change(*each)] == []


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "CreateRole"), ("iam", "AddUserToGroup"), ("s3", "DeleteBucket"), ("lambda", "DeleteFunction"),
     ("sqs", "SetQueueAttributes"), ("sns", "SetTopicAttributes"), ("cloudformation", "CreateStack")],
)  # fmt: skip
def test_what_policies_hang_on_counts_too(service, operation):
    assert may_change(service, operation)
