"""PublishStateMachineVersion and the list of versions, ValidateStateMachineDefinition, UpdateStateMachine's checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong

from shared.local.asl.api.paging import page
from shared.local.asl.validation import problems_of, warnings_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DeleteStateMachineVersionInputTypeDef,
        ListStateMachineVersionsInputTypeDef,
        PublishStateMachineVersionInputTypeDef,
        ValidateStateMachineDefinitionInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend

_DIAGNOSTICS = 100


class ConflictException(AWSError):
    """Something still refers to the version."""

    TYPE = "ConflictException"
    STATUS = 400


def publish_state_machine_version(
    backend: AslBackend, params: PublishStateMachineVersionInputTypeDef
) -> dict[str, object]:
    """PublishStateMachineVersion: a new version, or the latest when nothing changed since."""
    machine = backend.describe_state_machine(params["stateMachineArn"])
    latest = machine.latest_version
    if latest is None or (latest.definition, latest.roleArn) != (machine.definition, machine.roleArn):
        machine.publish(params.get("description"))
        latest = machine.latest_version
    return {"creationDate": latest.creation_date, "stateMachineVersionArn": latest.arn}


def list_state_machine_versions(backend: AslBackend, params: ListStateMachineVersionsInputTypeDef) -> dict[str, object]:
    """ListStateMachineVersions, the newest first."""
    machine = backend.describe_state_machine(params["stateMachineArn"])
    versions = [machine.versions[number] for number in sorted(machine.versions, reverse=True)]
    entries, token = page(versions, params.get("maxResults"), params.get("nextToken"), 1000, 100)
    shown = [{"stateMachineVersionArn": each.arn, "creationDate": each.creation_date} for each in entries]
    return {"stateMachineVersions": shown, **({"nextToken": token} if token else {})}


def delete_state_machine_version(backend: AslBackend, params: DeleteStateMachineVersionInputTypeDef) -> None:
    """DeleteStateMachineVersion: refused while an alias points at it."""
    arn = params["stateMachineVersionArn"]
    source, _, number = arn.rpartition(":")
    if not number.isnumeric():
        raise wrong.InvalidArn(f"Invalid Arn: '{arn}'")
    machine = next((each for each in backend.state_machines if each.arn == source), None)
    if machine is None:
        return
    users = [
        alias.name
        for alias in machine.aliases.values()
        if any(route["stateMachineVersionArn"] == arn for route in alias.routing_configuration)
    ]
    if users:
        raise ConflictException(
            f"Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
            f"version: [{', '.join(users)}]"
        )
    machine.versions.pop(int(number), None)


def validate_state_machine_definition(
    _backend: AslBackend, params: ValidateStateMachineDefinitionInputTypeDef
) -> dict[str, object]:
    """ValidateStateMachineDefinition."""
    problems = problems_of(params["definition"], params.get("type") or "STANDARD")
    warned = params.get("severity") == "WARNING" and not problems
    told = [("ERROR", each) for each in problems]
    told += [("WARNING", each) for each in (warnings_of(params["definition"]) if warned else ())]
    most = params.get("maxResults") or _DIAGNOSTICS
    shown = [
        {
            "severity": severity,
            "code": each.code,
            "message": each.message,
            **({"location": each.location} if each.location else {}),
        }
        for severity, each in told[:most]
    ]
    return {"result": "FAIL" if problems else "OK", "diagnostics": shown, "truncated": len(told) > most}


ACTIONS = {
    action.__name__: action
    for action in (
        publish_state_machine_version,
        list_state_machine_versions,
        delete_state_machine_version,
        validate_state_machine_definition,
    )
}
