"""Values from the wire, by their shapes. Each function is the inverse of one of botocore's serializers.

The tests send what those write (botocore/serialize.py, 1.44.5) through these.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from botocore.model import ListShape, MapShape, StructureShape
from botocore.utils import is_json_value_header, parse_timestamp

from shared.local.calls.members import ABSENT, Absent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from botocore.model import Shape

    from shared.local.calls.call import Value

_WHOLE = frozenset({"integer", "long"})
_REAL = frozenset({"float", "double"})
_JSON_TYPES: dict[str, type] = {"string": str, "blob": str, "boolean": bool}
_TOLD_AS_TEXT = ("true", "false")  # a boolean in quotes, which AWS takes


def from_text(shape: Shape, text: str) -> Value:
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
        document: Value = json.loads(base64.b64decode(text))
        return document
    return base64.b64decode(text) if kind == "blob" else text


def from_json(shape: Shape, value: Value) -> Value:
    """Read a value of a JSON document.

    Raises:
        ValueError: It has another type than the shape.
    """
    if value is None or getattr(shape, "is_document_type", False):
        return value
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            raise _other_type(shape, value)
        return {
            name: from_json(member, value[wire])
            for name, member in shape.members.items()
            if (wire := _name(member, name)) in value
        }
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _other_type(shape, value)
        return [from_json(shape.member, each) for each in value]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _other_type(shape, value)
        return {key: from_json(shape.value, each) for key, each in value.items()}
    return _scalar_from_json(shape, value)


def _scalar_from_json(shape: Shape, value: Value) -> Value:
    kind = shape.type_name
    if kind == "boolean" and value in _TOLD_AS_TEXT:
        return value == "true"
    if kind in _JSON_TYPES and not isinstance(value, _JSON_TYPES[kind]):
        raise _other_type(shape, value)
    if kind == "timestamp":
        return parse_timestamp(str(value))
    return base64.b64decode(value) if kind == "blob" and isinstance(value, str) else value


def _other_type(shape: Shape, value: Value) -> ValueError:
    return ValueError(f"a {shape.type_name} is no {type(value).__name__}")


class Tree(dict[str, "Tree"]):
    """A form's names, split at their dots: each part leads to the tree of what follows it.

    Attributes:
        text: The value of the name that ends here; empty if none does.
    """

    text = ""

    def hold(self, text: str) -> None:
        """Make *text* the value of the name that ends here."""
        self.text = text


def grow(pairs: Mapping[str, str]) -> Tree:
    """Return a form's pairs as a tree: ``Tags.member.1.Key=x`` is ``x`` under Tags, member, 1, Key."""
    tree = Tree()
    for name, value in pairs.items():
        branch = tree
        for part in name.split("."):
            branch = branch.setdefault(part, Tree())
        branch.hold(value)
    return tree


def from_form(shape: Shape, branch: Tree, *, ec2: bool) -> Value:
    """Read a value of a form, of the query protocol or of EC2's."""
    if isinstance(shape, StructureShape):
        return {
            name: from_form(member, branch[wire], ec2=ec2)
            for name, member in shape.members.items()
            if (wire := form_name(name, member, ec2=ec2)) in branch
        }
    if isinstance(shape, ListShape):
        if not ec2 and not shape.serialization.get("flattened"):
            branch = branch.get(_name(shape.member, "member"), Tree())
        return [from_form(shape.member, each, ec2=ec2) for each in _in_order(branch)]
    if isinstance(shape, MapShape):
        key, value = _name(shape.key, "key"), _name(shape.value, "value")
        entries = branch if shape.serialization.get("flattened") else branch.get("entry", Tree())
        return {each[key].text: from_form(shape.value, each.get(value, Tree()), ec2=ec2) for each in _in_order(entries)}
    return from_text(shape, branch.text)


def _name(shape: Shape, otherwise: str) -> str:
    """Return the name of a shape on the wire."""
    return str(shape.serialization.get("name", otherwise))


def form_name(name: str, shape: Shape, *, ec2: bool) -> str:
    """Return the name in a form of the member *name*."""
    if ec2:
        called = str(shape.serialization.get("queryName") or _name(shape, name))
        return called if "queryName" in shape.serialization else called[0].upper() + called[1:]
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        return _name(shape.member, _name(shape, name))
    return _name(shape, name)


def _in_order(branch: Tree) -> list[Tree]:
    return [branch[number] for number in sorted((each for each in branch if each.isdigit()), key=int)]


def from_xml(shape: Shape, nodes: list[Element]) -> Value:
    """Read a value of an XML document from the elements of its name; a flattened list or map has several."""
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


def member_of(parent: Element, name: str, shape: Shape) -> Value | Absent:
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
