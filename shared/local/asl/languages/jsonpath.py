"""JSONPath, compiled once: the subset AWS evaluates (Jayway's), and the reference paths that name one place."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonpath_filter import compile_filter
from shared.local.asl.languages.jsonpath_steps import Together, descend, indexed, matching, member, sliced, wildcard

if TYPE_CHECKING:
    from shared.local.asl.languages.jsonpath_steps import Step
    from shared.values import Json

_NAME = re.compile(r"[^\s.\[\]()'\"]+")
_INDEX = re.compile(r"-?\d+(\s*,\s*-?\d+)*$")
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?$")
_QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)""")


class PathSyntaxError(ValueError):
    """A JSONPath that does not parse; the message says where."""


class NoResultError(LookupError):
    """A definite path names a place that the value does not have; the message is Jayway's."""


class Path:
    """A compiled path.

    Args:
        text: The source, starting with ``$``.
        keys: For a definite path the member names and indices to follow, else None.
        steps: For any other path its steps in order.
        single: Whether these steps select one value at most, though they name more than one place.
    """

    __slots__ = ("keys", "measured", "single", "steps", "text")

    def __init__(
        self,
        text: str,
        keys: tuple[str | int, ...] | None,
        steps: tuple[Step, ...],
        *,
        measured: bool,
        single: bool = False,
    ) -> None:
        self.text = text
        self.keys = keys
        self.steps = steps
        self.measured = measured
        self.single = single

    def read(self, value: Json) -> Json:
        """Return what the path selects in *value*: one value if definite, else a list.

        Raises:
            NoResultError: The path is definite and the place is not there.
        """
        found: Json
        if self.keys is not None:
            found = self._follow(value, self.keys)
        else:
            nodes = [value]
            for step in self.steps:
                nodes = [child for node in nodes for child in step(node, value)]
            if self.single and not nodes:
                raise NoResultError(f"No results for path: {self.text}")
            found = nodes[0] if self.single else nodes
        if self.measured:
            return len(found) if isinstance(found, (list, dict, str)) else None
        return found

    def _follow(self, node: Any, keys: tuple[str | int, ...]) -> Any:
        """Return what lies at *keys* below *node*; whether a key fits is found out by trying."""
        for depth, key in enumerate(keys):
            try:
                # A name in a list is a TypeError, an index in an object a KeyError; but text would take an index.
                if type(node) is str:
                    node = {}
                node = node[key]
            except (KeyError, IndexError, TypeError):
                raise NoResultError(_missing(keys, depth, node)) from None
        return node

    def write(self, value: Json, content: Json) -> Json:
        """Return *value* with *content* at this reference path. Only what the path goes through is copied.

        Raises:
            NoResultError: The place cannot be made, for *value* holds something else on the way.
        """
        return _write(value, self.keys or (), content)


def _canonical(keys: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{key}]" if type(key) is int else f"['{key}']" for key in keys)


def _missing(keys: tuple[str | int, ...], depth: int, node: object) -> str:
    """Return Jayway's words for *keys* that stop at *depth*, where *node* is what was there."""
    key, before = keys[depth], _canonical(keys[:depth])
    if type(key) is int:
        if type(node) is list:
            return f"No results for path: {_canonical(keys)}"
        return f"Filter: [{key}] can only be applied to arrays. Current context is: {node}"
    if type(node) is not dict:
        kind = {str: "java.lang.String", int: "java.lang.Integer", float: "java.lang.Double", bool: "java.lang.Boolean"}
        found = kind.get(type(node), "null" if node is None else "net.minidev.json.JSONArray")
        return f"Expected to find an object with property ['{key}'] in path {before} but found '{found}'."
    if depth == len(keys) - 1:
        return f"No results for path: {_canonical(keys)}"
    return f"Missing property in path {before}['{key}']"


def _write(node: Json, keys: tuple[str | int, ...], content: Json) -> Json:
    if not keys:
        return content
    key, rest = keys[0], keys[1:]
    if type(key) is int:
        if type(node) is not list or not 0 <= key < len(node):
            raise NoResultError(str(key))
        items = list(node)
        items[key] = _write(items[key], rest, content)
        return items
    if node is None:
        node = {}
    if type(node) is not dict:
        raise NoResultError(str(key))
    members = dict(node)
    members[str(key)] = _write(members.get(str(key), {} if rest else None), rest, content)
    return members


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Return the compiled form of *text*.

    Raises:
        PathSyntaxError: *text* is not a JSONPath.
    """
    if not text.startswith("$"):
        raise PathSyntaxError(f"a path starts with $: {text!r}")
    body, measured = text[1:], False
    if body.endswith(".length()"):
        body, measured = body[: -len(".length()")], True
    keys: list[str | int] = []
    steps: list[Step] = []
    definite, at = True, 0
    while at < len(body):
        step, found, at = _next_step(body, at)
        steps.append(step)
        if found is None:
            definite = False
        else:
            keys.append(found)
    single = len(keys) == len(steps) - 1 and isinstance(steps[-1], Together)
    plain = tuple(keys) if definite else None
    return Path(text, plain, () if definite else tuple(steps), measured=measured, single=single)


def _next_step(body: str, at: int) -> tuple[Step, str | int | None, int]:
    """Return the step at *at*, its key if it names exactly one place, and where the next begins."""
    if body.startswith("..", at):
        at += 2
        if body.startswith("[", at):
            inner, _, at = _bracket(body, at)
        elif body.startswith("*", at):
            inner, at = wildcard, at + 1
        else:
            name, at = _name(body, at)
            inner = member((name,))
        return descend(inner), None, at
    if body[at] == ".":
        at += 1
        if body.startswith("*", at):
            return wildcard, None, at + 1
        if body.startswith("[", at):  # AWS takes a dot before a bracket
            return _bracket(body, at)
        name, at = _name(body, at)
        return member((name,)), name, at
    if body[at] == "[":
        return _bracket(body, at)
    raise PathSyntaxError(f"expected . or [ at {body[at:]!r}")


def _name(body: str, at: int) -> tuple[str, int]:
    match = _NAME.match(body, at)
    if match is None:
        raise PathSyntaxError(f"expected a name at {body[at:]!r}")
    return match.group(), match.end()


def _bracket(body: str, at: int) -> tuple[Step, str | int | None, int]:
    end = _closing(body, at)
    inner = body[at + 1 : end].strip()
    if inner == "*":
        return wildcard, None, end + 1
    if inner.startswith("?"):
        return matching(compile_filter(inner[1:].strip(), compile_path)), None, end + 1
    if _INDEX.match(inner):
        places = tuple(int(part) for part in inner.split(","))
        return indexed(places), places[0] if len(places) == 1 else None, end + 1
    if part := _SLICE.match(inner):
        bounds = [int(text) if text else None for text in (*part.groups()[:2], part.group(3) or "")]
        return sliced(slice(*bounds)), None, end + 1
    names = _quoted(inner)
    if len(names) > 1 and end + 1 == len(body):
        return Together(names), None, end + 1
    return member(names), names[0] if len(names) == 1 else None, end + 1


def _closing(body: str, at: int) -> int:
    """Return where the bracket that opens at *at* closes; brackets in quotes or inside it do not count."""
    depth, quote = 0, ""
    position = at
    while position < len(body):
        letter = body[position]
        if quote:
            if letter == "\\":
                position += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter == "[":
            depth += 1
        elif letter == "]":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise PathSyntaxError(f"no closing ] for {body[at:]!r}")


def _quoted(inner: str) -> tuple[str, ...]:
    names, at = [], 0
    while at < len(inner):
        match = _QUOTED.match(inner, at)
        if match is None:
            raise PathSyntaxError(f"cannot read [{inner}]")
        single, double, _ = match.groups()
        names.append(re.sub(r"\\(.)", r"\1", single if single is not None else double))
        at = match.end()
    if not names:
        raise PathSyntaxError("[] selects nothing")
    return tuple(names)


def compile_reference(text: str) -> Path:
    """Return *text* compiled as a reference path: one that names exactly one place.

    Raises:
        PathSyntaxError: It does not parse, or may select several places.
    """
    path = compile_path(text)
    if path.keys is None or path.measured:
        raise PathSyntaxError(f"{text!r} is not a reference path: it may select more than one place")
    return path
