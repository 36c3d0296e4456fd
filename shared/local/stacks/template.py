"""A template: from its text to its sections, held to what CloudFormation takes before it looks at any value.

YAML is read as CloudFormation reads it: the short forms of its functions are the long ones, dates are text, and there
are no aliases (AWS CloudFormation User Guide, "Template format"; read 2026-11-30). A section, an attribute or a
transform that is not done here is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from shared.local.stacks.refusals import ValidationError, not_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

MOST_BYTES = 51_200
"""The longest TemplateBody; one in S3 may have 1 MB (CloudFormation quotas; read 2026-11-30)."""

MOST_BYTES_IN_S3 = 1_048_576

_SECTIONS = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Hooks",
        "Resources",
        "Outputs",
    ]
)
_NOT_HERE = {"Transform": "Transform (macros, SAM)", "Hooks": "Hooks"}
_ATTRIBUTES = frozenset(
    ["Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"]
)
_ATTRIBUTES_NOT_HERE = frozenset({"CreationPolicy", "UpdatePolicy"})
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_LOGICAL_ID = re.compile(r"[a-zA-Z0-9]{1,255}")
_FORMAT = "2010-09-09"


@dataclass(frozen=True, slots=True)
class Template:
    """A template whose sections are objects.

    Attributes:
        text: As it was given.
        body: Its sections by their names.
    """

    text: str
    body: Mapping[str, Json]

    def section(self, name: str) -> Mapping[str, Json]:
        """Return the section called *name*; an empty one if it is not there."""
        found = self.body.get(name)
        return found if isinstance(found, Mapping) else {}

    def entries(self, section: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """Yield what *section* holds, by its logical ids."""
        for name, value in self.section(section).items():
            yield name, value if isinstance(value, Mapping) else {}

    @property
    def resources(self) -> Mapping[str, Mapping[str, Json]]:
        """The resources, by their logical ids."""
        return dict(self.entries("Resources"))

    def has_condition(self, name: Json) -> bool:
        """Say whether there is a condition called *name*."""
        return isinstance(name, str) and name in self.section("Conditions")

    @property
    def description(self) -> str:
        """What the template says about itself."""
        found = self.body.get("Description")
        return found if isinstance(found, str) else ""


def read(text: str) -> Template:
    """Return the template of *text*, in JSON or YAML.

    Raises:
        ValidationError: It is none.
    """
    body = _parsed(text)
    if not isinstance(body, Mapping):
        raise _format_error("unsupported structure.")
    _check_sections(body)
    template = Template(text, body)
    _check_resources(template)
    return template


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except json.JSONDecodeError:
        return _yaml(text)  # YAML's flow style looks like JSON
    except RecursionError as error:
        raise _format_error("it is nested too deeply.") from error


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader with CloudFormation's own tags
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _format_error(f"YAML not well-formed.{where}") from error
    except (RecursionError, TypeError, ValueError) as error:
        raise _format_error("YAML not well-formed.") from error


class PlainLoader(yaml.SafeLoader):
    """YAML without aliases, a few lines of which can stand for more than a machine holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node that is no alias.

        Raises:
            ComposerError: It is one.
        """
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "aliases are not supported", None
            )  # where it stands is of little help
        return super().compose_node(parent, index)


class _Loader(PlainLoader):
    """YAML as CloudFormation takes it."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, object]:
    """Return the long form of ``!Suffix ...``."""
    value: object
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = None
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def _check_sections(body: Mapping[str, Json]) -> None:
    unknown = [str(name) for name in body if name not in _SECTIONS]
    if unknown:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    if body.get("AWSTemplateFormatVersion", _FORMAT) != _FORMAT:
        raise _format_error(f"unsupported value for AWSTemplateFormatVersion, which may be {_FORMAT}.")
    nulls = [f"/{name}" for name, value in body.items() if value is None]
    if nulls:
        raise ValidationError(f"[{nulls[0]}] 'null' values are not allowed in templates")
    lacks = [_NOT_HERE[name] for name in body if name in _NOT_HERE]
    if lacks:
        raise not_here(lacks)
    for name in sorted(_SECTIONS - {"AWSTemplateFormatVersion", "Description", "Transform"}):
        value = body.get(name, {})
        if not isinstance(value, Mapping):
            raise _format_error(f"[/{name}] is not an object.")
        if name != "Metadata":
            _check_entries(name, value)
    if not body.get("Resources"):
        raise _format_error("At least one Resources member must be defined.")


def _check_entries(section: str, entries: Mapping[str, Json]) -> None:
    for name, entry in entries.items():
        if not _LOGICAL_ID.fullmatch(str(name)):
            raise _format_error(f"{section} name '{name}' is non alphanumeric.")
        if not isinstance(entry, Mapping):
            raise _format_error(f"Every {section} member must be an object: {name} is not.")


def _check_resources(template: Template) -> None:
    lacks: list[str] = []
    for name, resource in template.resources.items():
        kind = resource.get("Type")
        if not isinstance(kind, str):
            raise _format_error(f"[/Resources/{name}] Every Resources object must contain a Type member.")
        unknown = [key for key in resource if key not in _ATTRIBUTES | _ATTRIBUTES_NOT_HERE]
        if unknown:
            raise ValidationError(f"Invalid template resource property '{unknown[0]}'")
        if not isinstance(resource.get("Properties", {}), Mapping):
            raise ValidationError(f"Properties of resource {name} must be an object")
        lacks += [f"the attribute {key} of {name} ({kind})" for key in resource if key in _ATTRIBUTES_NOT_HERE]
        lacks += _policies(name, kind, resource)
        _check_attributes(template, name, resource)
    if lacks:
        raise not_here(lacks)


def _policies(name: str, kind: str, resource: Mapping[str, Json]) -> Iterator[str]:
    for attribute, known in _POLICIES.items():
        policy = resource.get(attribute, "Delete")
        if policy not in known:
            raise _format_error(f"Unrecognized {attribute} {policy} for resource {name}")
        if policy == "Snapshot":
            yield f"the {attribute} Snapshot of {name} ({kind})"


def _check_attributes(template: Template, name: str, resource: Mapping[str, Json]) -> None:
    waits = depends_on(resource)
    missing = [each for each in waits if not isinstance(each, str) or each not in template.resources]
    if missing:
        raise _format_error(
            f"Unresolved resource dependencies [{', '.join(map(str, missing))}] in the Resources block of the template"
        )
    condition = resource.get("Condition")
    if condition is not None and not template.has_condition(condition):
        raise _format_error(f"Unrecognized condition '{condition}' in the resource {name}")


def depends_on(resource: Mapping[str, Json]) -> list[Json]:
    """Return what the attribute DependsOn of *resource* names: one logical id or several."""
    told = resource.get("DependsOn", [])
    return list(told) if isinstance(told, list) else [told]


def _format_error(what: str) -> ValidationError:
    return ValidationError(f"Template format error: {what}")
