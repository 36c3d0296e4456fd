"""What Lambda does with a function's events that nobody waits for, as wanted, as found, and the call between the two.

AWS keeps it beside the function, as the configuration of its asynchronous invocations. Left alone, it tries a failed
event twice more, keeps it for six hours, and tells nobody. Source: Lambda API reference, PutFunctionEventInvokeConfig
("If you exclude any settings, they are removed"; November 2026).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.model import Call
from shared.deploy.reading import if_there
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.resources import Asynchronous
    from shared.values import Json

SERVICE = "lambda"
_NAMES = {"retries": "MaximumRetryAttempts", "max_age_seconds": "MaximumEventAgeInSeconds"}
_DESTINATIONS = {"on_success": "OnSuccess", "on_failure": "OnFailure"}


def wanted(told: Asynchronous | None) -> Mapping[str, Json] | None:
    """Return what *told* wants, in the form of :func:`found`."""
    if told is None:
        return None
    return {
        "retries": told.retries,
        "max_age_seconds": told.max_age_seconds,
        "on_success": told.on_success,
        "on_failure": told.on_failure,
    }


def found(aws: Aws, name: str) -> Mapping[str, Json] | None:
    """Return what is configured for the function called *name*, each part None where AWS was told nothing."""
    read = partial(aws.client(SERVICE).get_function_event_invoke_config, FunctionName=name)
    answer = if_there(read, "ResourceNotFoundException")
    if answer is None:
        return None
    destinations = answer.get("DestinationConfig") or {}
    return {
        **{key: answer.get(name) for key, name in _NAMES.items()},
        **{key: (destinations.get(name) or {}).get("Destination") or None for key, name in _DESTINATIONS.items()},
    }


def calls(name: str, want: Json, have: Json) -> Iterator[Call]:
    """Yield the call that makes *have* into *want* for the function called *name*; none where they are equal."""
    on = {"FunctionName": name}
    if want == have:
        return
    if want is None:
        yield Call(SERVICE, "delete_function_event_invoke_config", on)
        return
    told = as_mapping(want)
    destinations: dict[str, Json] = {
        there: {"Destination": told[key]} for key, there in _DESTINATIONS.items() if told[key] is not None
    }
    settings = {there: told[key] for key, there in _NAMES.items()}
    yield Call(SERVICE, "put_function_event_invoke_config", {**on, **settings, "DestinationConfig": destinations})
