"""moto's schedules: held to what EventBridge Scheduler takes, and read for the clock.

moto 5.2 keeps schedules and never fires one. It takes any expression, time zone, window, target and group. While
installed, what AWS refuses is refused, what this cloud does not do is refused by name, and the clock is told of each
change. Other checks of a schedule (may the service take its role?) are in :mod:`shared.local.enforcement.trust`.

Source: EventBridge Scheduler API reference, CreateSchedule, CreateScheduleGroup, Target and what they are made of (read
2026-11-30, in botocore's model). AWS's words about an expression begin as in localstack/localstack issue 9284; all
other words of refusals are from memory, not looked up.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.scheduler.responses import EventBridgeSchedulerResponse

from shared.config.schedule_times import ScheduleError
from shared.local.seams import Seam, parameter, plugged, then
from shared.local.triggers import schedule_calls
from shared.local.triggers.timetable import MAX_AGE, MAX_ATTEMPTS, Schedule, Target, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.scheduler.models import Schedule as Held

    Given = Mapping[str, Any]  # what a method of moto's was called with, by its parameters' names

_NAME = re.compile(r"[0-9a-zA-Z_.-]{1,64}")
_QUEUE = re.compile(r"arn:aws(-[a-z]+)?:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]+")
_NO_ACTION = "NONE"
_MINUTES_OF_DAY = 1440
_LEAST_AGE = 60
_TOKENS = 100  # so many of the newest are remembered


class NotHere(JsonRESTError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedException", f"the embedded cloud {what}")


class Conflict(JsonRESTError):
    """There is one already."""

    code = 409

    def __init__(self, what: str) -> None:
        super().__init__("ConflictException", f"{what} already exists.")


@contextlib.contextmanager
def install(wake: Callable[[], None]) -> Iterator[None]:
    """Check what moto takes while the block lasts, and call *wake* after each change."""
    backend = EventBridgeSchedulerBackend
    seams = [
        *(Seam(backend, name, functools.partial(_checking, wake)) for name in ("create_schedule", "update_schedule")),
        *(Seam(backend, name, functools.partial(_of_group, wake)) for name in ("create_schedule_group",)),
        Seam(backend, "delete_schedule_group", functools.partial(_deleting_group, wake)),
        Seam(backend, "delete_schedule", functools.partial(then, wake)),
        Seam(EventBridgeSchedulerResponse, "update_schedule", _keeping_action),
        *(Seam(EventBridgeSchedulerResponse, name, _once) for name in ("create_schedule", "create_schedule_group")),
    ]
    with plugged(seams):
        yield


def all_schedules() -> list[Schedule]:
    """Return the schedules of all regions."""
    return [
        _read(held, group.arn)
        for account in list(scheduler_backends.values())
        for backend in list(account.values())
        for group in list(backend.schedule_groups.values())
        for held in list(group.schedules.values())
    ]


def delete(schedule: Schedule) -> None:
    """Delete *schedule*, if it is still there."""
    _, _, _, region, account, rest = schedule.arn.split(":", 5)
    _, group, name = rest.split("/")
    found = scheduler_backends[account][region].schedule_groups.get(group)
    if found is not None:
        found.schedules.pop(name, None)


def _read(held: Held, group: str) -> Schedule:
    window = held.flexible_time_window or {}
    flexible = window.get("MaximumWindowInMinutes", 0) if window.get("Mode") == "FLEXIBLE" else 0
    retry = held.target.get("RetryPolicy") or {}
    return Schedule(
        arn=held.arn,
        group=group,
        expression=held.schedule_expression,
        zone=held.schedule_expression_timezone,
        target=Target(
            arn=held.target["Arn"],
            role=held.target["RoleArn"],
            input=held.target.get("Input") or "",
            max_age=retry.get("MaximumEventAgeInSeconds", MAX_AGE),
            max_attempts=retry.get("MaximumRetryAttempts", MAX_ATTEMPTS),
            dead_letters=(held.target.get("DeadLetterConfig") or {}).get("Arn") or "",
            settings=json.dumps({name: told for name, told in held.target.items() if name.endswith("Parameters")}),
        ),
        enabled=held.state == "ENABLED",
        flexible=60.0 * flexible,
        start=_moment(held.start_date),
        end=_moment(held.end_date),
        deleted_after=held.action_after_completion == "DELETE",
        changed=held.last_modified_date,
    )


def _moment(given: float | None) -> datetime | None:
    return None if given is None else datetime.fromtimestamp(float(given), UTC)


def _checking(wake: Callable[[], None], original: Callable[..., Held]) -> Callable[..., Held]:
    @functools.wraps(original)
    def change(self: EventBridgeSchedulerBackend, **given: Any) -> Held:
        group = given.get("group_name") or "default"
        if group not in self.schedule_groups:
            raise ScheduleGroupNotFound(group)
        _check(given)
        if "action_after_completion" in given:
            given["action_after_completion"] = given["action_after_completion"] or _NO_ACTION
        changed = original(self, **given)
        wake()
        return changed

    return change


def _check(given: Given) -> None:
    """Refuse a schedule that AWS refuses, or that would never be served here.

    Raises:
        ValidationException: AWS refuses it.
        NotHere: AWS would do it.
    """
    if not _NAME.fullmatch(given["name"]):
        raise ValidationException(f"Value '{given['name']}' at 'name' must match {_NAME.pattern}")
    expression, zone = given["schedule_expression"] or "", given["schedule_expression_timezone"] or "UTC"
    try:
        read(expression, zone)
    except ScheduleError as error:
        raise ValidationException(f"Invalid Schedule Expression {expression} ({zone}): {error}") from error
    start, end = _moment(given["start_date"]), _moment(given["end_date"])
    if start and end and start >= end:
        raise ValidationException("The EndDate must come after the StartDate.")
    if given["state"] not in {None, "ENABLED", "DISABLED"}:
        raise ValidationException(f"Value '{given['state']}' at 'state' must be ENABLED or DISABLED")
    if given.get("action_after_completion") not in {None, _NO_ACTION, "DELETE"}:
        raise ValidationException("ActionAfterCompletion must be NONE or DELETE")
    if given["kms_key_arn"]:
        raise NotHere("encrypts no schedules; leave out KmsKeyArn, or try it on AWS")
    _check_window(given["flexible_time_window"] or {})
    _check_target(given["target"] or {})


def _check_window(window: Given) -> None:
    mode, minutes = window.get("Mode"), window.get("MaximumWindowInMinutes")
    if mode == "OFF" and minutes is None:
        return
    if mode != "FLEXIBLE" or not isinstance(minutes, int) or not 1 <= minutes <= _MINUTES_OF_DAY:
        raise ValidationException(
            "FlexibleTimeWindow must be OFF, or FLEXIBLE with a MaximumWindowInMinutes of 1 to 1440."
        )


def _check_target(target: Given) -> None:
    try:
        schedule_calls.check(target)
    except schedule_calls.WrongTargetError as error:
        raise ValidationException(str(error)) from error
    except schedule_calls.NotHereError as error:
        raise NotHere(f"{error}, or try it on AWS") from error
    retry = target.get("RetryPolicy") or {}
    age, tries = retry.get("MaximumEventAgeInSeconds", MAX_AGE), retry.get("MaximumRetryAttempts", MAX_ATTEMPTS)
    if not _LEAST_AGE <= age <= MAX_AGE or not 0 <= tries <= MAX_ATTEMPTS:
        raise ValidationException(
            f"RetryPolicy: MaximumEventAgeInSeconds is {_LEAST_AGE} to {MAX_AGE}, MaximumRetryAttempts 0 to "
            f"{MAX_ATTEMPTS}"
        )
    dead = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead and not _QUEUE.fullmatch(dead):
        raise ValidationException(f"DeadLetterConfig {dead} is not the ARN of a standard queue")


def _keeping_action(original: Callable[..., str]) -> Callable[..., str]:
    """Wrap UpdateSchedule, of which moto drops one member. What an update leaves out gets its default, as on AWS."""

    @functools.wraps(original)
    def update_schedule(self: EventBridgeSchedulerResponse) -> str:
        action = parameter(self, "ActionAfterCompletion", _NO_ACTION)
        if action not in {_NO_ACTION, "DELETE"}:
            raise ValidationException("ActionAfterCompletion must be NONE or DELETE")
        answer = original(self)
        name = self.uri.split("?")[0].split("/")[-1]
        held = self.scheduler_backend.get_schedule(parameter(self, "GroupName"), name)
        held.action_after_completion = action
        return answer

    return update_schedule


def _once(original: Callable[..., str]) -> Callable[..., str]:
    """Wrap a call that makes something: one that comes again with the same token gets the same answer."""

    @functools.wraps(original)
    def create(self: EventBridgeSchedulerResponse) -> str:
        answers: dict[tuple[str, str], str] = vars(self.scheduler_backend).setdefault("answers", {})
        asked = str(parameter(self, "ClientToken") or ""), self.uri
        if asked[0] and asked in answers:
            return answers[asked]
        answer = original(self)
        if asked[0]:
            answers[asked] = answer
            while len(answers) > _TOKENS:
                del answers[next(iter(answers))]
        return answer

    return create


def _of_group(wake: Callable[[], None], original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def create(self: EventBridgeSchedulerBackend, name: str, *args: object, **named: object) -> object:
        if not _NAME.fullmatch(name):
            raise ValidationException(f"Value '{name}' at 'name' must match {_NAME.pattern}")
        if name in self.schedule_groups:
            raise Conflict(f"Schedule group {name}")
        return then(wake, original)(self, name, *args, **named)

    return create


def _deleting_group(wake: Callable[[], None], original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def delete_group(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        group = self.get_schedule_group(name)
        if group.name == "default":
            raise ValidationException("The default schedule group cannot be deleted.")
        then(wake, original)(self, name)

    return delete_group
