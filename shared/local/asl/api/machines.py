"""Creating, describing, changing, deleting and listing machines, and checking definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.api.tags import check_tags
from shared.local.asl.api.versions import describe_version, publish
from shared.local.asl.arns import machine_arn
from shared.local.asl.backend import check_definition, check_name
from shared.local.asl.configurations import check_readable, read_encryption, read_logging, read_tracing
from shared.local.asl.identity import StartedMachine
from shared.local.asl.records import MachineRecord
from shared.local.asl.refusals import Refused, invalid_request, no_machine, too_many
from shared.local.asl.validation import problems_of, warnings_of
from shared.local.asl.validation.references import variable_references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.type_defs import (
        CreateStateMachineInputTypeDef,
        DeleteStateMachineInputTypeDef,
        DescribeStateMachineInputTypeDef,
        ListStateMachinesInputTypeDef,
        UpdateStateMachineInputTypeDef,
        ValidateStateMachineDefinitionInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend

METADATA_ONLY = "METADATA_ONLY"
_DIAGNOSTICS = 100
_MOST = 10_000  # Developer Guide, "Quotas related to accounts": registered state machines (read 2026-11-30)
_ROLE_PARTS = 6
_SETTINGS = ("definition", "role_arn", "logging", "tracing", "encryption")


def create_state_machine(backend: AslBackend, params: CreateStateMachineInputTypeDef) -> dict[str, object]:
    """CreateStateMachine. The same request again changes nothing; other roles and tags are passed over then."""
    _check_version_description(params)
    name, kind, tags = params["name"], params.get("type", "STANDARD"), params.get("tags", [])
    check_name(name)
    role, encryption = _role(params["roleArn"]), read_encryption(backend, params.get("encryptionConfiguration"))
    logging, tracing = read_logging(backend, params.get("loggingConfiguration")), _tracing(params)
    check_definition(params["definition"], kind)
    check_tags(tags)
    arn, now = backend.arn(f"stateMachine:{name}"), backend.now()
    published = bool(params.get("publish")), params.get("versionDescription")
    wanted = StartedMachine(arn, name, kind, params["definition"], role, now, logging, tracing, encryption)
    with backend.changing:
        if arn in backend.machines:
            record = backend.machine(arn)
            same = record.now.kind == kind and record.published == published
            if not same or _differ(record.now, wanted, "role_arn"):
                raise Refused("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        else:
            if len(backend.machines) >= _MOST:
                raise too_many("StateMachineLimitExceeded", "state machines", _MOST)
            record = backend.machines[arn] = MachineRecord(wanted, now, published)
            backend.tag_resource(arn, {tag["key"]: tag["value"] for tag in tags})
        shown: dict[str, object] = {"stateMachineArn": arn, "creationDate": record.created}
        if published[0]:
            shown["stateMachineVersionArn"] = publish(record, published[1], now).machine.arn
    return shown


def _check_version_description(params: Mapping[str, Any]) -> None:
    if params.get("versionDescription") and not params.get("publish"):
        raise invalid_request("Version description can only be set when publish is true")


def _role(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) < _ROLE_PARTS or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise Refused("InvalidArn", f"Invalid Role Arn: '{arn}'")
    return arn


def _tracing(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return read_tracing(params.get("tracingConfiguration"))


def _differ(one: StartedMachine, other: StartedMachine, *but: str) -> bool:
    """Whether two states of a machine differ in what an update changes, passing over what is named."""
    return any(getattr(one, name) != getattr(other, name) for name in _SETTINGS if name not in but)


def describe_state_machine(backend: AslBackend, params: DescribeStateMachineInputTypeDef) -> dict[str, object]:
    """DescribeStateMachine, of a machine or of a version."""
    given = machine_arn(params["stateMachineArn"])
    record = backend.machines.get(given.owner)
    if record is None:
        raise no_machine(given.text)
    version = record.version_of(given.text)
    if given.qualifier and version is None:
        raise no_machine(given.text)
    machine, more = (record.now, {"creationDate": record.created}) if version is None else describe_version(version)
    status = "DELETING" if record.deleting else "ACTIVE"
    shown = describe(backend, machine, params.get("includedData"))
    return {"stateMachineArn": machine.arn, "status": status, "type": machine.kind, **shown, **more}


def describe(backend: AslBackend, machine: StartedMachine, included: str | None) -> dict[str, object]:
    """Return what is told of a state of a machine; *included* may be ALL_DATA or METADATA_ONLY.

    Raises:
        Refused: The definition is asked for, and the key that closes it does not open it.
    """
    shown: dict[str, object] = {
        "name": machine.name,
        "definition": "{}",  # API reference, includedData: "the returned definition will be {}"
        "roleArn": machine.role_arn,
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
        "encryptionConfiguration": machine.encryption,
    }
    if machine.revision is not None:
        shown["revisionId"] = machine.revision
    if included != METADATA_ONLY:
        check_readable(backend, machine.encryption)
        shown["definition"] = machine.definition
        references = variable_references(machine.definition)
        if references:
            shown["variableReferences"] = references
    return shown


def update_state_machine(backend: AslBackend, params: UpdateStateMachineInputTypeDef) -> dict[str, object]:
    """UpdateStateMachine: executions that run keep what they started with."""
    given = machine_arn(params["stateMachineArn"])
    if given.qualifier:
        raise no_machine(given.text)
    _check_version_description(params)
    with backend.changing:
        record = backend.machine(given.text)
        before = record.now
        wanted = before._replace(**_changes(backend, before.kind, params))
        if _differ(before, wanted):
            wanted = wanted._replace(revision=backend.engine.uuid())
        record.now = wanted._replace(updated=backend.now())
        shown: dict[str, object] = {"updateDate": record.now.updated}
        if record.now.revision is not None:
            shown["revisionId"] = record.now.revision
        if params.get("publish"):
            version = publish(record, params.get("versionDescription"), record.now.updated)
            shown["stateMachineVersionArn"] = version.machine.arn
    return shown


def _changes(backend: AslBackend, kind: str, params: UpdateStateMachineInputTypeDef) -> dict[str, Any]:
    """Return what *params* change of a machine of this *kind*, by the names that a machine has for it."""
    changes: dict[str, Any] = {}
    if "definition" in params:
        check_definition(params["definition"], kind)
        changes["definition"] = params["definition"]
    if "roleArn" in params:
        changes["role_arn"] = _role(params["roleArn"])
    if "loggingConfiguration" in params:
        changes["logging"] = read_logging(backend, params["loggingConfiguration"])
    if "tracingConfiguration" in params:
        changes["tracing"] = _tracing(params)
    if "encryptionConfiguration" in params:
        changes["encryption"] = read_encryption(backend, params["encryptionConfiguration"])
    if not changes:
        raise Refused(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be "
            "specified",
        )
    return changes


def delete_state_machine(backend: AslBackend, params: DeleteStateMachineInputTypeDef) -> None:
    """DeleteStateMachine, at once with all that belongs to it; what is not there counts as deleted."""
    given = machine_arn(params["stateMachineArn"])
    if given.qualifier:
        raise invalid_request(f"A version or an alias is deleted by its own action: '{given.text}'")
    backend.delete_machine(given.text)


def list_state_machines(backend: AslBackend, params: ListStateMachinesInputTypeDef) -> dict[str, object]:
    """ListStateMachines, by name."""
    entries, more = backend.pages.page(
        ("machines",),
        sorted(backend.machines.values(), key=lambda each: each.now.name),
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    shown = [
        {
            "stateMachineArn": each.now.arn,
            "name": each.now.name,
            "type": each.now.kind,
            "creationDate": each.created,
        }
        for each in entries
    ]
    return {"stateMachines": shown, **more}


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
        create_state_machine, describe_state_machine, update_state_machine, delete_state_machine, list_state_machines,
        validate_state_machine_definition,
    )
}  # fmt: skip
