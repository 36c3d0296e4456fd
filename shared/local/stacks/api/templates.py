"""Templates: told again, checked, and summed up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.local.stacks.api.asked import Asked, without_none
from shared.local.stacks.api.change_sets import change_set_of
from shared.local.stacks.kinds import kind_of
from shared.local.stacks.parameters import HIDDEN
from shared.local.stacks.references import check_references
from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.stacks.template import Template
    from shared.values import Json


def get_template(asked: Asked) -> dict[str, Any]:
    """Return the template of a stack or of a change set, as it was given."""
    asked.only("StackName", "ChangeSetName", "TemplateStage")
    return {"TemplateBody": _held(asked).text, "StagesAvailable": ["Original", "Processed"]}


def _held(asked: Asked) -> Template:
    if asked.text("ChangeSetName"):
        return change_set_of(asked).wanted.template
    if not asked.text("StackName"):
        raise ValidationError("StackName must be specified")
    stack = asked.stack()
    if stack.wanted is None:
        raise ValidationError(f"Stack with id {stack.name} has no template yet")
    return stack.wanted.template


def get_template_summary(asked: Asked) -> dict[str, Any]:
    """Sum up a template: a given one, or a stack's."""
    asked.only("TemplateBody", "TemplateURL", "StackName")
    template = _held(asked) if asked.text("StackName") else asked.template(None)
    check_references(template)
    return without_none(
        {
            "Parameters": list(_parameters(template, summed_up=True)),
            "Description": template.description,
            **_capabilities(template),
            "ResourceTypes": sorted({str(each["Type"]) for each in template.resources.values()}),
            "Version": template.body.get("AWSTemplateFormatVersion"),
        }
    )


def validate_template(asked: Asked) -> dict[str, Any]:
    """Check that a template is one, and tell its parameters."""
    asked.only("TemplateBody", "TemplateURL")
    template = asked.template(None)
    check_references(template)
    return without_none(
        {
            "Parameters": list(_parameters(template, summed_up=False)),
            "Description": template.description,
            **_capabilities(template),
        }
    )


def _parameters(template: Template, *, summed_up: bool) -> Iterator[dict[str, Any]]:
    for name, says in template.entries("Parameters"):
        hidden = says.get("NoEcho") in (True, "true")
        default = says.get("Default")
        told = {
            "ParameterKey": name,
            "DefaultValue": None if default is None else HIDDEN if hidden else str(default),
            "NoEcho": hidden,
            "Description": says.get("Description"),
        }
        if summed_up:
            told["ParameterType"] = says.get("Type")
            allowed = says.get("AllowedValues")
            told["ParameterConstraints"] = (
                {"AllowedValues": [str(each) for each in allowed]} if isinstance(allowed, list) else {}
            )
        yield without_none(told)


def _capabilities(template: Template) -> dict[str, Any]:
    """Return what a caller must acknowledge, and for which resources."""
    found = {name: kind_of(str(each["Type"])) for name, each in template.resources.items()}
    careful = {name: kind for name, kind in found.items() if kind is not None and kind.needs_capability}
    if not careful:
        return {}
    named = any(kind.named_by in _properties(template, name) for name, kind in careful.items())
    types = ", ".join(sorted({kind.type for kind in careful.values()}))
    return {
        "Capabilities": ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"],
        "CapabilitiesReason": f"The following resource(s) require capabilities: [{types}]",
    }


def _properties(template: Template, name: str) -> Mapping[str, Json]:
    found = template.resources[name].get("Properties", {})
    return found if isinstance(found, Mapping) else {}
