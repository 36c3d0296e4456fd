"""YAML read with its line numbers: every value's path leads back to the line it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from shared.config.problems import Problem, Problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.values import Json

KeyPath = tuple[str | int, ...]
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def dotted(path: KeyPath) -> str:
    """Return *path* as messages show it: ``States.Pieces.Catch[0].Next``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def texts_in(value: Json, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text in *value*, which stands at *path*, with its own path; keys are none of them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from texts_in(item, (*path, place))


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML or JSON file: its plain data, and the line (from 1) of each path in it."""

    file: str
    data: object
    lines: dict[KeyPath, int]
    problems: Problems

    def line(self, path: KeyPath) -> int:
        """Return the line of *path*, or of the nearest part above it that is in the file."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def problem(self, path: KeyPath, what: str, fix: str | None = None) -> None:
        """Report that *what* is wrong at *path*."""
        self.problems.add(Problem(self.file, self.line(path), what, fix, dotted(path)))


def read_document(path: Path, file: str, problems: Problems) -> Document | None:
    """Read the YAML file at *path*, called *file* in messages.

    Returns:
        The document, or None when it is not YAML; *problems* then says why. A key given twice is a problem, and the
        document holds the second.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.add(Problem(file, 1, "there is no such file"))
        return None
    except (OSError, UnicodeDecodeError) as error:
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
        return None
    return parse_document(text, file, problems)


def parse_document(text: str, file: str, problems: Problems) -> Document | None:
    """Read *text*, which is or will be the YAML file called *file*; as :func:`read_document`."""
    try:
        loader, node = _compose(text)
        document = Document(file, None, {(): 1}, problems)
        data = _build(loader, node, (), document) if node else {}
    except yaml.YAMLError as error:
        problems.add(_malformed(file, text, error))
        return None
    except RecursionError:
        problems.add(Problem(file, 1, "it is nested too deeply"))
        return None
    return Document(file, data, document.lines, problems)


class _NoAliases(Composer):
    """Refuses aliases. So a file can be read from top to bottom, and holds no loop and no explosion of copies."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # type: ignore[attr-defined]  # the parser's
            mark = self.peek_event().start_mark  # type: ignore[attr-defined]
            raise yaml.composer.ComposerError(None, None, "an alias (*name) is not read here: write it out", mark)
        return super().compose_node(parent, index)


class _Loader(_NoAliases, yaml.SafeLoader):
    """PyYAML's own parser."""


if TYPE_CHECKING or yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class _FastLoader(_NoAliases, CParser, SafeConstructor, Resolver):
        """libyaml's parser, which is ten times as fast."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)


_Loaders = Union["_Loader", "_FastLoader"]

# What libyaml takes otherwise than PyYAML does: tabs, other line ends, complex keys, comments behind a block's sign.
# tests/unit/config/test_document.py compares them on texts without these.
_UNALIKE = re.compile(r"[\t\r\x85\u2028\u2029]|\?(?:[\s:,\]}]|$)|[|>][^\n]*#|^(?:---|\.\.\.|%)", re.MULTILINE)


def _compose(text: str) -> tuple[_Loaders, yaml.Node | None]:
    """Return the loader that has read *text*, and its node. Whatever is wrong is told by PyYAML's parser."""
    if yaml.__with_libyaml__ and not _UNALIKE.search(text):
        try:
            fast = _FastLoader(text)
            return fast, fast.get_single_node()
        except (yaml.YAMLError, UnicodeError):
            pass
    loader = _Loader(text)
    return loader, loader.get_single_node()


def _build(loader: _Loaders, node: yaml.Node, path: KeyPath, document: Document) -> object:
    """Return the plain value of *node*, and note the line of every path below it."""
    document.lines.setdefault(path, node.start_mark.line + 1)
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
        raise yaml.constructor.ConstructorError(None, None, f"the tag {node.tag} is not read here", node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(loader, node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, index), document) for index, item in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except ValueError as error:  # PyYAML takes 2026-99-99 for a date
        raise yaml.constructor.ConstructorError(None, None, f"{error}: put it in quotes", node.start_mark) from error


def _build_mapping(loader: _Loaders, node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, object]:
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        key = key_node.value  # the text as written: YAML would make `on` and `no` booleans
        if key in data:
            first = document.lines[(*path, key)]
            document.problems.add(
                Problem(document.file, line, f"the key {key!r} is given twice, first on line {first}", "keep one")
            )
        document.lines[(*path, key)] = line
        data[key] = _build(loader, value_node, (*path, key), document)
    return data


def _malformed(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """Return the problem of a file that is not YAML, at the line where PyYAML gave up."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = ", ".join(part for part in (error.context, error.problem) if part)
        return Problem(file, line, f"this is not YAML: {what}", _advice(text, line))
    position = getattr(error, "position", 0)
    return Problem(file, text.count("\n", 0, position) + 1, f"this is not YAML: {getattr(error, 'reason', error)}")


def _advice(text: str, line: int) -> str | None:
    lines = text.splitlines()
    if line <= len(lines) and "\t" in lines[line - 1]:
        return "indent with spaces: YAML knows no tabs"
    if line <= len(lines) and "cron(" in lines[line - 1]:  # in braces, ? begins a key
        return "put the expression in quotes"
    return None
