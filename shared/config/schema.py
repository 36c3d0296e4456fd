"""The JSON Schema of a team's file, from the models, the cards and the settings, so that editors complete and check it.

It is committed, and ``lanes schema --check`` says when it is stale. Editors check the shape, the keys and the bounds.
Only ``lanes validate`` checks what takes more than one value, such as equal names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE, PACKAGES
from shared.config.team import TeamFile

if TYPE_CHECKING:
    from shared.config.cards import Card
    from shared.config.lane import Parameter
    from shared.config.limits import Range
    from shared.config.load import Project
    from shared.values import Json

FILE = "shared/config/team.schema.json"
_BOUNDS = {
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "object": ("minProperties", "maxProperties"),
}


def schema_text(project: Project) -> str:
    """Return the schema for the workflows and limits of *project*, as it stands in its file."""
    return json.dumps(team_schema(project), indent=2) + "\n"


def team_schema(project: Project) -> dict[str, Json]:
    """Return the schema for the workflows and limits of *project*."""
    schema = TeamFile.model_json_schema()
    _drop_titles(schema)
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
    _only(
        own["functions"], {key: {"description": card.file.description, **function} for key, card in functions.items()}
    )
    _only(own["workflows"], {key: _workflow(card) for key, card in cards.items()})
    names, component = parts["NamesFile"]["properties"], {"type": "string", "pattern": f"^{project.naming.component}$"}
    _only(names["functions"], dict.fromkeys(functions, component))
    _only(names["stateMachines"], dict.fromkeys(cards, component))
    _only(names["stateMachineRoles"], dict.fromkeys(cards, component))
    for key in ("provider", "names", "rendezvous"):
        own[key] = {"description": own[key]["description"], "anyOf": [{"$ref": own[key]["$ref"]}, {"type": "null"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A team's file", **schema}


def _workflow(card: Card) -> dict[str, Json]:
    return {
        "description": card.file.description,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {PACKAGE: _package(card), **{spec.name: _parameter(spec) for spec in card.specs}},
    }


def _package(card: Card) -> dict[str, Json]:
    return {
        "description": "How the functions reach Lambda: in the zip, or as container images.",
        "type": ["string", "null"],
        "enum": [*(PACKAGES if card.file.image else ("zip",)), None],
        "default": card.file.package,
    }


def _parameter(spec: Parameter) -> dict[str, Json]:
    schema: dict[str, Json] = {
        "description": spec.description,
        "type": spec.type if spec.default is not None else [spec.type, "null"],
        "default": spec.default,
    }
    for key, bound in zip(_BOUNDS.get(spec.type, ()), (spec.minimum, spec.maximum), strict=False):
        if bound is not None:
            schema[key] = int(bound) if float(bound).is_integer() else bound
    if spec.choices:
        schema["enum"] = list(spec.choices)
    return schema


def _bound(field: dict[str, Json], limit: Range) -> None:
    del field["anyOf"]
    field |= {"type": ["integer", "null"], "minimum": limit.minimum, "maximum": limit.maximum}


def _only(field: dict[str, Json], properties: dict[str, Json]) -> None:
    """Let the mapping *field* hold these *properties* and no others. It may be empty."""
    field |= {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


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
