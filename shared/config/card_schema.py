"""The JSON Schema of a workflow's card, from the models and the settings; as :mod:`shared.config.schema` for teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from shared.config.card_file import CardFile, PythonVersion
from shared.config.check_card import KEY, PARAMETER_KEY
from shared.config.check_triggers import SCHEDULE_KEY
from shared.config.services import SERVICES

if TYPE_CHECKING:
    from shared.config.load import Project
    from shared.values import Json

_NAMED = ("functions", "tables", "queues", "topics", "buckets", "secrets", "settings")


def card_schema(project: Project) -> dict[str, Json]:
    """Return the schema for the limits of *project*."""
    schema = CardFile.model_json_schema()
    own, parts = schema["properties"], schema["$defs"]
    versions = get_args(PythonVersion)
    own["python"] = {"enum": [*versions, *map(float, versions)]}  # which YAML makes of a version without quotes
    for kind in _NAMED:
        own[kind]["propertyNames"] = {"pattern": f"^{KEY}$"}
    own["schedule"]["propertyNames"] = {"pattern": f"^{SCHEDULE_KEY}$"}
    own["schedule"]["additionalProperties"] = {"anyOf": [{"type": "string"}, own["schedule"]["additionalProperties"]]}
    own["schedule"] = {"anyOf": [{"type": "string"}, own["schedule"]], "title": "Schedule"}
    own["parameters"]["propertyNames"] = {"pattern": f"^{PARAMETER_KEY}$"}
    parts["CardUses"]["properties"]["services"]["items"] = {"enum": sorted(SERVICES)}
    limits = project.settings.limits
    function = parts["CardFunction"]["properties"]
    for field, limit in (("memorySize", limits.memory_size), ("timeout", limits.timeout)):
        function[field] = {"type": "integer", "minimum": limit.minimum, "maximum": limit.maximum}
    for part in (schema, *parts.values()):
        _let_go(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A workflow's card"}


def _let_go(part: dict[str, Json]) -> None:
    """Let what *part* does not require, and what its mappings hold, be keys without a value, as the models do."""
    if isinstance(text := part.get("description"), str):
        part["description"] = text.replace("``", "`")
    fields, required = part["properties"], part.get("required")
    if not isinstance(fields, dict):
        return
    for name, field in fields.items():
        if isinstance(inner := field.get("additionalProperties"), dict):
            field["additionalProperties"] = _or_nothing(inner)
        if not isinstance(required, list) or name not in required:
            fields[name] = _or_nothing(field)


def _or_nothing(field: dict[str, Json]) -> dict[str, Json]:
    nothing: Json = {"type": "null"}
    if isinstance(kind := field.get("type"), str) and "enum" not in field:
        return {**field, "type": [kind, "null"]}
    if isinstance(choices := field.get("anyOf"), list):
        return {**field, "anyOf": [*choices, *([] if nothing in choices else [nothing])]}
    return {"anyOf": [field, nothing]}
