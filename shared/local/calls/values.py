"""Values off the wire, by their shapes: each function is the inverse of one of botocore's serializers.

Held against them (botocore/serialize.py, 1.44.5) by sending through these what those write.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape
from botocore.utils import is_json_value_header, parse_timestamp

from shared.local.calls.members import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from botocore.model import Shape

_WHOLE = frozenset({"integer", "long"})
_REAL = frozenset({"float", "double"})
_JSON_TYPES: dict[str, type] = {
    "structure": dict,
    "list": list,
    "map": dict,
    "string": str,
    "blob": str,
    "boolean": bool,
}
_TOLD_AS_TEXT = ("true", "false")  # a boolean in quotes, which AWS takes


def from_text(shape: Shape, text: str) -> Any:
    """Read a scalar that came as text: in a header, a path, a query, a form, or an element."""
    kind = shape.type_name
    if kind in _WHOLE:
        return int(text)
    if kind in _REAL:
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "timestamp":
        return parse_timestamp(text)
    if is_json_value_header(shape):
        return json.loads(base64.b64decode(text))
    return base64.b64decode(text) if kind == "blob" else text


def from_json(shape: Shape, value: Any) -> Any:
    """Read a value of a JSON document.

    Raises:
        ValueError: It is of another type than the shape.
    """
    kind = shape.type_name
    if value is None or getattr(shape, "is_document_type", False):
        return value
    if kind == "boolean" and value in _TOLD_AS_TEXT:
        value = value == "true"
    if kind in _JSON_TYPES and not isinstance(value, _JSON_TYPES[kind]):
        raise ValueError(f"a {kind} is no {type(value).__name__}")
    if isinstance(shape, StructureShape):
        return {
            name: from_json(member, value[wire])
            for name, member in shape.members.items()
            if (wire := _name(member, name)) in value
        }
    if isinstance(shape, ListShape):
        return [from_json(shape.member, each) for each in value]
    if isinstance(shape, MapShape):
        return {key: from_json(shape.value, each) for key, each in value.items()}
    if kind == "timestamp":
        return parse_timestamp(value)
    return base64.b64decode(value) if kind == "blob" else value


Tree = dict[str, Any]  # a form's names split at their dots; a value is under "" of its branch


def grow(pairs: Mapping[str, str]) -> Tree:
    """Return a form's pairs as a tree: ``Tags.member.1.Key=x`` is ``x`` under Tags, member, 1, Key."""
    tree: Tree = {}
    for name, value in pairs.items():
        branch = tree
        for part in name.split("."):
            branch = branch.setdefault(part, {})
        branch[""] = value
    return tree


def from_form(shape: Shape, branch: Tree, *, ec2: bool) -> Any:
    """Read a value of a form of the query protocol, or of EC2's."""
    if isinstance(shape, StructureShape):
        return {
            name: from_form(member, branch[wire], ec2=ec2)
            for name, member in shape.members.items()
            if (wire := form_name(name, member, ec2=ec2)) in branch
        }
    if isinstance(shape, ListShape):
        if not ec2 and not shape.serialization.get("flattened"):
            branch = branch.get(_name(shape.member, "member"), {})
        return [from_form(shape.member, each, ec2=ec2) for each in _in_order(branch)]
    if isinstance(shape, MapShape):
        key, value = _name(shape.key, "key"), _name(shape.value, "value")
        entries = branch if shape.serialization.get("flattened") else branch.get("entry", {})
        return {each[key][""]: from_form(shape.value, each.get(value, {}), ec2=ec2) for each in _in_order(entries)}
    return from_text(shape, branch.get("", ""))


def _name(shape: Shape, otherwise: str) -> str:
    """Return what a shape is called on the wire."""
    return str(shape.serialization.get("name", otherwise))


def form_name(name: str, shape: Shape, *, ec2: bool) -> str:
    """Return what the member *name* is called in a form."""
    if ec2:
        called = str(shape.serialization.get("queryName") or _name(shape, name))
        return called if "queryName" in shape.serialization else called[0].upper() + called[1:]
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        return _name(shape.member, _name(shape, name))
    return _name(shape, name)


def _in_order(branch: Tree) -> list[Tree]:
    return [branch[number] for number in sorted((each for each in branch if each.isdigit()), key=int)]


def from_xml(shape: Shape, nodes: list[Element]) -> Any:
    """Read a value of an XML document: the elements of its name, several of a flattened list or map."""
    first = nodes[0]
    if isinstance(shape, StructureShape):
        return {
            name: value
            for name, member in shape.members.items()
            if "location" not in member.serialization and (value := member_of(first, name, member)) is not ABSENT
        }
    items = nodes if shape.serialization.get("flattened") else list(first)
    if isinstance(shape, ListShape):
        return [from_xml(shape.member, [item]) for item in items]
    if isinstance(shape, MapShape):
        key, value = _name(shape.key, "key"), _name(shape.value, "value")
        return {_named(each, key)[0].text or "": from_xml(shape.value, _named(each, value)) for each in items}
    return from_text(shape, first.text or "")


def member_of(parent: Element, name: str, shape: Shape) -> Any:
    """Read the member *name* of a structure's element, or return `ABSENT`."""
    called = _name(shape, name)
    if shape.serialization.get("xmlAttribute"):
        local = called.rpartition(":")[2]
        return next((text for key, text in parent.attrib.items() if _local(key) == local), ABSENT)
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        called = _name(shape.member, called)
    nodes = _named(parent, called)
    return from_xml(shape, nodes) if nodes else ABSENT


def _named(parent: Element, name: str) -> list[Element]:
    return [child for child in parent if _local(child.tag) == name]


def _local(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]
