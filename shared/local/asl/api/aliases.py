"""Making, describing, changing, deleting and listing aliases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.local.asl.arns import machine_arn, read_arn
from shared.local.asl.records import Alias
from shared.local.asl.refusals import (
    conflict,
    invalid_arn,
    invalid_request,
    no_alias,
    no_machine,
    no_resource,
    too_many,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_stepfunctions.type_defs import (
        CreateStateMachineAliasInputTypeDef,
        DeleteStateMachineAliasInputTypeDef,
        DescribeStateMachineAliasInputTypeDef,
        ListStateMachineAliasesInputTypeDef,
        RoutingConfigurationListItemTypeDef,
        UpdateStateMachineAliasInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.records import MachineRecord

_MOST = 100  # Developer Guide, "Quotas related to accounts": aliases of a machine (read 2026-11-30)
_ALL = 100
_ROUTES = "INVALID_ROUTING_CONFIGURATION"


def create_state_machine_alias(backend: AslBackend, params: CreateStateMachineAliasInputTypeDef) -> dict[str, object]:
    """CreateStateMachineAlias. The same request again changes nothing."""
    name, description = params["name"], params.get("description")
    with backend.changing:
        record, routes = _read_routes(backend, params["routingConfiguration"])
        alias = record.aliases.get(name)
        if alias is None:
            if len(record.aliases) >= _MOST:
                raise too_many("ServiceQuotaExceededException", "aliases of a state machine", _MOST)
            now = backend.now()
            alias = record.aliases[name] = Alias(f"{record.now.arn}:{name}", name, description, routes, now, now)
        elif (alias.routes, alias.description) != (routes, description):
            raise conflict(
                "Failed to create alias because an alias with the same name and a different routing configuration "
                "already exists."
            )
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}


def _read_routes(
    backend: AslBackend, given: Sequence[RoutingConfigurationListItemTypeDef]
) -> tuple[MachineRecord, dict[str, int]]:
    """Return the machine whose versions *given* names, and the weight of each.

    Raises:
        Refused: They are not one or two versions of one machine with 100 per cent in all, or they are not there.
    """
    arns = [each["stateMachineVersionArn"] for each in given]
    weights = [each["weight"] for each in given]
    received = f"[{', '.join(arns)}]"
    if len(set(arns)) < len(arns):
        raise invalid_request(
            f"Routing configuration must contain distinct state machine version ARNs. Received: {received}", _ROUTES
        )
    if sum(weights) != _ALL:
        received = json.dumps(weights)
        raise invalid_request(f"Sum of routing configuration weights must equal 100. Received: {received}", _ROUTES)
    versions = [machine_arn(arn) for arn in arns]
    if not all(each.qualifier.isdecimal() for each in versions):
        raise invalid_request(
            f"Routing configuration must contain state machine version ARNs. Received: {received}", _ROUTES
        )
    if len({each.owner for each in versions}) > 1:
        raise invalid_request(
            f"Routing configuration must contain versions of one state machine. Received: {received}", _ROUTES
        )
    record = backend.machines.get(versions[0].owner)
    for each in versions:
        if record is None or record.version_of(each.text) is None:
            raise no_resource(each.text)
    return backend.machine(versions[0].owner), dict(zip(arns, weights, strict=True))


def _find(backend: AslBackend, arn: str) -> tuple[MachineRecord, Alias | None]:
    """Return the alias of *arn*, if it is there, and its machine.

    Raises:
        Refused: InvalidArn: it is no alias's; ResourceNotFound: there is no such machine.
    """
    given = machine_arn(arn)
    if not given.qualifier or given.qualifier.isdecimal():
        raise invalid_arn(arn)
    record = backend.machines.get(given.owner)
    if record is None:
        raise no_alias()
    return record, record.aliases.get(given.qualifier)


def describe_state_machine_alias(
    backend: AslBackend, params: DescribeStateMachineAliasInputTypeDef
) -> dict[str, object]:
    """DescribeStateMachineAlias."""
    _, alias = _find(backend, params["stateMachineAliasArn"])
    if alias is None:
        raise no_alias()
    routes = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in alias.routes.items()]
    described = {} if alias.description is None else {"description": alias.description}
    return {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": routes,
        "creationDate": alias.created,
        "updateDate": alias.updated,
        **described,
    }


def update_state_machine_alias(backend: AslBackend, params: UpdateStateMachineAliasInputTypeDef) -> dict[str, object]:
    """UpdateStateMachineAlias."""
    if "description" not in params and "routingConfiguration" not in params:
        raise invalid_request(
            "Either the description or the RoutingConfiguration must be specified", "MISSING_REQUIRED_PARAMETER"
        )
    with backend.changing:
        record, alias = _find(backend, params["stateMachineAliasArn"])
        if alias is None:
            raise no_alias()
        backend.machine(record.now.arn)
        if "routingConfiguration" in params:
            other, routes = _read_routes(backend, params["routingConfiguration"])
            if other is not record:
                raise invalid_request("Routing configuration must contain versions of the alias's machine.", _ROUTES)
            alias.routes = routes
        alias.description = params.get("description", alias.description)
        alias.updated = backend.now()
    return {"updateDate": alias.updated}


def delete_state_machine_alias(backend: AslBackend, params: DeleteStateMachineAliasInputTypeDef) -> None:
    """DeleteStateMachineAlias; what is not there counts as deleted."""
    with backend.changing:
        record, alias = _find(backend, params["stateMachineAliasArn"])
        if alias is not None:
            del record.aliases[alias.name]


def list_state_machine_aliases(backend: AslBackend, params: ListStateMachineAliasesInputTypeDef) -> dict[str, object]:
    """ListStateMachineAliases, of a machine or of a version, the oldest first."""
    given = read_arn(params["stateMachineArn"], "stateMachine")
    if given.owner not in backend.machines:
        raise no_machine(given.text)
    record = backend.machine(given.owner)
    if given.qualifier and record.version_of(given.text) is None:
        raise no_resource(given.text)
    entries, more = backend.pages.page(
        ("aliases", given.text),
        [each for each in list(record.aliases.values()) if not given.qualifier or given.text in each.routes],
        params.get("maxResults"),
        params.get("nextToken"),
        backend.now().timestamp(),
    )
    shown = [{"stateMachineAliasArn": each.arn, "creationDate": each.created} for each in entries]
    return {"stateMachineAliases": shown, **more}


ACTIONS = {
    action.__name__: action
    for action in (
        create_state_machine_alias, describe_state_machine_alias, update_state_machine_alias,
        delete_state_machine_alias, list_state_machine_aliases,
    )
}  # fmt: skip
