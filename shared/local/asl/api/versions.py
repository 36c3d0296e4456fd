"""Publishing, listing and deleting versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.arns import machine_arn
from shared.local.asl.refusals import conflict, invalid_arn, no_machine, too_many

if TYPE_CHECKING:
    import datetime as dt

    from mypy_boto3_stepfunctions.type_defs import (
        DeleteStateMachineVersionInputTypeDef,
        ListStateMachineVersionsInputTypeDef,
        PublishStateMachineVersionInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.identity import StartedMachine
    from shared.local.asl.records import MachineRecord, Version

_INITIAL = "INITIAL"  # API reference, PublishStateMachineVersion: the revision of a machine that has no id of one
_MOST = 1000  # Developer Guide, "Quotas related to accounts": versions of a machine (read 2026-11-30)


def publish(record: MachineRecord, description: str | None, when: dt.datetime) -> Version:
    """Return the version of the present revision of a machine, made now if there is none.

    Raises:
        Refused: ServiceQuotaExceededException.
    """
    if record.current_version is None and len(record.versions) >= _MOST:
        raise too_many("ServiceQuotaExceededException", "versions of a state machine", _MOST)
    return record.publish(description, when)


def describe_version(version: Version) -> tuple[StartedMachine, dict[str, object]]:
    """Return the machine as *version* keeps it, and what is told of the version itself."""
    described = {} if version.description is None else {"description": version.description}
    return version.machine, {"creationDate": version.created, **described}


def publish_state_machine_version(
    backend: AslBackend, params: PublishStateMachineVersionInputTypeDef
) -> dict[str, object]:
    """PublishStateMachineVersion: a new version, or that of this revision, whatever its description is."""
    given = machine_arn(params["stateMachineArn"])
    if given.qualifier:
        raise no_machine(given.text)
    with backend.changing:
        record = backend.machine(given.text)
        wanted, current = params.get("revisionId"), record.now.revision or _INITIAL
        if wanted is not None and wanted != current:
            raise conflict(
                f"Failed to publish the State Machine version for revision {wanted}. "
                f"The current State Machine revision is {current}."
            )
        version = publish(record, params.get("description"), backend.now())
    return {"creationDate": version.created, "stateMachineVersionArn": version.machine.arn}


def list_state_machine_versions(backend: AslBackend, params: ListStateMachineVersionsInputTypeDef) -> dict[str, object]:
    """ListStateMachineVersions, the newest first."""
    given = machine_arn(params["stateMachineArn"])
    record = None if given.qualifier else backend.machines.get(given.text)
    if record is None:  # the action has no error for a machine that is not there
        raise invalid_arn(given.text)
    entries, more = backend.pages.page(
        ("versions", given.text),
        sorted(record.versions.values(), key=lambda each: each.number, reverse=True),
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    shown = [{"stateMachineVersionArn": each.machine.arn, "creationDate": each.created} for each in entries]
    return {"stateMachineVersions": shown, **more}


def delete_state_machine_version(backend: AslBackend, params: DeleteStateMachineVersionInputTypeDef) -> None:
    """DeleteStateMachineVersion: refused while an alias points at it; what is not there counts as deleted."""
    given = machine_arn(params["stateMachineVersionArn"])
    if not given.qualifier.isdecimal():
        raise invalid_arn(given.text)
    with backend.changing:
        record = backend.machines.get(given.owner)
        version = record.version_of(given.text) if record else None
        if record is None or version is None:
            return
        users = [alias.name for alias in record.aliases.values() if given.text in alias.routes]
        if users:
            raise conflict(
                f"Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
                f"version: [{', '.join(users)}]"
            )
        del record.versions[version.number]


ACTIONS = {
    action.__name__: action
    for action in (publish_state_machine_version, list_state_machine_versions, delete_state_machine_version)
}
