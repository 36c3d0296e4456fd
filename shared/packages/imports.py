"""What a module imports, read off its source: it is parsed and never run, so nobody's code runs where one deploys.

An import within a function counts as one at the top. One that may fail (``try`` with ``except ImportError``) is told
apart, and so is one for type checkers (``if TYPE_CHECKING``), which never happens.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_BY_NAME = {"import_module", "__import__"}
_FILES = ("importlib.resources", "importlib_resources", "pkgutil")


@dataclass(frozen=True, slots=True)
class Import:
    """One import. ``names`` are what ``from ... import`` asks of the module, none for a plain import."""

    module: str
    names: tuple[str, ...]
    line: int
    may_fail: bool = False
    for_types: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a module.

    Attributes:
        imports: Its imports, in order.
        reads_folder: It looks for files beside it: it asks for its ``__file__``, or uses what finds resources.
        lazy: It loads names of its own when they are first asked for (PEP 562).
    """

    imports: tuple[Import, ...]
    reads_folder: bool
    lazy: bool


def read_source(content: bytes, module: str, *, package: bool) -> Source:
    """Return what is known of the module called *module*, whose file has *content*.

    Args:
        content: The source.
        module: Its dotted name, which relative imports start from.
        package: It is a package's ``__init__``.

    Raises:
        SyntaxError: It is no Python.
        ValueError: It has null bytes.
    """
    tree = ast.parse(content)
    parts = module.split(".")
    here = parts if package else parts[:-1]
    imports = tuple(_imports(tree.body, here))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    reads = "__file__" in names or any(_finds_files(each) for each in imports)
    lazy = any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in ast.walk(tree))
    return Source(imports, reads, lazy)


def _finds_files(told: Import) -> bool:
    return told.module.startswith(_FILES) or (told.module == "importlib" and "resources" in told.names)


def _imports(body: Iterable[ast.AST], here: list[str]) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, (), node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield Import(module, tuple(alias.name for alias in node.names), node.lineno)
        elif isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
            yield from (replace(each, may_fail=True) for each in _imports(node.body, here))
            yield from _imports([*node.handlers, *node.orelse, *node.finalbody], here)
        elif isinstance(node, ast.If) and _asks_for_types(node.test):
            yield from (replace(each, for_types=True) for each in _imports(node.body, here))
            yield from _imports(node.orelse, here)
        else:
            if isinstance(node, ast.Call) and (name := _imported_by_name(node)):
                yield Import(name, (), node.lineno)
            yield from _imports(ast.iter_child_nodes(node), here)


def _catches(handler: ast.ExceptHandler) -> bool:
    """Say whether *handler* takes an import that fails."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is None or _last_name(each) in _MISSING for each in caught)


def _asks_for_types(test: ast.expr) -> bool:
    return _last_name(test) == "TYPE_CHECKING"


def _imported_by_name(call: ast.Call) -> str | None:
    """Return the module that *call* imports by a name that is written there; None for any other call."""
    if _last_name(call.func) not in _BY_NAME or not call.args:
        return None
    name = call.args[0]
    spelt = name.value if isinstance(name, ast.Constant) else None
    return spelt if isinstance(spelt, str) and not spelt.startswith(".") else None


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
