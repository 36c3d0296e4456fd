"""EventBridge's rules: what PutRule and PutTargets take, and their timetables for the clock.

moto 5.2 keeps rules, fires none by a timetable, and knows neither all patterns nor what most targets get. While
installed, :mod:`buses` brings events to targets. What AWS refuses is refused; targets that AWS has and this cloud has
not are refused by name.

Source: Amazon EventBridge API reference, PutRule, PutTargets, Target and TestEventPattern (read 2026-11-30, in
botocore's model); User Guide, "Creating a rule that runs on a schedule" (read 2026-11-30). That does not tell when a
rate fires first: here, one period after the rule was made. The words of refusals are from memory.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend, events_backends
from moto.events.responses import EventsHandler
from moto.s3 import models as s3_models

from shared.config.schedule_times import ScheduleError, parse
from shared.local.arns import RESOURCE, SERVICE
from shared.local.seams import Seam, parameter, plugged, replacing, then
from shared.local.strict_json import read_strict
from shared.local.triggers.event_inputs import wrong_inputs
from shared.local.triggers.event_patterns import Pattern, PatternError
from shared.local.triggers.rule_targets import ACTIONS
from shared.local.triggers.timetable import MAX_AGE, MAX_ATTEMPTS, Schedule, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.events.models import Rule

    from shared.local.triggers.buses import Buses

_MOST_TARGETS = 5
_LONGEST_PATTERN = 4096  # characters (PutRule's EventPattern)
_LEAST_AGE = 60
_MEMBERS = frozenset({"Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer", "RetryPolicy"})
_QUEUE = re.compile(r"arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]+")
_ROLE_NEEDED = frozenset({"states", "events"})
_STATES = (None, "ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
_EVENT_MEMBERS = ("id", "account", "source", "time", "region", "resources", "detail-type")


class NotHere(JsonRESTError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedException", f"the embedded cloud {what}, or try it on AWS")


def _wrong(what: str) -> JsonRESTError:
    return JsonRESTError("ValidationException", what)


@contextlib.contextmanager
def install(buses: Buses, wake: Callable[[], None], now: Callable[[], float]) -> Iterator[None]:
    """Take moto's place while the block lasts.

    Args:
        buses: Brings events to targets.
        wake: Is called when a timetable may have changed.
        now: Tells the time, in seconds since the epoch.
    """

    def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, str]]:
        return buses.put(self, events)

    seams = (
        replacing(EventsBackend, "put_events", put_events),
        replacing(EventsHandler, "test_event_pattern", _test_event_pattern),
        # moto's event of a new bucket: AWS tells of it by CloudTrail alone.
        replacing(s3_models, "events_send_notification", lambda *_, **__: None),
        Seam(EventsBackend, "put_rule", functools.partial(_putting_rule, wake, now)),
        Seam(EventsBackend, "put_targets", _putting_targets),
        *(Seam(EventsBackend, name, functools.partial(then, wake)) for name in ("delete_rule", "enable_rule")),
    )
    with plugged(seams):
        yield


def timetables() -> list[Schedule]:
    """Return the timetables of the rules of all regions. Only default buses have such rules."""
    return [
        _timetable(rule)
        for account in list(events_backends.values())
        for backend in list(account.values())
        for rule in list(backend.event_buses["default"].rules.values())
        if rule.scheduled_expression
    ]


def _timetable(rule: Rule) -> Schedule:
    return Schedule(
        arn=rule.arn,
        group="",
        expression=rule.scheduled_expression,
        zone="UTC",
        target=Target(arn="", role=""),
        enabled=rule.state != "DISABLED",
        changed=getattr(rule, "changed", 0.0),
        waits=True,
    )


def _putting_rule(
    wake: Callable[[], None], now: Callable[[], float], original: Callable[..., Rule]
) -> Callable[..., Rule]:
    @functools.wraps(original)
    def put_rule(self: EventsBackend, name: str, **given: Any) -> Rule:
        if given.get("state") not in _STATES:
            raise _wrong(f"State {given['state']} is none of {', '.join(filter(None, _STATES))}")
        if given.get("event_pattern"):
            check_pattern(given["event_pattern"])
        expression = given.get("scheduled_expression")
        if expression:
            try:
                parse(expression)
            except ScheduleError as error:
                raise _wrong("Parameter ScheduleExpression is not valid.") from error
        rule = original(self, name, **given)
        rule.changed = now()
        wake()
        return rule

    return put_rule


def check_pattern(text: str) -> Pattern:
    """Return the event pattern *text*.

    Raises:
        JsonRESTError: AWS refuses it.
    """
    if len(text) > _LONGEST_PATTERN:
        raise _wrong(f"Parameter EventPattern has more than {_LONGEST_PATTERN} characters.")
    try:
        return Pattern(text)
    except PatternError as error:
        raise JsonRESTError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from error


def _test_event_pattern(self: EventsHandler) -> str:
    pattern = check_pattern(parameter(self, "EventPattern") or "")
    try:
        event = read_strict(parameter(self, "Event") or "")
    except ValueError as error:
        raise _wrong("Parameter Event is not valid.") from error
    lacking = [name for name in _EVENT_MEMBERS if not isinstance(event, dict) or name not in event]
    if lacking:
        raise _wrong(f"Parameter Event is not valid. Reason: {', '.join(lacking)} must be in it")
    return json.dumps({"Result": pattern.matches(event)})


def _putting_targets(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def put_targets(self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[Any]) -> object:
        for target in targets:
            _check(target)
        rule = self.describe_rule(name, event_bus_arn)
        ids = {each["Id"] for each in rule.targets} | {each["Id"] for each in targets}
        if len(ids) > _MOST_TARGETS:
            raise JsonRESTError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        return original(self, name=name, event_bus_arn=event_bus_arn, targets=targets)

    return put_targets


def _check(target: Mapping[str, Any]) -> None:
    """Refuse a target that AWS refuses, or that nothing would reach here."""
    arn = str(target.get("Arn"))
    service = arn.split(":")[SERVICE] if arn.startswith("arn:") and arn.count(":") >= RESOURCE else ""
    if not service:
        raise _wrong(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    _check_kind(arn, service, target)
    if service in _ROLE_NEEDED and not target.get("RoleArn"):
        raise _wrong(f"RoleArn is required for target {arn}.")
    wrong = next(wrong_inputs(target), None)
    if wrong:
        raise _wrong(wrong)
    _check_ends(target)


def _check_kind(arn: str, service: str, target: Mapping[str, Any]) -> None:
    buses_only = service == "events" and ":event-bus/" not in arn
    if service not in ACTIONS or buses_only or (service == "sns" and arn.endswith(".fifo")):
        raise NotHere(f"brings no events to {arn}: use a queue, a topic, a function, a machine, a bus or a log group")
    foreign = sorted(name for name in target.keys() - _MEMBERS - {"DeadLetterConfig", "SqsParameters"} if target[name])
    if foreign:
        raise _wrong(f"{', '.join(foreign)} cannot be set for the target {arn}")
    if target.get("SqsParameters") and not arn.endswith(".fifo"):
        raise NotHere(f"sends no groups of messages to {arn}: leave out SqsParameters")
    if service == "logs" and any(target.get(name) for name in ("Input", "InputPath", "InputTransformer")):
        raise NotHere(f"writes events into {arn} as they are: leave out what transforms them")


def _check_ends(target: Mapping[str, Any]) -> None:
    dead = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead and not _QUEUE.fullmatch(dead):
        raise _wrong(f"Parameter {dead} is not valid. Reason: DeadLetterConfig wants the ARN of a standard queue.")
    retry = target.get("RetryPolicy") or {}
    age, tries = retry.get("MaximumEventAgeInSeconds", MAX_AGE), retry.get("MaximumRetryAttempts", MAX_ATTEMPTS)
    if not _LEAST_AGE <= age <= MAX_AGE or not 0 <= tries <= MAX_ATTEMPTS:
        raise _wrong(
            f"RetryPolicy: MaximumEventAgeInSeconds is {_LEAST_AGE} to {MAX_AGE}, MaximumRetryAttempts 0 to "
            f"{MAX_ATTEMPTS}"
        )
