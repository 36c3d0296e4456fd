"""What EventBridge's rules bring to functions, machines and topics, which moto 5.2 answers with an error to the sender.

Queues, log groups, buses and archives stay moto's. Targets of other services and dead-letter queues of targets are
refused by name. A rule that fires by a timetable is taken and never fires, which the log says: schedules of EventBridge
Scheduler do. Who may be reached is decided as for moto's own (:mod:`shared.local.enforcement.deliveries`).

Source: Amazon EventBridge User Guide, "Transforming Amazon EventBridge target input" (read 2026-11-30, in the copy that
AWS published until 2023); API reference, Target (read 2026-11-30, in botocore's model).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.events.models import EventsBackend, Rule
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.stepfunctions.models import stepfunctions_backends

from shared.local.enforcement.deliveries import may_reach
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.enforcement.gate import Gate
    from shared.values import Json

_SERVICE, _REGION, _ACCOUNT = 2, 3, 4  # positions in an ARN, from 0
_BY_MOTO = frozenset({"events", "logs", "sqs"})
_PATH = re.compile(r"\$(\.[\w-]+)*")
_log = logging.getLogger(__name__)


class NotHere(JsonRESTError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedException", f"the embedded cloud {what}, or try it on AWS")


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Bring events to these targets while the block lasts."""
    seams = (
        Seam(Rule, "send_to_targets", functools.partial(_sending, gate)),
        Seam(EventsBackend, "put_rule", _putting_rule),
        Seam(EventsBackend, "put_targets", _putting_targets),
    )
    with plugged(seams):
        yield


def _putting_rule(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def put_rule(*args: object, **named: object) -> object:
        if named.get("scheduled_expression"):
            _log.warning("the rule %s never fires here; a schedule of EventBridge Scheduler would", named.get("name"))
        return original(*args, **named)

    return put_rule


def _putting_targets(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def put_targets(self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[Any]) -> object:
        for target in targets:
            service = str(target.get("Arn")).split(":")[_SERVICE : _SERVICE + 1]
            if service and service[0] not in _BY_MOTO | _OURS.keys():
                raise NotHere(f"brings no events to {target['Arn']}: use a queue, a topic, a function or a machine")
            if target.get("InputPath") and not _PATH.fullmatch(target["InputPath"]):
                raise NotHere(f"reads no InputPath but of names: {target['InputPath']}; write $.detail.name")
            if target.get("DeadLetterConfig"):
                raise NotHere("has no dead-letter queues of rules' targets: leave out DeadLetterConfig")
        return original(self, name=name, event_bus_arn=event_bus_arn, targets=targets)

    return put_targets


def _sending(gate: Gate, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def send_to_targets(self: Rule, original_event: dict[str, Any], *args: object, **named: object) -> None:
        if self.state == "DISABLED" or not self.event_pattern.matches_event(original_event):
            return
        ours = [each for each in self.targets if each["Arn"].split(":")[_SERVICE] in _OURS]
        rest = copy.copy(self)
        rest.targets = [each for each in self.targets if each not in ours]
        original(rest, original_event, *args, **named)
        for target in ours:
            if may_reach(gate, self, target):
                _bring(self, target, original_event)

    return send_to_targets


def _bring(rule: Rule, target: Mapping[str, Any], event: dict[str, Any]) -> None:
    """Bring *event* to *target*. What does not arrive is lost, as on AWS after its retries."""
    arn = target["Arn"]
    try:
        _OURS[arn.split(":")[_SERVICE]](arn, _text(target, event))
    except (ServiceException, JsonRESTError) as error:
        _log.warning("an event for %s of the rule %s is lost, as on AWS: %s", arn, rule.arn, error)


def _text(target: Mapping[str, Any], event: dict[str, Any]) -> str:
    """Return what *target* gets of *event*, as JSON."""
    if target.get("Input"):
        return str(target["Input"])
    told = {key: value for key, value in event.items() if key != "ingestion-time"}
    told["time"] = datetime.fromtimestamp(float(event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if target.get("InputPath"):
        return json.dumps(_inside(told, target["InputPath"]))
    shape = target.get("InputTransformer")
    if shape:
        moment = {"ingestion-time": told["time"]} | told
        return json.dumps(EventTemplateParser.parse(shape["InputTemplate"], shape.get("InputPathsMap") or {}, moment))
    return json.dumps(told)


def _inside(event: Json, path: str) -> Json:
    """Return what lies in *event* under a *path* of names; an empty object if nothing does."""
    for name in path.split(".")[1:]:
        event = event.get(name, {}) if isinstance(event, dict) else {}
    return event


def _to_function(arn: str, text: str) -> None:
    parts = arn.split(":")
    get_backend(parts[_ACCOUNT], parts[_REGION]).get_function(arn).invoke(text, {}, {})


def _to_machine(arn: str, text: str) -> None:
    parts = arn.split(":")
    stepfunctions_backends[parts[_ACCOUNT]][parts[_REGION]].start_execution(arn, None, text)


def _to_topic(arn: str, text: str) -> None:
    parts = arn.split(":")
    sns_backends[parts[_ACCOUNT]][parts[_REGION]].publish(arn=arn, message=text)


_OURS: dict[str, Callable[[str, str], None]] = {
    "lambda": _to_function,
    "sns": _to_topic,
    "states": _to_machine,
}
