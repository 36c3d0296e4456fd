"""What becomes of events that a function is given without waiting: retries, destinations, and the dead-letter queue.

moto 5.2 adds a configuration to the one before and goes on telling the first, knows no qualifiers in it, and drops a
function's DeadLetterConfig. Switched on, the version or alias that a configuration is for has it alone, it replaces the
one before it, and what it names is there.

Source: Lambda API reference, PutFunctionEventInvokeConfig and DeadLetterConfig. The words of refusals are those that
others have recorded (serverless/serverless 7507, localstack's validation of destinations; read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, UnknownEventConfig, UnknownFunctionException
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.awslambda.utils import get_backend

from shared.local.arns import ACCOUNT, REGION, SERVICE
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Show = Callable[..., dict[str, Any]]

_LATEST = "$LATEST"


@contextlib.contextmanager
def asynchronous_settings_kept() -> Iterator[None]:
    """Have moto's Lambda keep these settings as Lambda does, while the block lasts."""
    seams = (
        replacing(LambdaBackend, "put_function_event_invoke_config", _put),
        replacing(LambdaBackend, "update_function_event_invoke_config", _change),
        replacing(LambdaBackend, "get_function_event_invoke_config", _get),
        replacing(LambdaBackend, "delete_function_event_invoke_config", _delete),
        replacing(LambdaBackend, "list_function_event_invoke_configs", _list),
        Seam(LambdaFunction, "__init__", _made),
        Seam(LambdaFunction, "update_configuration", _changed),
        Seam(LambdaFunction, "get_configuration", _showing_dead_letters),
    )
    with plugged(seams):
        yield


def _part(name: str) -> tuple[str, str]:
    """Return the function and the qualifier in a *name*, as EventInvokeConfig counts it."""
    head, _, tail = name.rpartition(":function:")
    function, _, qualifier = tail.partition(":")
    return f"{head}:function:{function}" if head else function, qualifier or _LATEST


def _held(backend: LambdaBackend, name: str) -> tuple[LambdaFunction, str, EventInvokeConfig | None]:
    """Return the function that *name* is of, the qualifier, and the configuration that it has."""
    backend.get_function(name)  # which raises if there is none
    function_name, qualifier = _part(name)
    function = backend.get_function(function_name)
    found = [each for each in function.event_invoke_config if each.qualifier == qualifier]
    return function, qualifier, found[0] if found else None


def _put(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Stand in for moto's own."""
    function, qualifier, before = _held(self, function_name)
    made = EventInvokeConfig(f"{function.function_arn}:{qualifier}", function.last_modified, config)
    made.qualifier = qualifier
    for arn in destinations(config):
        _check_destination(function, arn)
    function.event_invoke_config = [*(each for each in function.event_invoke_config if each is not before), made]
    answer: dict[str, Any] = made.response()
    return answer


def _change(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Stand in for moto's own, which forgets what it is not told."""
    _, _, before = _held(self, function_name)
    changed: dict[str, Any] = self.put_function_event_invoke_config(
        function_name, {**(before.config if before else {}), **config}
    )
    return changed


def _get(self: LambdaBackend, function_name: str) -> dict[str, Any]:
    function, qualifier, found = _held(self, function_name)
    if found is None:
        raise UnknownEventConfig(f"{function.function_arn}:{qualifier}")
    answer: dict[str, Any] = found.response()
    return answer


def _delete(self: LambdaBackend, function_name: str) -> None:
    self.get_function_event_invoke_config(function_name)  # which raises if there is none
    function, _, found = _held(self, function_name)
    function.event_invoke_config = [each for each in function.event_invoke_config if each is not found]


def _list(self: LambdaBackend, function_name: str) -> dict[str, Any]:
    function, _, _ = _held(self, function_name)
    return {"FunctionEventInvokeConfigs": [each.response() for each in function.event_invoke_config]}


def destinations(config: Mapping[str, Any]) -> list[str]:
    """Return the ARNs to which the *config* of asynchronous invocations sends records."""
    told = config.get("DestinationConfig") or {}
    return [each["Destination"] for each in told.values() if each.get("Destination")]


def dead_letters(spec: Mapping[str, Any]) -> str:
    """Return the ARN of the dead-letter queue or topic that the settings of a function name; empty if none."""
    return (spec.get("DeadLetterConfig") or {}).get("TargetArn") or ""


def _made(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: LambdaFunction, account_id: str, spec: Mapping[str, Any], *args: object, **named: object) -> None:
        original(self, account_id, spec, *args, **named)
        _check_dead_letters(dead_letters(spec))
        self.dead_letters = dead_letters(spec)

    return make


def _changed(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: Mapping[str, Any]) -> object:
        if "DeadLetterConfig" in config_updates:
            _check_dead_letters(dead_letters(config_updates))
            self.dead_letters = dead_letters(config_updates)
        return original(self, config_updates)

    return update


def _showing_dead_letters(original: Show) -> Show:
    @functools.wraps(original)
    def show(self: LambdaFunction, *args: object, **named: object) -> dict[str, Any]:
        arn = getattr(self, "dead_letters", "")
        return original(self, *args, **named) | ({"DeadLetterConfig": {"TargetArn": arn}} if arn else {})

    return show


def _check_dead_letters(arn: str) -> None:
    if not arn:
        return
    parts = arn.split(":")
    there = _THERE.get(parts[SERVICE]) if len(parts) > ACCOUNT and parts[SERVICE] in {"sqs", "sns"} else None
    if there is None or arn.endswith(".fifo") or not there(parts[ACCOUNT], parts[REGION], arn):
        raise InvalidParameterValueException(f"The DeadLetterConfig TargetArn {arn} is no standard queue or topic.")


def _check_destination(function: LambdaFunction, arn: str) -> None:
    parts = arn.split(":")
    if parts[SERVICE] == "lambda" and arn in {function.function_arn, f"{function.function_arn}:$LATEST"}:
        raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
    there = _THERE.get(parts[SERVICE])
    if there is None or not there(parts[ACCOUNT], parts[REGION], arn):
        raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")


def _queue(account: str, region: str, arn: str) -> bool:
    from moto.sqs.models import sqs_backends  # each service loads when it is first asked about

    return any(queue.queue_arn == arn for queue in list(sqs_backends[account][region].queues.values()))


def _topic(account: str, region: str, arn: str) -> bool:
    from moto.sns.models import sns_backends

    return arn in sns_backends[account][region].topics


def _function(account: str, region: str, arn: str) -> bool:
    try:
        get_backend(account, region).get_function(arn)
    except UnknownFunctionException:
        return False
    return True


def _bus(account: str, region: str, arn: str) -> bool:
    from moto.events.models import events_backends

    return any(bus.arn == arn for bus in list(events_backends[account][region].event_buses.values()))


_THERE = {"events": _bus, "lambda": _function, "sns": _topic, "sqs": _queue}
