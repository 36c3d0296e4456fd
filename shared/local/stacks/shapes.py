"""Properties held to the members of AWS's API calls that they become.

Most properties of a resource are members of the call that makes it, by the same names. So botocore's model of that call
says which there are, what lies in them, and of which type each is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.model import ListShape, MapShape, ShapeResolver, StructureShape

from shared.local.calls.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

    from shared.values import Json

_INTEGERS = frozenset({"integer", "long"})
_FLOATS = frozenset({"float", "double"})
_BOOLEANS = {"true": True, "false": False}


Spec: TypeAlias = "str | list[Spec] | dict[str, Spec]"


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a type.

    Attributes:
        member: The member that it is, as ``service.Operation.Member``; empty for what has no shape: any JSON goes.
        replaces: Whether a change of it takes a new resource.
        lower: Whether the members inside begin with a small letter in the API, and with a capital in templates.
        without: Members inside that are not done here.
        own: What it is made of, where no call of the API has it as templates have it.
    """

    member: str = ""
    replaces: bool = False
    lower: bool = False
    without: frozenset[str] = frozenset()
    own: Shape | None = None

    @property
    def shape(self) -> Shape | None:
        """What the API says of it."""
        if not self.member:
            return self.own
        service, operation, *names = self.member.split(".")
        shape: Shape | None = model_of(service).operation_model(operation).input_shape
        for name in names:
            shape = shape.member if isinstance(shape, ListShape) else shape
            shape = shape.members[name] if isinstance(shape, StructureShape) else None
        return shape


def made_of(spec: Spec, *, replaces: bool = False) -> Property:
    """Return a property that is made as *spec* says.

    Args:
        spec: A type of botocore's (``string``); a list with the spec of its members; or a map of names to specs, where
            a name that ends in ``!`` is required.
        replaces: Whether a change of it takes a new resource.
    """
    shapes: dict[str, Any] = {}
    return Property(replaces=replaces, own=ShapeResolver(shapes).get_shape_by_name(_described(spec, shapes)))


def _described(spec: Spec, shapes: dict[str, Any]) -> str:
    """Write what *spec* says into *shapes*, as botocore's models do, and return its name there."""
    name = f"S{len(shapes)}"
    shapes[name] = {}
    if isinstance(spec, str):
        shapes[name] = {"type": spec}
    elif isinstance(spec, list):
        shapes[name] = {"type": "list", "member": {"shape": _described(spec[0], shapes)}}
    else:
        inside = {key.rstrip("!"): {"shape": _described(each, shapes)} for key, each in spec.items()}
        required = [key.rstrip("!") for key in spec if key.endswith("!")]
        shapes[name] = {"type": "structure", "members": inside, "required": required}
    return name


def members(service: str, operation: str, names: str, *, replaces: str = "") -> dict[str, Property]:
    """Return the properties *names* and *replaces*, which are members of *operation* of the same names."""
    return {
        name: Property(f"{service}.{operation}.{name}", replaces=name in replaces.split())
        for name in (*names.split(), *replaces.split())
    }


def unknown_in(wanted: Property, value: Json, path: str) -> Iterator[str]:
    """Yield the paths of what *value* has and *wanted* has not."""
    yield from _unknown(wanted.shape, value, path, wanted)


def _unknown(shape: Shape | None, value: Json, path: str, wanted: Property) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        known = _named(shape, wanted)
        for name, each in value.items():
            if name not in known:
                yield f"{path}.{name}"
            else:
                yield from _unknown(known[name], each, f"{path}.{name}", wanted)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for each in value:
            yield from _unknown(shape.member, each, path, wanted)
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for name, each in value.items():
            yield from _unknown(shape.value, each, f"{path}.{name}", wanted)


def _named(shape: StructureShape, wanted: Property) -> dict[str, Shape]:
    """Return the members of *shape* by their names in templates, without those that are not done here."""
    known = {_upper(name) if wanted.lower else name: each for name, each in shape.members.items()}
    return {name: each for name, each in known.items() if name not in wanted.without}


def fitted(wanted: Property, value: Json, path: str) -> tuple[Json, list[str]]:
    """Return *value* in the API's types and names, and what does not fit.

    A template may write a number or a boolean as a text and the reverse, as CloudFormation lets it.
    """
    problems: list[str] = []
    return _fit(wanted.shape, value, path, wanted, problems), problems


def _fit(shape: Shape | None, value: Json, path: str, wanted: Property, problems: list[str]) -> Json:
    if shape is None or shape.type_name == "document":
        return value
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        known = _named(shape, wanted)
        problems += [f"{path}: extraneous key [{name}] is not permitted" for name in value if name not in known]
        needed = [_upper(name) if wanted.lower else name for name in shape.required_members]
        problems += [
            f"{path}: required key [{name}] not found" for name in needed if name in known and name not in value
        ]
        return {
            _lower(name) if wanted.lower else name: _fit(known[name], each, f"{path}/{name}", wanted, problems)
            for name, each in value.items()
            if name in known
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_fit(shape.member, each, f"{path}/{index}", wanted, problems) for index, each in enumerate(value)]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {name: _fit(shape.value, each, f"{path}/{name}", wanted, problems) for name, each in value.items()}
    return _scalar(shape, value, path, problems)


def _scalar(shape: Shape, value: Json, path: str, problems: list[str]) -> Json:
    found = _of_type(shape.type_name, value)
    if found is None:
        problems.append(f"{path}: expected type: {_TYPES.get(shape.type_name, 'Object')}, found: {_found(value)}")
        return value
    return found


def _of_type(kind: str, value: Json) -> Json:
    """Return a plain *value* in the API's type *kind*; None if it is none of that type."""
    if kind in _INTEGERS | _FLOATS and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return _number(value, whole=kind in _INTEGERS)
    if kind == "boolean":
        return _BOOLEANS.get(str(value).lower())
    if kind in {"string", "blob"} and isinstance(value, (bool, int, float, str)):
        return value if isinstance(value, str) else json.dumps(value)
    return value if kind == "timestamp" and isinstance(value, (int, float, str)) else None


def _number(value: float | str, *, whole: bool) -> Json:
    try:
        number = float(value)
        return int(value) if whole and number == int(number) else None if whole else number
    except (ValueError, OverflowError):
        return None


_TYPES = {
    "list": "JSONArray",
    "string": "String",
    "blob": "String",
    "boolean": "Boolean",
    "timestamp": "Number",
    **dict.fromkeys(_INTEGERS, "Integer"),
    **dict.fromkeys(_FLOATS, "Number"),
    "structure": "JSONObject",
    "map": "JSONObject",
}


def _found(value: Json) -> str:
    if isinstance(value, Mapping):
        return "JSONObject"
    if isinstance(value, list):
        return "JSONArray"
    if value is None:
        return "Null"
    return {bool: "Boolean", int: "Integer", float: "Number"}.get(type(value), "String")


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
