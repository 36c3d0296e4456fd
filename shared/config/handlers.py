"""Whether a handler is there. Its module is parsed and never imported: a file is checked before anybody runs it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shared.config.problems import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.config.document import Document, KeyPath

SHARED = "shared.handlers."
"""What the handlers begin with that all teams share."""


def handler_file(root: Path, folder: Path | None, handler: str) -> Path:
    """Return the file of the module of *handler*, which need not be there.

    Args:
        root: The project's folder.
        folder: The workflow's own folder; None for a shared workflow.
        handler: The dotted path.
    """
    module = handler.rpartition(".")[0].split(".")
    base = (root if folder is None or handler.startswith(SHARED) else folder).joinpath(*module)
    package = base / "__init__.py"
    return package if package.is_file() else base.with_suffix(".py")


def check_handler(root: Path, folder: Path | None, handler: str, path: KeyPath, document: Document) -> None:
    """Report a *handler* whose module is not there or cannot be parsed, or that its module does not define."""
    if folder is None and not handler.startswith(SHARED):
        document.problem(path, f"the handler {handler!r} of a shared workflow does not begin with {SHARED}")
        return
    file = handler_file(root, folder, handler)
    shown = file.relative_to(root).as_posix()
    name = handler.rpartition(".")[2]
    try:
        tree = ast.parse(file.read_bytes())
    except FileNotFoundError:
        document.problem(path, f"{handler!r} is not there: there is no {shown}")
        return
    except (SyntaxError, ValueError, RecursionError, OSError) as error:
        line = getattr(error, "lineno", None) or 1
        document.problems.add(Problem(shown, line, f"this is no Python: {getattr(error, 'msg', error)}"))
        return
    defined = set(_defined(tree))
    if name not in defined and "*" not in defined:
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        document.problem(path, f"{handler!r} is not there: {shown} defines no {name}", nearest(name, functions))


def _defined(block: ast.AST) -> Iterator[str]:
    """Yield the names that a module defines at its top, in an if or a try too; ``*`` for all of another module's."""
    for node in ast.iter_child_nodes(block):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            yield from _defined(node)
