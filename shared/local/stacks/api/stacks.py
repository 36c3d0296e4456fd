"""Stacks: made, changed, deleted and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.stacks.api.asked import Asked, page, shown, without_none
from shared.local.stacks.blueprint import check_capabilities
from shared.local.stacks.changes import differs
from shared.local.stacks.parameters import HIDDEN
from shared.local.stacks.refusals import AlreadyExists, ValidationError, no_stack

if TYPE_CHECKING:
    from shared.local.stacks.blueprint import Blueprint
    from shared.local.stacks.records import Resource, Stack, Wanted

_PAGE = 100
_WANTS = [
    "StackName",
    "TemplateBody",
    "TemplateURL",
    "Parameters",
    "Capabilities",
    "RoleARN",
    "Tags",
    "ClientRequestToken",
    "DisableRollback",
]
UPDATABLE = frozenset(
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_FAILED",
        "IMPORT_COMPLETE",
    ]
)


def create_stack(asked: Asked) -> dict[str, Any]:
    """Make a stack. What goes wrong with a resource is told by its status, not by this call."""
    asked.only(*_WANTS, "OnFailure", "TimeoutInMinutes", "EnableTerminationProtection", "DeploymentConfig")
    asked.standard_mode()
    if asked.text("OnFailure") and asked.params.get("DisableRollback") is not None:
        raise ValidationError("You cannot specify both DisableRollback and OnFailure.")
    name = asked.text("StackName")
    _see_that_it_is_new(asked, name)
    stack = asked.new_stack()
    stack.protected = bool(asked.params.get("EnableTerminationProtection"))
    wanted = asked.wanted(None)
    blueprint = asked.blueprint(name, stack.stack_id, wanted)
    check_capabilities(blueprint, wanted.capabilities)
    operation = asked.operation(stack, wanted.role)
    on_failure = asked.text("OnFailure") or ("DO_NOTHING" if asked.params.get("DisableRollback") else "ROLLBACK")
    stack.rolls_back = on_failure == "ROLLBACK"
    with asked.lock:
        _see_that_it_is_new(asked, name)
        asked.tables.forget_old()
        asked.tables.stacks[stack.stack_id] = stack
        stack.status = "CREATE_IN_PROGRESS"
    operation.create(wanted, blueprint, on_failure=on_failure)
    return {"StackId": stack.stack_id}


def _see_that_it_is_new(asked: Asked, name: str) -> None:
    if asked.tables.find(name) is not None:
        raise AlreadyExists(f"Stack [{name}] already exists")


def drawn_before(asked: Asked, stack: Stack) -> Blueprint | None:
    """Return the blueprint of what *stack* is; None if it is nothing yet."""
    return asked.blueprint(stack.name, stack.stack_id, stack.wanted) if stack.wanted else None


def changed(asked: Asked, stack: Stack, wanted: Wanted, blueprint: Blueprint) -> bool:
    """Say whether *wanted* is anything else than *stack* is."""
    have = stack.standing()
    old = stack.wanted
    return old is None or dict(old.tags) != dict(wanted.tags) or differs(drawn_before(asked, stack), blueprint, have)


def update_stack(asked: Asked) -> dict[str, Any]:
    """Change a stack."""
    asked.only(*_WANTS, "UsePreviousTemplate", "DeploymentConfig")
    asked.standard_mode()
    stack = asked.stack()
    see_that_it_is_free(stack)
    wanted = asked.wanted(stack.wanted)
    blueprint = asked.blueprint(stack.name, stack.stack_id, wanted)
    see_types_stay(stack, blueprint)
    check_capabilities(blueprint, wanted.capabilities)
    if not changed(asked, stack, wanted, blueprint):
        raise ValidationError("No updates are to be performed.")
    operation = asked.operation(stack, wanted.role)
    with asked.lock:
        see_that_it_is_free(stack)
        stack.status = "UPDATE_IN_PROGRESS"
    operation.update(wanted, blueprint, rolls_back=not asked.params.get("DisableRollback"))
    return {"StackId": stack.stack_id}


def see_that_it_is_free(stack: Stack) -> None:
    """Refuse an update of a stack that is in the middle of something, or not in a state to go on from.

    Raises:
        ValidationError: It is.
    """
    if stack.status == "DELETE_COMPLETE":
        raise no_stack(stack.name)
    if stack.status not in UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def see_types_stay(stack: Stack, blueprint: Blueprint) -> None:
    """Refuse a template that gives a resource another type.

    Raises:
        ValidationError: It does.
    """
    other = [
        name
        for name, each in stack.standing().items()
        if name in blueprint.parts and blueprint.parts[name].kind != each.kind
    ]
    if other:
        raise ValidationError(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(other)}]"
        )


def delete_stack(asked: Asked) -> dict[str, Any]:
    """Delete a stack. One that is not there counts as deleted."""
    asked.only("StackName", "RoleARN", "RetainResources", "ClientRequestToken", "DeploymentConfig")
    asked.standard_mode()
    stack = asked.tables.find(asked.text("StackName"))
    if stack is None or stack.status == "DELETE_COMPLETE":
        return {}
    retained = asked.listed("RetainResources")
    if retained and stack.status != "DELETE_FAILED":
        raise ValidationError(
            f"Invalid operation on stack [{stack.stack_id}]. RetainResources is only valid for stacks in "
            "DELETE_FAILED state"
        )
    role = asked.text("RoleARN") or (stack.wanted.role if stack.wanted else "")
    operation = asked.operation(stack, role)
    with asked.lock:
        if stack.protected:
            raise ValidationError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack.busy:
            raise ValidationError(f"Stack [{stack.stack_id}] is in {stack.status} state and can not be deleted.")
        for output in stack.outputs:
            users = operation.around.importers(output.export) if output.export else []
            if users:
                raise ValidationError(f"Export {output.export} cannot be deleted as it is in use by {', '.join(users)}")
        stack.status = "DELETE_IN_PROGRESS"
    operation.delete(retained)
    for key in [key for key, each in asked.tables.change_sets.items() if each.stack_id == stack.stack_id]:
        del asked.tables.change_sets[key]
    return {}


def describe_stacks(asked: Asked) -> dict[str, Any]:
    """Tell of one stack, or of all that are not deleted."""
    asked.only("StackName", "NextToken")
    name = asked.text("StackName")
    found = [asked.stack()] if name else sorted(asked.tables.there(), key=lambda each: each.created, reverse=True)
    part, token = page(asked, found, _PAGE)
    return without_none({"Stacks": [_described(each) for each in part], "NextToken": token})


def _described(stack: Stack) -> dict[str, Any]:
    wanted = stack.wanted
    told = {
        **_summary(stack),
        "Description": wanted.template.description if wanted else None,
        "Parameters": told_parameters(wanted),
        "DisableRollback": not stack.rolls_back,
        "NotificationARNs": [],
        "Capabilities": list(wanted.capabilities) if wanted else [],
        "RoleARN": wanted.role if wanted else None,
        "Tags": shown(stack.tags),
        "EnableTerminationProtection": stack.protected,
        "Outputs": [
            without_none(
                {
                    "OutputKey": each.key,
                    "OutputValue": each.value,
                    "Description": each.description,
                    "ExportName": each.export,
                }
            )
            for each in stack.outputs
        ],
        "RollbackConfiguration": {},
    }
    told.pop("TemplateDescription", None)
    return without_none(told)


def told_parameters(wanted: Wanted | None) -> list[dict[str, str]]:
    """Return the parameters of *wanted* as the API shows them: those with NoEcho without their values."""
    return [
        without_none(
            {
                "ParameterKey": name,
                "ParameterValue": HIDDEN if given.hidden else given.text,
                "ResolvedValue": HIDDEN if given.hidden and given.resolved else given.resolved,
            }
        )
        for name, given in (wanted.parameters.items() if wanted else ())
    ]


def _summary(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "TemplateDescription": stack.wanted.template.description if stack.wanted else None,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def list_stacks(asked: Asked) -> dict[str, Any]:
    """Tell of all stacks, deleted ones included, or of those with certain statuses."""
    asked.only("NextToken", "StackStatusFilter")
    wanted = asked.listed("StackStatusFilter")
    found = [each for each in list(asked.tables.stacks.values()) if not wanted or each.status in wanted]
    part, token = page(asked, sorted(found, key=lambda each: each.created, reverse=True), _PAGE)
    return without_none({"StackSummaries": [without_none(_summary(each)) for each in part], "NextToken": token})


def describe_stack_events(asked: Asked) -> dict[str, Any]:
    """Tell what happened to a stack, the newest first."""
    asked.only("StackName", "NextToken")
    stack = asked.stack()
    part, token = page(asked, list(reversed(stack.events)), _PAGE)
    told = [
        without_none(
            {
                "StackId": stack.stack_id,
                "EventId": event.id,
                "StackName": stack.name,
                "LogicalResourceId": event.name,
                "PhysicalResourceId": event.physical,
                "ResourceType": event.kind,
                "Timestamp": event.at,
                "ResourceStatus": event.status,
                "ResourceStatusReason": event.reason,
                "ResourceProperties": event.properties,
            }
        )
        for event in part
    ]
    return without_none({"StackEvents": told, "NextToken": token})


def _resource(stack: Stack, each: Resource) -> dict[str, Any]:
    return without_none(
        {
            "StackName": stack.name,
            "StackId": stack.stack_id,
            "LogicalResourceId": each.name,
            "PhysicalResourceId": each.physical,
            "ResourceType": each.kind,
            "ResourceStatus": each.status,
            "ResourceStatusReason": each.reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }
    )


def describe_stack_resource(asked: Asked) -> dict[str, Any]:
    """Tell of one resource."""
    asked.only("StackName", "LogicalResourceId")
    stack = asked.stack()
    name = asked.text("LogicalResourceId")
    if name not in stack.resources:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    each = stack.resources[name]
    return {"StackResourceDetail": {**_resource(stack, each), "LastUpdatedTimestamp": each.changed}}


def describe_stack_resources(asked: Asked) -> dict[str, Any]:
    """Tell of all resources of a stack, or of those with a logical or physical id."""
    asked.only("StackName", "LogicalResourceId", "PhysicalResourceId")
    name, physical = asked.text("LogicalResourceId"), asked.text("PhysicalResourceId")
    if physical and not asked.text("StackName"):
        owners = [s for s in asked.tables.there() if any(r.physical == physical for r in s.resources.values())]
        if not owners:
            raise ValidationError(f"Stack for {physical} does not exist")
        stack = owners[0]
        physical = ""
    elif asked.text("StackName"):
        stack = asked.stack()
    else:
        raise ValidationError("Either StackName or PhysicalResourceId must be specified.")
    found = [
        {**_resource(stack, each), "Timestamp": each.changed}
        for each in stack.resources.values()
        if name in ("", each.name) and physical in ("", each.physical)
    ]
    return {"StackResources": found}


def list_stack_resources(asked: Asked) -> dict[str, Any]:
    """Tell of all resources of a stack, in short."""
    asked.only("StackName", "NextToken")
    stack = asked.stack()
    part, token = page(asked, list(stack.resources.values()), _PAGE)
    told = [{**_resource(stack, each), "LastUpdatedTimestamp": each.changed} for each in part]
    for each in told:
        del each["StackName"], each["StackId"]
    return without_none({"StackResourceSummaries": told, "NextToken": token})


def update_termination_protection(asked: Asked) -> dict[str, Any]:
    """Have a stack kept from deletion, or no longer."""
    asked.only("StackName", "EnableTerminationProtection")
    stack = asked.stack()
    if stack.status == "DELETE_COMPLETE":
        raise no_stack(asked.text("StackName"))
    stack.protected = bool(asked.params.get("EnableTerminationProtection"))
    return {"StackId": stack.stack_id}


def list_exports(asked: Asked) -> dict[str, Any]:
    """Tell what the stacks of the region export."""
    asked.only("NextToken")
    found = [
        {"ExportingStackId": stack.stack_id, "Name": output.export, "Value": output.value}
        for stack in asked.tables.there()
        for output in stack.outputs
        if output.export
    ]
    part, token = page(asked, sorted(found, key=lambda each: each["Name"]), _PAGE)
    return without_none({"Exports": part, "NextToken": token})


def list_imports(asked: Asked) -> dict[str, Any]:
    """Tell which stacks import an export."""
    asked.only("ExportName", "NextToken")
    name = asked.text("ExportName")
    found = [each.name for each in asked.tables.there() if name in each.imports]
    if not found:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    part, token = page(asked, found, _PAGE)
    return without_none({"Imports": part, "NextToken": token})


def get_stack_policy(asked: Asked) -> dict[str, Any]:
    """Tell that a stack has no policy: this cloud sets none."""
    asked.only("StackName")
    asked.stack()
    return {}


def cancel_update_stack(asked: Asked) -> dict[str, Any]:
    """Refuse it: an update is over when its call is answered."""
    stack = asked.stack()
    raise ValidationError(f"CancelUpdateStack cannot be called from current stack status {stack.status}")
