"""``lanes reference``: the command reference, made from the commands themselves, so that it is always true."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from shared.cli import console, lazy
from shared.cli.options import Check
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path("shared/cli/REFERENCE.md")
_HEAD = """# The `lanes` command

Made by `lanes reference`; `make check` fails when it is stale. Exit codes: 0 done, 1 an error, 2 asked wrongly, 130
interrupted. A command that has other codes says so.
Data goes to stdout, progress and notes to stderr; `NO_COLOR` is honoured.
"""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(hidden=True)(reference)


def reference(
    *,
    check: Check = False,
) -> None:
    """Write the command reference.

    Example: lanes reference
    """
    from shared.cli import main
    from shared.cli.wiring import open_project

    root = open_project().root
    for file, fresh in ((lazy.FILE, lazy.index()), (FILE, markdown(lazy.whole(main.app)))):
        path = root / file
        is_fresh = path.is_file() and path.read_text(encoding="utf-8") == fresh
        if check and not is_fresh:
            raise LanesError("it does not fit the commands", where=str(file), fix="lanes reference")
        if not is_fresh:
            path.write_text(fresh, encoding="utf-8")
        console.note(f"{file} is {'fresh' if is_fresh else 'written'}")


def markdown(commands: TyperGroup) -> str:
    """Return the reference of all *commands* that are not hidden, in the order of ``lanes --help``."""
    sections = [_section(words, command) for words, command in _walk(("lanes",), commands)]
    return "\n".join([_HEAD, *sections])


def _walk(words: tuple[str, ...], group: TyperGroup) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """Yield the words and the command of everything below *group* that is not hidden."""
    for name, child in group.commands.items():
        if child.hidden:
            continue
        if isinstance(child, TyperGroup):
            yield from _walk((*words, name), child)
        elif isinstance(child, TyperCommand):
            yield (*words, name), child


def _section(words: tuple[str, ...], command: TyperCommand) -> str:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    options = [each for each in command.params if isinstance(each, TyperOption)]
    usage = " ".join([*words, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"## `{' '.join(words)}`", "", "```", usage, "```", "", _help(command), ""]
    lines += [f"- `{_argument(each)}`: {each.help}" for each in arguments if each.help]
    lines += [f"- `{', '.join(each.opts)}`: {each.help}" for each in options if each.help]
    return "\n".join(lines).rstrip() + "\n"


def _argument(argument: TyperArgument) -> str:
    name = argument.metavar or str(argument.name).upper()
    many = "..." if argument.nargs == -1 and not argument.metavar else ""
    return f"{name}{many}" if argument.required or name.startswith("[") else f"[{name}{many}]"


def _help(command: TyperCommand) -> str:
    """Return the command's text. Its examples become code."""
    text = inspect.cleandoc(command.help or "").split("\f")[0].strip()
    body, *examples = text.split("Example: ")
    return "\n\n".join([body.strip(), *(f"Example: `{example.strip()}`" for example in examples)])
