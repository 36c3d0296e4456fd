"""Making, changing and deleting a stack: resource by resource, and back again when one fails.

A stack goes one way at a time, as AWS's events show it:

- create: each resource after those that it needs. One that fails takes back all that was made (ROLLBACK_COMPLETE).
- update: each resource that differs is changed in place, or another is made beside it. One that fails brings all to
  what it was (UPDATE_ROLLBACK_COMPLETE). Only then what is no longer needed is deleted.
- delete: each resource before those that it needs, but for those that are to stay.

AWS does this while nobody waits, and several resources at once. Here it is done when the call is answered, one after
the other.

Source: AWS CloudFormation User Guide, "Stack status codes", "Update behaviors of stack resources", "Choose how to
handle failures", and "DeletionPolicy attribute" (read 2026-11-30).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shared.local.stacks.dynamic import resolved
from shared.local.stacks.functions import Scope, evaluate
from shared.local.stacks.kinds import kind_of
from shared.local.stacks.kinds.kind import Kind, ResourceFailed, Work
from shared.local.stacks.parameters import HIDDEN
from shared.local.stacks.reasons import reasons
from shared.local.stacks.records import GONE, Event, Output, Resource, now
from shared.local.stacks.references import in_order
from shared.local.stacks.refusals import RefusedCall, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.local.stacks.blueprint import Blueprint
    from shared.local.stacks.records import Stack, Wanted
    from shared.values import Json

_ASKED = "User Initiated"
_TAGGED = "Tags"


@dataclass(frozen=True, slots=True)
class Around:
    """What an operation is given.

    Attributes:
        client: Returns boto3's client of a service, with the rights that do the work.
        of_function: Returns such a maker with the rights of the role of a function, by the role's ARN.
        account: The account.
        region: The region.
        owner: Whether the account's owner does the work.
        pseudo: The pseudo parameters.
        imports: Returns what a stack exports by a name; None if none does.
        exporter: Returns the name of another stack that exports by a name; empty if none does.
        importers: Returns the names of the stacks that import by a name.
    """

    client: Callable[[str], Any]
    of_function: Callable[[str], Callable[[str], Any]]
    account: str
    region: str
    owner: bool
    pseudo: Mapping[str, Json]
    imports: Callable[[str], Json]
    exporter: Callable[[str], str]
    importers: Callable[[str], list[str]]


class _StackFailed(Exception):
    """A step failed, and the operation ends."""


@dataclass(slots=True)
class _Done:
    """One step that can be taken back."""

    before: Resource | None
    after: Resource


@dataclass(slots=True)
class Operation:
    """One operation on one stack."""

    stack: Stack
    around: Around
    _had: frozenset[str] = frozenset()
    _done: list[_Done] = field(default_factory=list)

    def create(self, wanted: Wanted, blueprint: Blueprint, *, on_failure: str = "ROLLBACK") -> None:
        """Make the stack. *on_failure* is ROLLBACK, DELETE or DO_NOTHING."""
        self.stack.wanted = wanted
        self.stack.become("CREATE_IN_PROGRESS", _ASKED)
        try:
            self._bring_all(wanted, blueprint)
        except _StackFailed as failure:
            self._end_of_create(str(failure), on_failure)
        else:
            self.stack.become("CREATE_COMPLETE")

    def _end_of_create(self, reason: str, on_failure: str) -> None:
        if on_failure == "DO_NOTHING":
            self.stack.become("CREATE_FAILED", reason)
        elif on_failure == "DELETE":
            self._delete_all(f"{reason} Delete requested by user.", failed_create=True)
        else:
            self.stack.become("ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
            failed = self._remove(self._all_backwards(), keeps=_keeps_at_rollback)
            self.stack.become("ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _not_deleted(failed))

    def update(self, wanted: Wanted, blueprint: Blueprint, *, rolls_back: bool = True) -> None:
        """Change the stack to *wanted*; if that fails and it *rolls_back*, to what it was."""
        stack, before = self.stack, self.stack.wanted
        stack.resources = stack.standing()
        self._had = frozenset(stack.resources)
        resources, outputs, imports = dict(stack.resources), list(stack.outputs), set(stack.imports)
        stack.updated = now()
        stack.become("UPDATE_IN_PROGRESS", _ASKED)
        stack.wanted = wanted
        try:
            self._bring_all(wanted, blueprint)
        except _StackFailed as failure:
            if not rolls_back:
                stack.become("UPDATE_FAILED", str(failure))
                return
            stack.wanted, stack.outputs, stack.imports = before, outputs, imports
            stack.become("UPDATE_ROLLBACK_IN_PROGRESS", str(failure))
            self._take_back(resources)
            return
        stack.become("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        left = [each for name, each in resources.items() if name not in blueprint.parts]
        replaced = [each.before for each in self._done if each.before and each.before.physical != each.after.physical]
        self._remove(self._backwards(left), keeps=lambda each: each.keeps)
        self._remove(self._backwards(replaced), keeps=lambda each: each.keeps_replaced, note=False)
        stack.resources = {name: each for name, each in stack.resources.items() if name in blueprint.parts}
        stack.become("UPDATE_COMPLETE")

    def delete(self, retained: Iterable[str] = ()) -> None:
        """Delete the stack; the resources called *retained*, which could not be deleted before, stay."""
        self._delete_all(_ASKED, retained=frozenset(retained))

    def _delete_all(self, reason: str, *, retained: frozenset[str] = frozenset(), failed_create: bool = False) -> None:
        self.stack.become("DELETE_IN_PROGRESS", reason)
        keeps = _keeps_at_rollback if failed_create else (lambda each: each.keeps or each.name in retained)
        failed = self._remove(self._all_backwards(), keeps=keeps)
        if failed:
            self.stack.become("DELETE_FAILED", _not_deleted(failed))
            return
        self.stack.deleted = now()
        self.stack.become("DELETE_COMPLETE")

    def _bring_all(self, wanted: Wanted, blueprint: Blueprint) -> None:
        """Bring every resource to what it is to be, then the outputs.

        Raises:
            _StackFailed: One failed.
        """
        scope = self._scope(wanted)
        for name in blueprint.order:
            try:
                self._bring(name, wanted, blueprint, scope)
            except ResourceFailed as failure:
                self._resource_failed(name, failure.reason)
                verb = "update" if name in self._had else "create"
                raise _StackFailed(f"The following resource(s) failed to {verb}: [{name}].") from failure
        try:
            self.stack.outputs = self._outputs(blueprint, scope)
        except ResourceFailed as failure:
            raise _StackFailed(failure.reason) from failure

    def _scope(self, wanted: Wanted) -> Scope:
        template = wanted.template
        values = {**self.around.pseudo, **{name: given.value for name, given in wanted.parameters.items()}}
        self.stack.imports = set()
        return Scope(values, template.section("Mappings"), template.section("Conditions"), self, self._import)

    def _import(self, name: str) -> Json:
        found = self.around.imports(name)
        self.stack.imports.add(name)
        return found

    def ref(self, name: str) -> Json:
        """Return what a Ref gives of a resource that was made."""
        return self.stack.resources[name].physical

    def attribute(self, name: str, attribute: str) -> Json:
        """Return an attribute of a resource that was made."""
        found = self.stack.resources[name].attributes
        if attribute not in found:
            raise ValidationError(f"Attribute {attribute} of {name} is not there")
        return found[attribute]

    def _bring(self, name: str, wanted: Wanted, blueprint: Blueprint, scope: Scope) -> None:
        """Make the resource *name*, change it, or leave it as it is."""
        part, have = blueprint.parts[name], self.stack.resources.get(name)
        with_facts = Resource(
            name,
            part.kind,
            needs=blueprint.needs[name],
            keeps=part.rest.get("DeletionPolicy") in {"Retain", "RetainExceptOnCreate"},
            keeps_replaced=part.rest.get("UpdateReplacePolicy") == "Retain",
            keeps_at_rollback=part.rest.get("DeletionPolicy") == "Retain",
        )
        if have is None:
            self.stack.resources[name] = with_facts
            self._tell(with_facts, "CREATE_IN_PROGRESS")
            properties, shown = self._properties(wanted, blueprint, name, scope)
            self._done.append(_Done(None, self._create(replace(with_facts, properties=properties, shown=shown))))
            return
        properties, shown = self._properties(wanted, blueprint, name, scope)
        facts = {key: getattr(with_facts, key) for key in ("needs", "keeps", "keeps_replaced", "keeps_at_rollback")}
        kept = replace(have, **facts)
        self.stack.resources[name] = kept
        if properties != have.properties or have.status == "UPDATE_FAILED":
            self._change(kept, properties, shown)

    def _properties(
        self, wanted: Wanted, blueprint: Blueprint, name: str, scope: Scope
    ) -> tuple[Mapping[str, Json], str]:
        """Return what the properties of *name* are now that whatever it needs is there, and how they are shown."""
        told = blueprint.template.resources[name].get("Properties", {})
        with reasons():
            found = evaluate(told, scope)
            properties = self._tagged(wanted, blueprint, name, resolved(found, self.around.client))
        hidden = {key: _hidden(given.value) for key, given in wanted.parameters.items() if given.hidden}
        try:
            shown = evaluate(told, replace(scope, values={**scope.values, **hidden})) if hidden else found
        except RefusedCall:  # a function that wants a part of a secret finds none in the stars
            shown = {}
        return properties, json.dumps(self._tagged(wanted, blueprint, name, shown), default=str) if shown else ""

    def _tagged(self, wanted: Wanted, blueprint: Blueprint, name: str, found: Json) -> dict[str, Json]:
        """Return the properties *found* of *name* with the stack's tags."""
        properties = dict(found) if isinstance(found, dict) else {}
        if wanted.tags and _TAGGED in _kind(blueprint.parts[name].kind).properties:
            own = properties.get(_TAGGED)
            if isinstance(own, dict):  # a few types have a map
                properties[_TAGGED] = {**wanted.tags, **own}
                return properties
            own = list(own) if isinstance(own, list) else []
            said = {each.get("Key") for each in own if isinstance(each, dict)}
            properties[_TAGGED] = own + [{"Key": k, "Value": v} for k, v in wanted.tags.items() if k not in said]
        return properties

    def _create(self, resource: Resource) -> Resource:
        kind, work = _kind(resource.kind), self._work(resource)
        with reasons():
            fitting = kind.fit(resource.name, resource.properties)
            physical = kind.create(work, fitting)
        made = replace(resource, physical=physical)
        self.stack.resources[resource.name] = made  # from here on there is something to take back
        self._tell(made, f"{_verb(resource)}_IN_PROGRESS", "Resource creation Initiated")
        with reasons():
            made = replace(made, attributes={**work.told, **kind.tell(work, physical, fitting)})
        return self._tell(made, f"{_verb(resource)}_COMPLETE")

    def _change(self, have: Resource, properties: Mapping[str, Json], shown: str) -> None:
        """Change *have* in place, or make another in its place where a property asks for that."""
        kind = _kind(have.kind)
        told = {key for key in {*properties, *have.properties} if properties.get(key) != have.properties.get(key)}
        if any((known := kind.property(key)) is not None and known.replaces for key in told):
            self._tell(
                have,
                "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource; hence creating one.",
            )
            if kind.named_by in properties and kind.named_by not in told:
                raise ResourceFailed(
                    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
                    f"{properties[kind.named_by]} and update the stack again."
                )
            self._done.append(_Done(have, have))  # should making the other one fail
            made = self._create(replace(have, properties=properties, shown=shown, status="UPDATE_IN_PROGRESS"))
            self._done[-1] = _Done(have, made)
            return
        self._tell(have, "UPDATE_IN_PROGRESS")
        if not kind.changes:
            raise ResourceFailed(f"the embedded cloud cannot change {have.kind}; delete it and make another one")
        self._done.append(_Done(have, replace(have, properties=properties)))
        self._done[-1].after = self._to(replace(have, shown=shown), properties)

    def _to(self, have: Resource, properties: Mapping[str, Json]) -> Resource:
        """Change *have* in place to *properties*."""
        kind, work = _kind(have.kind), self._work(have)
        with reasons():
            wanted = kind.fit(have.name, properties)
            physical = kind.update(work, have.physical, kind.fit(have.name, have.properties), wanted) or have.physical
            attributes = {**work.told, **kind.tell(work, physical, wanted)}
        return self._tell(
            replace(have, physical=physical, properties=properties, attributes=attributes), "UPDATE_COMPLETE"
        )

    def _take_back(self, resources: dict[str, Resource]) -> None:
        """Bring everything to what it was; *resources* are those that there were."""
        stack, failed = self.stack, []
        made: list[Resource] = []
        for step in reversed(self._done):
            name = step.after.name
            now_there = stack.resources[name]
            if step.before is None or now_there.physical != step.before.physical:
                made.append(now_there)
            elif step.before.properties != step.after.properties:
                self._tell(now_there, "UPDATE_IN_PROGRESS")
                try:
                    self._to(replace(step.before, properties=step.after.properties), step.before.properties)
                except ResourceFailed as failure:
                    self._resource_failed(name, failure.reason)
                    failed.append(name)
        made += [each for name, each in stack.resources.items() if name not in resources and each not in made]
        if failed:
            stack.become(
                "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{', '.join(failed)}]."
            )
            return
        stack.become("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self._remove(self._backwards(made), keeps=_keeps_at_rollback, note=False)
        stack.resources = {
            name: replace(each, status=stack.resources[name].status, changed=stack.resources[name].changed)
            if stack.resources[name].physical == each.physical and stack.resources[name].status == "UPDATE_COMPLETE"
            else each
            for name, each in resources.items()
        }
        stack.become("UPDATE_ROLLBACK_COMPLETE")

    def _outputs(self, blueprint: Blueprint, scope: Scope) -> list[Output]:
        outputs = []
        for name, entry in blueprint.template.entries("Outputs"):
            if name not in blueprint.outputs:
                continue
            with reasons():
                export = entry.get("Export")
                told = evaluate({"Value": entry.get("Value"), "Export": export}, scope)
            outputs.append(self._output(name, entry, told))
        gone = {each.export for each in self.stack.outputs} - {each.export for each in outputs}
        changed = {
            each.export
            for each in self.stack.outputs
            for new in outputs
            if each.export == new.export and each.value != new.value
        }
        for export in sorted((gone | changed) - {""}):
            users = self.around.importers(export)
            if users:
                verb = "deleted" if export in gone else "updated"
                raise ResourceFailed(f"Export {export} cannot be {verb} as it is in use by {', '.join(users)}")
        return outputs

    def _output(self, name: str, entry: Mapping[str, Json], told: Json) -> Output:
        value = told["Value"] if isinstance(told, dict) else None
        export = told.get("Export") if isinstance(told, dict) else None
        export = export.get("Name") if isinstance(export, dict) else None
        if isinstance(value, (dict, list)) or value is None or isinstance(export, (dict, list)):
            raise ResourceFailed(
                f"Template format error: Output {name} is malformed. The Value field must be a string."
            )
        other = self.around.exporter(str(export)) if export is not None else ""
        if other:
            raise ResourceFailed(f"Export with name {export} is already exported by stack {other}.")
        text = value if isinstance(value, str) else json.dumps(value)
        return Output(name, text, str(entry.get("Description", "")), str(export or ""))

    def _all_backwards(self) -> list[Resource]:
        return self._backwards(self.stack.resources.values())

    @staticmethod
    def _backwards(resources: Iterable[Resource]) -> list[Resource]:
        """Return *resources*, each before those that it needs."""
        held = list(resources)
        order = in_order({each.name: each.needs for each in held})
        return sorted(held, key=lambda each: order.index(each.name), reverse=True)

    def _remove(
        self, resources: Iterable[Resource], *, keeps: Callable[[Resource], bool], note: bool = True
    ) -> list[str]:
        """Delete *resources* but for those that it *keeps*, and return the names of those that could not be.

        The stack's own record of them is *note*d, unless another has taken their place there.
        """
        failed = []
        for resource in resources:
            if not resource.physical or resource.status in GONE:
                continue
            if keeps(resource):
                self._tell(resource, "DELETE_SKIPPED", note=note)
            elif not self._delete(resource, note=note):
                failed.append(resource.name)
        return failed

    def _delete(self, resource: Resource, *, note: bool) -> bool:
        self._tell(resource, "DELETE_IN_PROGRESS", note=note)
        kind = _kind(resource.kind)
        try:
            with reasons():
                kind.delete(self._work(resource), resource.physical, kind.fit(resource.name, resource.properties))
        except ResourceFailed as failure:
            self._tell(resource, "DELETE_FAILED", failure.reason, note=note)
            return False
        self._tell(resource, "DELETE_COMPLETE", note=note)
        return True

    def _work(self, resource: Resource) -> Work:
        around, stack = self.around, self.stack
        place = around.account, around.region, stack.name, stack.stack_id
        return Work(around.client, *place, resource.name, resource.kind, around.of_function, around.owner)

    def _resource_failed(self, name: str, reason: str) -> None:
        resource = self.stack.resources[name]
        self._tell(resource, "UPDATE_FAILED" if name in self._had else "CREATE_FAILED", reason)

    def _tell(self, resource: Resource, status: str, reason: str = "", *, note: bool = True) -> Resource:
        """Give *resource* a *status*, tell it as an event, and return it; *note* it as what the stack has."""
        told = replace(resource, status=status, reason=reason, changed=now())
        if note:
            self.stack.resources[resource.name] = told
        self.stack.note(Event(resource.name, resource.kind, resource.physical, status, reason, resource.shown))
        return told


def _kind(name: str) -> Kind:
    kind = kind_of(name)
    if kind is None:
        raise ResourceFailed(f"the embedded cloud no longer has the type {name}")
    return kind


def _hidden(value: Json) -> Json:
    return [HIDDEN for _ in value] if isinstance(value, list) else HIDDEN


def _verb(resource: Resource) -> str:
    return "UPDATE" if resource.status.startswith("UPDATE") else "CREATE"


def _keeps_at_rollback(resource: Resource) -> bool:
    return resource.keeps_at_rollback


def _not_deleted(failed: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(failed)}]. " if failed else ""
