"""CloudWatch alarms on a function that is invoked on a schedule: they go off when it fails so many times.

Lambda tries a failed scheduled invocation twice again. So a period has failed when every attempt in it did: the minimum
of its errors. CloudWatch does not count periods in a row, but M of the last N periods. With
M = failures and N = failures + successes - 1, that many failures in a row set the alarm off, and that many successes in
a row end it. Periods without an attempt are passed over. When there are none at all, the state is INSUFFICIENT_DATA,
which is told like an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place
    from shared.values import Json

KIND = "alarm"
SERVICE = "cloudwatch"
ARN = ("cloudwatch", "alarm:")


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: the function's name, the seconds between its invocations, and how many count."""

    function: str
    period_seconds: int
    failures: int
    successes: int


def desired(name: str, place: Place, tags: Mapping[str, str], watch: Watch, topic: str = "") -> Resource:
    """Return the alarm called *name*; the SNS *topic*, if there is one, hears of every change of its state."""
    actions = [topic] if topic else []
    settings: dict[str, Json] = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": watch.function}],
        "Statistic": "Minimum",
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
        "Period": watch.period_seconds,
        "EvaluationPeriods": watch.failures + watch.successes - 1,
        "DatapointsToAlarm": watch.failures,
        "TreatMissingData": "missing",
        "ActionsEnabled": True,
        "AlarmActions": actions,
        "OKActions": actions,
        "InsufficientDataActions": actions,
    }
    return Resource(KIND, name, tags, {"arn": place.arn(SERVICE, f"alarm:{name}"), **settings})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the alarm as it is, or None."""
    found = _find(aws, name)
    if found is None:
        return None
    tags = aws.client(SERVICE).list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return Resource(KIND, name, read_tags(tags), {"arn": found["AlarmArn"], **found})


def state(aws: Aws, name: str) -> str:
    """Return OK, ALARM or INSUFFICIENT_DATA; empty when there is no such alarm."""
    found = _find(aws, name)
    return str(found["StateValue"]) if found else ""


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    put = {"AlarmName": want.name, **{key: value for key, value in want.properties.items() if key != "arn"}}
    if have is None:
        return created(want, Call(SERVICE, "put_metric_alarm", {**put, "Tags": tag_pairs(want.tags)}))
    changed, tags = compare(want, have)
    calls = [Call(SERVICE, "put_metric_alarm", put)] if changed else []
    if tags:  # put_metric_alarm takes none for an alarm that is there
        on = {"ResourceARN": have.properties["arn"]}
        calls.append(Call(SERVICE, "tag_resource", {**on, "Tags": tag_pairs(want.tags)}))
    return updated(want, (*changed, *tags), *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return removed(have, Call(SERVICE, "delete_alarms", {"AlarmNames": [have.name]}))


def _find(aws: Aws, name: str) -> Mapping[str, Json] | None:
    found: list[Mapping[str, Json]] = aws.client(SERVICE).describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else None
