"""The JSON Schemas of a team's file and of a card, so that editors complete and check them; here that of a team's file.

They are made from the models, the shared cards and the settings, and committed; ``lanes schema --check`` says when they
are stale. A team's own workflows are not in them, so that no team changes what others see. Editors check the shape and
the bounds. Only ``lanes validate`` checks what takes more than one file or value, such as whether a workflow is there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.card_file import CHILD_TYPES, CHILDREN, PACKAGE, PACKAGES
from shared.config.card_schema import card_schema
from shared.config.check_card import KEY
from shared.config.parameters import REFERENCE
from shared.config.team import TeamFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.cards import Card
    from shared.config.lane import Parameter
    from shared.config.limits import Range
    from shared.config.load import Project
    from shared.values import Json

FILE = "shared/config/team.schema.json"
CARD_FILE = "shared/config/card.schema.json"
_BOUNDS = {
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "object": ("minProperties", "maxProperties"),
    "array": ("minItems", "maxItems"),
}


def schemas(project: Project) -> dict[str, str]:
    """Return the text of each schema of *project*, by its file."""
    made = {FILE: team_schema(project), CARD_FILE: card_schema(project)}
    for schema in made.values():
        _drop_titles(schema["properties"])
        _drop_titles(schema["$defs"])
    return {file: json.dumps(schema, indent=2) + "\n" for file, schema in made.items()}


def team_schema(project: Project) -> dict[str, Json]:
    """Return the schema for the workflows and limits of *project*."""
    schema = TeamFile.model_json_schema()
    own, parts = schema["properties"], schema["$defs"]
    slug = project.naming.slug
    cards = {key: card for key, card in project.cards.shared.items() if card}
    own["team"] |= {"pattern": f"^{slug.pattern}$", "not": {"enum": list(slug.reserved)}}
    own["suffix"] |= {"type": ["string", "null"], "pattern": f"^[0-9a-f]{{{project.naming.hash.digits}}}$"}
    del own["suffix"]["anyOf"]
    for part in ("Provider", "FunctionFile"):
        _bound(parts[part]["properties"]["memorySize"], project.settings.limits.memory_size)
        _bound(parts[part]["properties"]["timeout"], project.settings.limits.timeout)
    functions = {card.function_key(step): card for card in cards.values() for step in card.file.functions}
    function = {"anyOf": [{"$ref": "#/$defs/FunctionFile"}, {"type": "null"}]}
    described: dict[str, Json] = {
        key: {"description": card.file.description, **function} for key, card in functions.items()
    }
    _known(own["functions"], described, function)
    _known(own["workflows"], {key: _workflow(card) for key, card in cards.items()}, {"type": ["object", "null"]})
    own["workflows"]["propertyNames"] = {"pattern": f"^([a-z][a-z0-9]*/)?{KEY}$"}
    names, component = parts["NamesFile"]["properties"], {"type": "string", "pattern": f"^{project.naming.component}$"}
    _known(names["functions"], dict.fromkeys(functions, component), component)
    _known(names["stateMachines"], dict.fromkeys(cards, component), component)
    _known(names["stateMachineRoles"], dict.fromkeys(cards, component), component)
    for key in ("provider", "names", "rendezvous"):
        own[key] = {"description": own[key]["description"], "anyOf": [{"$ref": own[key]["$ref"]}, {"type": "null"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A team's file", **schema}


def _workflow(card: Card) -> dict[str, Json]:
    return {
        "description": card.file.description,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            PACKAGE: _package(card),
            **({CHILDREN: _children(card)} if card.file.children else {}),
            **{spec.name: _parameter(spec) for spec in card.specs},
        },
    }


def _children(card: Card) -> dict[str, Json]:
    return {
        "description": "What the children of its distributed Maps are: express ones last five minutes, and cost less.",
        "type": ["string", "null"],
        "enum": [*CHILD_TYPES, None],
        "default": card.file.children,
    }


def _package(card: Card) -> dict[str, Json]:
    return {
        "description": "How the functions reach Lambda: in the zip, or as container images.",
        "type": ["string", "null"],
        "enum": [*(PACKAGES if card.file.image else ("zip",)), None],
        "default": card.file.package,
    }


def _parameter(spec: Parameter) -> dict[str, Json]:
    schema = _value(spec, {"default": spec.default}, nullable=spec.nullable or spec.default is None)
    if not spec.by_reference:
        return schema
    parts: Json = {name: {"type": "string"} for name in REFERENCE}
    reference: Json = {"type": "object", "properties": parts, "required": list(REFERENCE)}
    own = {key: schema.pop(key) for key in ("description", "default")}
    return {**own, "anyOf": [schema, reference]}


def _value(spec: Parameter, default: Mapping[str, Json], *, nullable: bool) -> dict[str, Json]:
    """Return the schema of a value with its *default*, or of a part of one, which has none."""
    is_open = spec.type == "object" and not spec.properties  # which an array may stand for
    others = {"array": is_open, "string": spec.words, "null": nullable}
    types = [spec.type, *(name for name, may in others.items() if may)]
    schema: dict[str, Json] = {
        **({"description": spec.description} if spec.description else {}),
        "type": types[0] if len(types) == 1 else types,
        **default,
    }
    if spec.items:
        schema["items"] = _value(spec.items, {}, nullable=spec.items.nullable)
    if spec.properties:
        schema["properties"] = {each.name: _value(each, {}, nullable=each.nullable) for each in spec.properties}
        schema["additionalProperties"] = spec.additional_properties
    if spec.required:
        schema["required"] = list(spec.required)
    for key, bound in zip(_BOUNDS.get(spec.type, ()), (spec.minimum, spec.maximum), strict=False):
        if bound is not None:
            schema[key] = int(bound) if float(bound).is_integer() else bound
    if spec.choices:
        schema["enum"] = [*spec.choices, *([None] if nullable else [])]
    return schema


def _bound(field: dict[str, Json], limit: Range) -> None:
    del field["anyOf"]
    field |= {"type": ["integer", "null"], "minimum": limit.minimum, "maximum": limit.maximum}


def _known(field: dict[str, Json], properties: Mapping[str, Json], own: Mapping[str, Json]) -> None:
    """Let the mapping *field* hold these *properties*, and a team's own things, each as *own*. It may be empty."""
    field |= {"type": ["object", "null"], "additionalProperties": own, "properties": properties}


def _drop_titles(value: object) -> None:
    """Drop pydantic's titles, which repeat the keys."""
    if isinstance(value, dict):
        if isinstance(value.get("title"), str):
            del value["title"]
        for item in value.values():
            _drop_titles(item)
    elif isinstance(value, list):
        for item in value:
            _drop_titles(item)
