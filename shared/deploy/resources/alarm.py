"""CloudWatch alarms on a function that is invoked on a schedule: they go off when it fails so many times.

A period has failed when every attempt in it did, for Lambda tries a failed scheduled invocation twice again: hence the
minimum of its errors. CloudWatch knows no "in a row", but M of the last N periods. With M = failures and N = failures +
successes - 1, so many failures in a row set the alarm off and so many successes in a row end it. Periods without an
attempt are passed over; when there are none at all, the state is INSUFFICIENT_DATA, which is told like an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, pairs, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place

KIND = "alarm"
_CLIENT = "cloudwatch"


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
    settings = {
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
    return Resource(KIND, name, tags, {"arn": place.arn(_CLIENT, f"alarm:{name}"), **settings})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the alarm as it is, or None."""
    found = _find(aws, name)
    if found is None:
        return None
    tags = aws.client(_CLIENT).list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return Resource(KIND, name, {tag["Key"]: tag["Value"] for tag in tags}, {"arn": found["AlarmArn"], **found})


def state(aws: Aws, name: str) -> str:
    """Return OK, ALARM or INSUFFICIENT_DATA; empty when there is no such alarm."""
    found = _find(aws, name)
    return str(found["StateValue"]) if found else ""


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    put = {"AlarmName": want.name, **{key: value for key, value in want.properties.items() if key != "arn"}}
    if have is None:
        create = Call(_CLIENT, "put_metric_alarm", {**put, "Tags": pairs(want.tags)})
        return Step("create", KIND, want.name, summary(want.properties), (create,))
    found = {key: have.properties.get(key) for key in want.properties}
    changed, tags = differences(want.properties, found), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    calls = [Call(_CLIENT, "put_metric_alarm", put)] if changed else []
    if tags:
        # put_metric_alarm takes no tags for an alarm that is there
        calls.append(Call(_CLIENT, "tag_resource", {"ResourceARN": have.properties["arn"], "Tags": pairs(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return Step("delete", KIND, have.name, calls=(Call(_CLIENT, "delete_alarms", {"AlarmNames": [have.name]}),))


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    found = aws.client(_CLIENT).describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(found[0]) if found else None
