"""How often an account may call which action in a region, as AWS's pages of quotas say: the default of an account.

- Step Functions: a bucket and a refill for each action (``service-quotas``, "Quotas related to API action
  throttling").
- CloudWatch Logs: calls a second for each action (``cloudwatch_limits_cwl``). The page tells of no bucket, so it is
  taken to hold a second's calls.
- Lambda: calls a second for GetFunction, for GetPolicy, and for all others of the control plane together
  (``gettingstarted-limits``, "Lambda API requests"). Of a bucket it tells nothing either. How often functions may be
  invoked is no matter of actions: see :data:`~shared.config.aws_facts.CALLS_OF_AN_ENVIRONMENT`.

All were read on 2026-11-30, in copies of the pages.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from shared.config.aws_facts import HISTORY_CALLS, Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATES, _READ = HISTORY_CALLS.source, date(2026, 11, 30)
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_LARGE = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
"""Northern Virginia, Oregon and Ireland, to which Step Functions gives more than to the others."""

_ALIKE: Mapping[tuple[int, int], tuple[str, ...]] = {
    (100, 1): (
        *("CreateActivity", "CreateStateMachine", "CreateStateMachineAlias", "DeleteActivity", "DeleteStateMachine"),
        *("DeleteStateMachineAlias", "DeleteStateMachineVersion", "ListMapRuns", "ListStateMachineAliases"),
        *("ListStateMachineVersions", "ListTagsForResource", "PublishStateMachineVersion", "UpdateMapRun"),
        *("UpdateStateMachine", "UpdateStateMachineAlias", "ValidateStateMachineDefinition"),
    ),
    (100, 5): ("ListStateMachines",),
    (200, 1): (
        *("DescribeActivity", "DescribeMapRun", "DescribeStateMachineAlias", "DescribeStateMachineForExecution"),
        *("TagResource", "UntagResource"),
    ),
    (200, 20): ("DescribeStateMachine",),
    (50, 10): ("TestState",),
}
"""Actions of Step Functions by bucket and refill, where those are the same everywhere."""
_BY_REGION: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "DescribeExecution": ((300, 15), (250, 10)),
    "GetActivityTask": ((3000, 500), (1500, 300)),
    "ListActivities": ((100, 10), (100, 5)),
    "ListExecutions": ((200, 5), (100, 2)),
    "RedriveExecution": ((1300, 300), (800, 150)),
    "SendTaskFailure": ((3000, 500), (1500, 300)),
    "SendTaskHeartbeat": ((3000, 500), (1500, 300)),
    "SendTaskSuccess": ((3000, 500), (1500, 300)),
    "StopExecution": ((1000, 200), (500, 25)),
}
"""The others: in the large regions, and elsewhere. GetExecutionHistory is :data:`HISTORY_CALLS`."""
_LOG_CALLS: Mapping[int, tuple[str, ...]] = {
    5: (
        *("AssociateKmsKey", "CancelExportTask", "CreateExportTask", "DeleteDataProtectionPolicy", "DeleteDestination"),
        *("DeleteMetricFilter", "DeleteRetentionPolicy", "DeleteSubscriptionFilter", "DescribeDestinations"),
        *("DescribeExportTasks", "DescribeMetricFilters", "DescribeSubscriptionFilters", "GetDataProtectionPolicy"),
        *("ListTagsForResource", "ListTagsLogGroup", "PutDataProtectionPolicy", "PutDestination"),
        *("PutDestinationPolicy", "PutMetricFilter", "PutRetentionPolicy", "PutSubscriptionFilter", "StartLiveTail"),
        *("TagLogGroup", "TagResource", "TestMetricFilter", "UntagLogGroup", "UntagResource"),
    ),
    10: ("CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups", "GetQueryResults", "StartQuery"),
    15: ("DeleteLogStream",),
    25: ("DescribeLogStreams",),
    50: ("CreateLogStream",),
    5000: ("PutLogEvents",),
}
"""Actions of CloudWatch Logs by calls a second, where those are the same everywhere."""
_SLOW_LOGS = ("ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1")
_FILTER_LOGS = {"us-east-1": 25} | dict.fromkeys(_SLOW_LOGS, 5)
_GET_LOGS = {"eu-west-3": 30} | dict.fromkeys((*_SLOW_LOGS, "us-west-2", "eu-west-1"), 10)
CONTROL_PLANE = "the control plane"
"""What the actions of Lambda share their calls as, but for those that have some of their own."""
_LAMBDA_CALLS = {"GetFunction": 100, "GetPolicy": 15, CONTROL_PLANE: 15}


@cache
def throttles_of(region: str) -> Mapping[tuple[str, str], Throttle]:
    """Return the throttle of each action in *region*, by the names of service and action as boto3 and AWS have them.

    Starts of executions are not among them: see :func:`starts_of`.
    """
    states = {name: both for both, names in _ALIKE.items() for name in names}
    states |= {name: large if region in _LARGE else other for name, (large, other) in _BY_REGION.items()}
    states["GetExecutionHistory"] = HISTORY_CALLS.bucket, HISTORY_CALLS.refill
    logs = {name: rate for rate, names in _LOG_CALLS.items() for name in names}
    logs |= {"FilterLogEvents": _FILTER_LOGS.get(region, 10), "GetLogEvents": _GET_LOGS.get(region, 25)}
    found = {("stepfunctions", name): Throttle(*both, _STATES, _READ) for name, both in states.items()}
    found |= {("logs", name): _each_second(rate, _LOGS) for name, rate in logs.items()}
    return found | {("lambda", name): _each_second(rate, _LAMBDA) for name, rate in _LAMBDA_CALLS.items()}


def starts_of(region: str, *, express: bool) -> Throttle:
    """Return how many executions may be started in *region*: of express machines, or of standard ones."""
    if express:
        return Throttle(6000, 6000, _STATES, _READ)
    return Throttle(*((1300, 300) if region in _LARGE else (800, 150)), _STATES, _READ)


def transitions_of(region: str) -> Throttle:
    """Return how many states standard executions may enter in *region*. Express ones may enter any number."""
    return Throttle(*((5000, 5000) if region in _LARGE else (800, 800)), _STATES, _READ)


def _each_second(rate: int, source: str) -> Throttle:
    return Throttle(rate, rate, source, _READ)
