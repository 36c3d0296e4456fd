"""A template with its parameters: all that can be told of a stack before anything of it is made.

Functions are evaluated, conditions decided. A resource that is not there yet stands for itself, as a text that no
template has. So two blueprints tell what a change of a stack changes, and what this cloud cannot do is found in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.local.stacks import references
from shared.local.stacks.dynamic import unknown_references
from shared.local.stacks.functions import Scope, assertion_holds, evaluate
from shared.local.stacks.kinds import kind_of
from shared.local.stacks.kinds.custom import OWN as CUSTOM
from shared.local.stacks.refusals import InsufficientCapabilities, ValidationError, not_here
from shared.local.stacks.shapes import unknown_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.stacks.records import Wanted
    from shared.local.stacks.template import Template
    from shared.values import Json

_NAMED = "CAPABILITY_NAMED_IAM"
_EITHER = frozenset({"CAPABILITY_IAM", _NAMED})


@dataclass(frozen=True, slots=True)
class Part:
    """A resource as a template wants it.

    Attributes:
        kind: Its type.
        properties: What is known of its properties.
        rest: Its other attributes, such as DeletionPolicy.
    """

    kind: str
    properties: Mapping[str, Json]
    rest: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a stack is to be.

    Attributes:
        template: Its template.
        order: The logical ids of its resources, each after those that it needs. One whose condition is false is not
            among them.
        needs: What each of them needs.
        parts: The resources.
        outputs: The outputs whose conditions are true, evaluated as far as that goes.
    """

    template: Template
    order: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    parts: Mapping[str, Part]
    outputs: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Open:
    """Resources of a stack that does not stand yet."""

    live: frozenset[str]

    def ref(self, name: str) -> Json:
        return self._stands_for(name, "")

    def attribute(self, name: str, attribute: str) -> Json:
        return self._stands_for(name, attribute)

    def _stands_for(self, name: str, attribute: str) -> str:
        if name not in self.live:
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the "
                "template"
            )
        return f"\0{name}.{attribute}\0"


def scope_of(wanted: Wanted, pseudo: Mapping[str, Json], exports: Callable[[str], Json], resources: _Open) -> Scope:
    """Return what expressions of *wanted* may name before its resources are there."""
    values = {**pseudo, **{name: given.value for name, given in wanted.parameters.items()}}
    template = wanted.template
    names = resources.live

    def names_a_resource(argument: Json) -> bool:
        return any(each.name in names for each in references.references([argument]))

    return Scope(
        values, template.section("Mappings"), template.section("Conditions"), resources, exports, names_a_resource
    )


def draw(wanted: Wanted, pseudo: Mapping[str, Json], exports: Callable[[str], Json]) -> Blueprint:
    """Return the blueprint of *wanted*.

    Raises:
        ValidationError: Its template refers to what is not there, asserts what is not so, or asks for what this cloud
            does not do.
    """
    template = wanted.template
    references.check_references(template)
    first = scope_of(wanted, pseudo, exports, _Open(frozenset()))
    for name in template.section("Conditions"):
        first.holds(name)
    _check_rules(template, first)
    needs = {name: references.needed_by(template, name) for name in template.resources}
    references.in_order(needs)  # a circle is wrong even where a condition would break it
    live = {
        name for name, each in template.resources.items() if "Condition" not in each or first.holds(each["Condition"])
    }
    needs = {name: each & live for name, each in needs.items() if name in live}
    scope = scope_of(wanted, pseudo, exports, _Open(frozenset(live)))
    parts = {name: _part(template.resources[name], scope) for name in needs}
    outputs = {
        name: evaluate({key: value for key, value in each.items() if key != "Condition"}, scope)
        for name, each in template.entries("Outputs")
        if "Condition" not in each or scope.holds(each["Condition"])
    }
    blueprint = Blueprint(template, tuple(references.in_order(needs)), needs, parts, outputs)
    lacks = [each for name, part in parts.items() for each in (*_lacks(name, part), *_provider_lacks(name, parts))]
    if lacks:
        raise not_here(lacks)
    _check_attributes(blueprint)
    return blueprint


def _part(resource: Mapping[str, Json], scope: Scope) -> Part:
    properties = evaluate(resource.get("Properties", {}), scope)
    rest = {name: value for name, value in resource.items() if name not in {"Type", "Properties", "Condition"}}
    return Part(str(resource["Type"]), properties if isinstance(properties, dict) else {}, rest)


def _check_rules(template: Template, scope: Scope) -> None:
    for name, rule in template.entries("Rules"):
        if "RuleCondition" in rule and not assertion_holds(rule["RuleCondition"], scope):
            continue
        assertions = rule.get("Assertions")
        for each in assertions if isinstance(assertions, list) else []:
            if isinstance(each, dict) and not assertion_holds(each.get("Assert"), scope):
                why = each.get("AssertDescription") or "an assertion is false"
                raise ValidationError(f"Template validation error: Rule {name} failed: {why}")


def _lacks(name: str, part: Part) -> Iterator[str]:
    """Yield what the resource *name* asks for and this cloud does not do."""
    kind = kind_of(part.kind)
    if kind is None:
        yield f"the type {part.kind} ({name})"
        return
    for key, value in part.properties.items():
        known = kind.property(key)
        unknown = unknown_in(known, value, key) if known is not None else [key]
        yield from (f"the property {each} of {part.kind} ({name})" for each in unknown)
    yield from (f"the property {each} of {part.kind} ({name})" for each in kind.check(part.properties))
    yield from (f"the dynamic reference {each} ({name})" for each in unknown_references(part.properties))


def _provider_lacks(name: str, parts: Mapping[str, Part]) -> Iterator[str]:
    """Yield the custom resource *name* if the function of the stack that would make it cannot run here."""
    part = parts[name]
    if kind_of(part.kind) is not CUSTOM:
        return
    token = str(part.properties.get("ServiceToken"))
    provider = parts.get(token.strip("\0").partition(".")[0])
    runtime = str(provider.properties.get("Runtime", "")) if provider else ""
    if runtime and not runtime.startswith("python"):
        yield f"the type {part.kind} ({name}), which a function of {runtime} makes: functions of Python run here"


def _check_attributes(blueprint: Blueprint) -> None:
    """Refuse a GetAtt of what a type does not tell."""
    template = blueprint.template
    named = [
        each
        for section, key in (("Resources", "Properties"), ("Outputs", "Value"))
        for name, entry in template.entries(section)
        if section == "Outputs" or name in blueprint.parts
        for each in references.references([entry.get(key, {})])
    ]
    for reference in named:
        part = blueprint.parts.get(reference.name)
        kind = kind_of(part.kind) if part else None
        if kind is None or not reference.attribute or kind.knows(reference.attribute):
            continue
        raise ValidationError(
            f"Template error: resource {reference.name} does not support attribute type {reference.attribute} in "
            "Fn::GetAtt"
        )


def check_capabilities(blueprint: Blueprint, acknowledged: tuple[str, ...]) -> None:
    """Refuse a template that makes roles or policies which the caller did not acknowledge.

    Raises:
        InsufficientCapabilities: It does.
    """
    kinds = [(kind_of(part.kind), part) for part in blueprint.parts.values()]
    parts = [(kind, part) for kind, part in kinds if kind is not None and kind.needs_capability]
    named = any(kind.named_by in part.properties for kind, part in parts)
    given = set(acknowledged) & _EITHER
    if parts and (not given or (named and _NAMED not in given)):
        raise InsufficientCapabilities(f"Requires capabilities : [{_NAMED if named else 'CAPABILITY_IAM'}]")
