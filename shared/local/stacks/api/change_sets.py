"""Change sets: what a stack would become, looked at first and then carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.stacks.api.asked import Asked, page, shown, without_none
from shared.local.stacks.api.stacks import (
    changed,
    drawn_before,
    see_that_it_is_free,
    see_types_stay,
    told_parameters,
)
from shared.local.stacks.blueprint import check_capabilities
from shared.local.stacks.changes import changes, replaces
from shared.local.stacks.records import ChangeSet, Stack
from shared.local.stacks.refusals import (
    AlreadyExists,
    ChangeSetNotFound,
    InvalidChangeSetStatus,
    ValidationError,
    no_stack,
    not_here,
)

if TYPE_CHECKING:
    from shared.local.stacks.records import Change

_PAGE = 100
_REVIEW = "REVIEW_IN_PROGRESS"
# aws cloudformation deploy looks for these words.
_SAME = "The submitted information didn't contain changes. Submit different information to create a change set."


def create_change_set(asked: Asked) -> dict[str, Any]:
    """Find out what a template would change, and keep it to be executed."""
    asked.only(
        *[
            "StackName",
            "TemplateBody",
            "TemplateURL",
            "UsePreviousTemplate",
            "Parameters",
            "Capabilities",
            "RoleARN",
            "Tags",
            "ChangeSetName",
            "ClientToken",
            "Description",
            "ChangeSetType",
            "OnStackFailure",
            "DeploymentConfig",
            "ImportExistingResources",  # what exists already fails its resource here
            "IncludeNestedStacks",  # a stack in a stack is refused by its type
        ]
    )
    asked.standard_mode()
    kind = asked.text("ChangeSetType") or "UPDATE"
    if kind not in {"CREATE", "UPDATE"}:
        raise not_here([f"the ChangeSetType {kind}"])
    on_failure = asked.text("OnStackFailure")
    if on_failure not in {"", "ROLLBACK"}:
        raise not_here([f"the OnStackFailure {on_failure} of a change set"])
    stack, new = _stack_for(asked, makes=kind == "CREATE")
    name = asked.text("ChangeSetName")
    if _find(asked, name, stack) is not None:
        raise AlreadyExists(f"ChangeSet {name} already exists")
    wanted = asked.wanted(stack.wanted)
    blueprint = asked.blueprint(stack.name, stack.stack_id, wanted)
    see_types_stay(stack, blueprint)
    check_capabilities(blueprint, wanted.capabilities)
    have = stack.standing()
    made = ChangeSet(
        asked.new_id("changeSet", name),
        name,
        stack.stack_id,
        kind == "CREATE",
        wanted,
        changes(drawn_before(asked, stack), blueprint, have),
        asked.text("Description"),
    )
    if not changed(asked, stack, wanted, blueprint):
        made.status, made.executable, made.reason = "FAILED", "UNAVAILABLE", _SAME
    with asked.lock:
        if new:
            _stack_for(asked, makes=True)
            asked.tables.forget_old()
            stack.become(_REVIEW, "User Initiated")
            asked.tables.stacks[stack.stack_id] = stack
        asked.tables.add(made)
    return {"Id": made.id, "StackId": stack.stack_id}


def _stack_for(asked: Asked, *, makes: bool) -> tuple[Stack, bool]:
    """Return the stack of a new change set, and whether it is a new one itself."""
    name = asked.text("StackName")
    found = asked.tables.find(name)
    there = found is not None and found.status != "DELETE_COMPLETE"
    if makes and found is not None and there and found.status != _REVIEW:
        raise ValidationError(
            f"Stack [{name}] already exists and cannot be created again with the changeSet "
            f"[{asked.text('ChangeSetName')}]."
        )
    if makes and not there:
        if name.startswith("arn:"):
            raise no_stack(name)
        return asked.new_stack(), True
    if found is None or not there:
        raise ValidationError(f"Stack [{name}] does not exist")
    if not makes:
        see_that_it_is_free(found)
    return found, False


def _find(asked: Asked, name: str, stack: Stack | None) -> ChangeSet | None:
    for each in list(asked.tables.change_sets.values()):
        if each.id == name or (stack is not None and each.name == name and each.stack_id == stack.stack_id):
            return each
    return None


def change_set_of(asked: Asked) -> ChangeSet:
    """Return the change set that the call names, which is one of the stack that it names.

    Raises:
        ChangeSetNotFound: There is none.
        ValidationError: The call names no stack, or none that is there.
    """
    found = _named(asked)
    if found is None:
        raise ChangeSetNotFound(f"ChangeSet [{asked.text('ChangeSetName')}] does not exist")
    return found


def _named(asked: Asked) -> ChangeSet | None:
    """Return the change set that the call names; None if its stack has none of that name or id.

    The stack that the call names is the one whose rights were asked for, also where an ARN names the change set.
    """
    name = asked.text("ChangeSetName")
    if asked.text("StackName"):
        stack = asked.stack()
        found = _find(asked, name, stack)
        return found if found is not None and found.stack_id == stack.stack_id else None
    if not name.startswith("arn:"):
        raise ValidationError("StackName must be specified if ChangeSetName is not specified as an ARN.")
    return _find(asked, name, None)


def describe_change_set(asked: Asked) -> dict[str, Any]:
    """Tell of a change set."""
    asked.only("ChangeSetName", "StackName", "NextToken")
    found = change_set_of(asked)
    part, token = page(asked, found.changes, _PAGE)
    return without_none(
        {
            **_summary(asked, found),
            "Parameters": told_parameters(found.wanted),
            "NotificationARNs": [],
            "RollbackConfiguration": {},
            "Capabilities": list(found.wanted.capabilities),
            "Tags": shown(found.wanted.tags),
            "Changes": [{"Type": "Resource", "ResourceChange": _told(each)} for each in part],
            "NextToken": token,
            "IncludeNestedStacks": False,
        }
    )


def _told(change: Change) -> dict[str, Any]:
    told = {
        "Action": change.action,
        "LogicalResourceId": change.name,
        "PhysicalResourceId": change.physical,
        "ResourceType": change.kind,
        "Replacement": change.replacement,
    }
    if change.action != "Modify":
        return {**without_none(told), "Scope": [], "Details": []}
    details = [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": name,
                "RequiresRecreation": "Always" if replaces(change.kind, name) else "Never",
            },
            "Evaluation": "Dynamic" if change.replacement == "Conditional" else "Static",
            "ChangeSource": "DirectModification",
        }
        for name in change.properties
    ]
    return {**without_none(told), "Scope": ["Properties"] if details else ["Metadata"], "Details": details}


def _summary(asked: Asked, found: ChangeSet) -> dict[str, Any]:
    return {
        "ChangeSetName": found.name,
        "ChangeSetId": found.id,
        "StackId": found.stack_id,
        "StackName": asked.tables.stacks[found.stack_id].name,
        "Description": found.description,
        "CreationTime": found.created,
        "ExecutionStatus": found.executable,
        "Status": found.status,
        "StatusReason": found.reason,
    }


def list_change_sets(asked: Asked) -> dict[str, Any]:
    """Tell of all change sets of a stack."""
    asked.only("StackName", "NextToken")
    stack = asked.stack()
    found = [each for each in list(asked.tables.change_sets.values()) if each.stack_id == stack.stack_id]
    part, token = page(asked, found, _PAGE)
    return without_none({"Summaries": [without_none(_summary(asked, each)) for each in part], "NextToken": token})


def delete_change_set(asked: Asked) -> dict[str, Any]:
    """Delete a change set. One that is not there counts as deleted."""
    asked.only("ChangeSetName", "StackName")
    found = _named(asked)
    if found is not None:
        asked.tables.change_sets.pop(found.id, None)
    return {}


def execute_change_set(asked: Asked) -> dict[str, Any]:
    """Do what a change set says. The other change sets of its stack, made for what it was, are deleted."""
    asked.only("ChangeSetName", "StackName", "ClientRequestToken", "DisableRollback")
    found = change_set_of(asked)
    stack = asked.tables.stacks[found.stack_id]
    blueprint = asked.blueprint(stack.name, stack.stack_id, found.wanted)
    operation = asked.operation(stack, found.wanted.role)
    with asked.lock:
        if found.executable != "AVAILABLE":
            raise InvalidChangeSetStatus(
                f"ChangeSet [{found.id}] cannot be executed in its current execution status of [{found.executable}]"
            )
        if found.makes and stack.status != _REVIEW:
            raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be created.")
        if not found.makes:
            see_that_it_is_free(stack)
        stack.status = "CREATE_IN_PROGRESS" if found.makes else "UPDATE_IN_PROGRESS"
        found.executable = "EXECUTE_IN_PROGRESS"
        for key, each in list(asked.tables.change_sets.items()):
            if each.stack_id == stack.stack_id and each is not found:
                del asked.tables.change_sets[key]
    rolls_back = not asked.params.get("DisableRollback")
    if found.makes:
        stack.rolls_back = rolls_back
        operation.create(found.wanted, blueprint, on_failure="ROLLBACK" if rolls_back else "DO_NOTHING")
    else:
        operation.update(found.wanted, blueprint, rolls_back=rolls_back)
    done = stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status
    found.executable = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"
    return {}
