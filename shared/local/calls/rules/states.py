"""Step Functions: a version or an alias of a machine is a condition, not another resource.

Source: SAR; Step Functions Developer Guide, "Permissions for versions and aliases" and "IAM policies for TestState".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.arns import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources

_ARN_PARTS = 7  # arn:aws:states:region:account:stateMachine:name, and a version or alias after that
_MACHINE = ("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn", "resourceArn")


def machine(asked: Asked) -> list[str | None]:
    """Return the state machine, without the version or alias that the call names."""
    for name in _MACHINE:
        arn = asked.text(name)
        if arn and ":stateMachine:" in arn:
            return [":".join(arn.split(":")[:_ARN_PARTS]).partition("/")[0]]
    routed = asked.texts("routingConfiguration[].stateMachineVersionArn")
    if routed:
        return [":".join(each.split(":")[:_ARN_PARTS]) for each in routed]
    made = asked.text("name")
    return [asked.arn("states", f"stateMachine:{made}")] if made else []


def qualifier(asked: Asked) -> str | None:
    """Return the version or alias that the call names, if any."""
    for name in _MACHINE:
        parts = (asked.text(name) or "").split(":")
        if len(parts) > _ARN_PARTS:
            return parts[_ARN_PARTS]
    return asked.text("name") if asked.call.operation == "CreateStateMachineAlias" else None


def of_kind(parameter: str, *kinds: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds an ARN of one of *kinds* in *parameter*."""

    def found(asked: Asked) -> list[str | None]:
        arn = asked.text(parameter)
        parts = (arn or "").split(":")
        return [arn] if len(parts) > RESOURCE and parts[RESOURCE] in kinds else []

    return found


def activity(asked: Asked) -> list[str | None]:
    """Return the activity."""
    arn = asked.text("activityArn") or asked.text("resourceArn")
    if arn:
        return [arn] if ":activity:" in arn else []
    name = asked.text("name")
    return [asked.arn("states", f"activity:{name}")] if name else []


def _if(parameter: str, where: Callable[[Asked], list[str | None]]) -> Callable[[Asked], list[str | None]]:
    return lambda asked: where(asked) if asked.call.parameters.get(parameter) else []


def _everywhere(_: Asked) -> list[str | None]:
    return ["*"]


def _made(action: str) -> tuple[tuple[str, Callable[[Asked], list[str | None]]], ...]:
    return (
        (action, lambda asked: machine(asked) or [None]),
        ("states:PublishStateMachineVersion", _if("publish", machine)),  # SAR, a dependent action
        ("states:TagResource", _if("tags", machine)),  # Developer Guide, "Tagging state machines"
    )


EXCEPTIONS: Exceptions = {
    "CreateStateMachine": _made("states:CreateStateMachine"),
    "UpdateStateMachine": _made("states:UpdateStateMachine"),
    "CreateActivity": (
        ("states:CreateActivity", lambda asked: activity(asked) or [None]),
        ("states:TagResource", _if("tags", activity)),
    ),
    "TestState": (("states:TestState", "*"), ("states:RevealSecrets", _if("revealSecrets", _everywhere))),
}

RESOURCES: Resources = {
    "statemachine": machine,
    "activity": activity,
    "execution": of_kind("executionArn", "execution"),
    "express": of_kind("executionArn", "express"),
    "maprun": of_kind("mapRunArn", "mapRun"),
}
