"""JSONPath as AWS evaluates it, compiled once, and the reference paths that name one place.

AWS runs Jayway's JsonPath as it was in version 2.0.0 or just before: what it says of ``$.list.length()`` is that
version's text to the letter (github.com/awsdocs/aws-step-functions-developer-guide, pull request 5), it finds nothing
at ``[-1]`` but does at ``[(@.length-1)]`` (zenn.dev/sotaro8181/articles/9f265419e4fda9), it has no ``sum()``
(repost.aws/questions/QUYiQKP0XfThWEc_ahsMnLOA), it takes texts without quotes in filters
(github.com/getmoto/moto, issue 7825), and no later version does any of these four. So the reading below has that
version's ways, odd ones too; tests hold it against the program itself, as Debian ships it (libjsonpath-java 2.0.0).

Two kinds of failure differ: NotFoundError, which a wildcard over an array and a filter pass over, and any other
NoResultError, which ends the reading.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonpath_steps import (
    Index,
    Member,
    NoResultError,
    NotFoundError,
    Walk,
    free,
    no_array,
    no_member,
    out_of_bounds,
    shown_names,
    written,
)
from shared.local.asl.languages.jsonpath_syntax import PathSyntaxError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.asl.languages.jsonpath_steps import Part, Place
    from shared.values import Json

__all__ = ["NoResultError", "NotFoundError", "Path", "PathSyntaxError", "compile_path", "compile_reference"]


class Path:
    """A compiled path.

    Args:
        text: The source, starting with ``$``.
        parts: What it consists of, in order.
    """

    __slots__ = ("_first", "definite", "keys", "text")

    def __init__(self, text: str, parts: Sequence[Part]) -> None:
        self.text = text
        self.keys = _keys(parts)
        self.definite = all(part.definite for part in parts)
        self._first = None if self.keys is not None else _linked(parts)

    def read(self, value: Json, spend: Callable[[int], None] = free, root: Json = None) -> Json:
        """Return what the path selects in *value*: one value if definite, else a list.

        Args:
            value: What ``$`` or ``@`` stands for.
            spend: Is told how many nodes were looked at, and may raise to end that.
            root: What ``$`` stands for in a filter; *value* when None.

        Raises:
            NoResultError: The path does not fit what it meets, or is definite and the place is not there.
        """
        if self.keys is not None:
            found: Json = _follow(value, self.keys)
            return found
        walk = Walk(value if root is None else root, spend)
        if self._first is not None:
            self._first.visit(value, (), walk)
        if not self.definite:
            return walk.found
        if not walk.found:
            raise NotFoundError(f"No results for path: {self.text}")
        return walk.found[0]

    def write(self, value: Json, content: Json) -> Json:
        """Return *value* with *content* at this reference path. Only what the path goes through is copied.

        Raises:
            NoResultError: The place cannot be made, for *value* holds something else on the way.
        """
        return _write(value, self.keys or (), content)


def _keys(parts: Sequence[Part]) -> tuple[str | int, ...] | None:
    """Return the names and indices to follow; None when the *parts* are more than such."""
    keys: list[str | int] = []
    for part in parts:
        if len(part.of) == 1 and (part.step is Member or (part.step is Index and part.of[0] >= 0)):
            keys.append(part.of[0])
        else:
            return None
    return tuple(keys)


def _linked(parts: Sequence[Part]) -> Any:
    """Return the first of the steps that *parts* make, each knowing the one after it; None when there are none."""
    following = None
    for at in reversed(range(len(parts))):
        # Whether a member that is missing on the way is an error is asked, as in Jayway, of the part before and all
        # those after: not of all those before.
        strict = all(part.definite for part in parts[max(at - 1, 0) :])
        following = parts[at].step(parts[at].of, following, strict)
    return following


def _follow(node: Any, keys: tuple[str | int, ...]) -> Any:
    """Return what lies at *keys* below *node*; whether a key fits is found out by trying."""
    top = node
    for key in keys:
        try:
            # A name in a list is a TypeError, an index in an object a KeyError; but text would take an index.
            if type(node) is str:
                node = {}
            node = node[key]
        except (KeyError, IndexError, TypeError):
            raise _missing(top, keys) from None
    return node


def _missing(node: Any, keys: tuple[str | int, ...]) -> NoResultError:
    """Return the failure of *keys* that do not lead all the way below *node*."""
    place: Place = ()
    for depth, key in enumerate(keys):
        if isinstance(key, str):
            if not isinstance(node, dict) or key not in node:
                return no_member(node, place, (key,), last=depth == len(keys) - 1)
        elif not isinstance(node, list):
            shown = (f"[{each}]" if isinstance(each, int) else shown_names((each,)) for each in keys[depth:])
            return no_array(node, place, "".join(shown))
        elif key >= len(node):
            return out_of_bounds(place, key)
        node, place = node[key], (place, key)
    return NotFoundError(f"No results for path: {written(place)}")


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
    return Path(text, parse(text, compile_path))


def compile_reference(text: str) -> Path:
    """Return *text* compiled as a reference path: one that names exactly one place.

    Raises:
        PathSyntaxError: It does not parse, or may select several places.
    """
    path = compile_path(text)
    if path.keys is None:
        raise PathSyntaxError(f"{text!r} is not a reference path: it may select more than one place")
    return path
