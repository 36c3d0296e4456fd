"""Who names whom in a template, and in which order its resources are made."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

from shared.local.stacks.functions import attribute_named, function_of, known_function, names_in, substituted
from shared.local.stacks.parameters import PSEUDO
from shared.local.stacks.refusals import ValidationError
from shared.local.stacks.template import depends_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.stacks.template import Template
    from shared.values import Json


class Reference(NamedTuple):
    """One mention of a resource or parameter.

    Attributes:
        name: Its logical id.
        attribute: The attribute that a GetAtt asks for; empty for a Ref, None if only the deployment tells it.
    """

    name: str
    attribute: str | None


def references(value: Json) -> Iterator[Reference]:
    """Yield what *value* names, branches of conditions included.

    Raises:
        ValidationError: It calls a function that is not known.
    """
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, Mapping):
        call = function_of(value)
        _see_that_it_is_known(value, call)
        if call == "Ref" and isinstance(value["Ref"], str):
            yield Reference(value["Ref"], "")
        elif call == "Fn::GetAtt":
            yield from _of_attribute(value[call])
        elif call == "Fn::Sub":
            yield from _of_text(value[call])
        else:
            for each in value.values():
                yield from references(each)


def _of_attribute(argument: Json) -> Iterator[Reference]:
    name, attribute = attribute_named(argument)
    yield Reference(name, attribute if isinstance(attribute, str) else None)
    yield from references(attribute)


def _of_text(argument: Json) -> Iterator[Reference]:
    text, own = substituted(argument)
    for named in names_in(text):
        if named not in own:
            name, _, attribute = named.partition(".")
            yield Reference(name, attribute)
    yield from references(list(own.values()))


def _see_that_it_is_known(value: Mapping[str, Json], call: str | None) -> None:
    for name in value:
        if name.startswith("Fn::") and not known_function(name):
            raise ValidationError(f"Template error: the embedded cloud's CloudFormation has no function {name}")
        if name.startswith("Fn::") and call is None:
            raise ValidationError(f"Template error: {name} must stand alone in its object")


def check_references(template: Template) -> None:
    """See that whatever the resources and outputs of *template* name is there.

    Raises:
        ValidationError: Something is not.
    """
    known = {*template.resources, *template.section("Parameters"), *PSEUDO}
    for block in ("Resources", "Outputs"):
        missing = []
        for name, entry in template.entries(block):
            found = references(entry.get("Properties", {}) if block == "Resources" else _of_output(entry))
            for reference in found:
                if reference.attribute != "" and reference.name not in template.resources:
                    raise ValidationError(
                        f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}"
                    )
                if reference.name not in known and reference.name not in missing:
                    missing.append(reference.name)
            condition = entry.get("Condition")
            if condition is not None and not template.has_condition(condition):
                raise ValidationError(f"Template format error: Unrecognized condition '{condition}' in {name}")
        if missing:
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the {block} block "
                "of the template"
            )


def _of_output(entry: Mapping[str, Json]) -> list[Json]:
    return [entry.get("Value"), entry.get("Export")]


def needed_by(template: Template, name: str) -> frozenset[str]:
    """Return the logical ids of the resources that must be there before the resource *name*."""
    resource = template.resources[name]
    named = {each.name for each in references(resource.get("Properties", {}))}
    named |= {each for each in depends_on(resource) if isinstance(each, str)}
    return frozenset(named & set(template.resources)) - {name}


def in_order(needs: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the logical ids of *needs*, each after those that it needs, else in the order in which they are given.

    Raises:
        ValidationError: They need each other in a circle.
    """
    sorter = TopologicalSorter({name: sorted(each & set(needs)) for name, each in needs.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        raise ValidationError(f"Circular dependency between resources: [{', '.join(circle)}]") from error
    place = {name: index for index, name in enumerate(needs)}
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        found += ready
        sorter.done(*ready)
    return found
