"""``lanes reference``: the command reference, made from the commands themselves so that it cannot lie."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shared.cli import console
from shared.cli.options import Check
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path("shared/cli/REFERENCE.md")
_HEAD = """# The `lanes` command

Made by `lanes reference`; `make check` fails when it is stale. Exit codes: 0 done, 1 an error, 2 asked wrongly, 130
interrupted; what a command has beside these is told with it.
Data goes to stdout, progress and notes to stderr; `NO_COLOR` is honoured.
"""


def register(app: typer.Typer) -> None:
    """Add the command to *app*, whose commands it describes."""

    @app.command(hidden=True)
    def reference(
        *,
        check: Check = False,
    ) -> None:
        """Write the command reference.

        Example: lanes reference
        """
        from shared.cli.wiring import open_project

        path = open_project().root / FILE
        fresh = markdown(app)
        is_fresh = path.is_file() and path.read_text(encoding="utf-8") == fresh
        if check and not is_fresh:
            raise LanesError("the reference does not fit the commands", where=str(FILE), fix="lanes reference")
        if not is_fresh:
            path.write_text(fresh, encoding="utf-8")
        console.note(f"{FILE} is {'fresh' if is_fresh else 'written'}")


def markdown(app: typer.Typer) -> str:
    """Return the reference of all commands that are not hidden, in the order of ``lanes --help``."""
    sections = [_section(words, command) for words, command in _walk(("lanes",), typer.main.get_command(app))]
    return "\n".join([_HEAD, *sections])


def _walk(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in command.commands.items():
        if child.hidden:
            continue
        if hasattr(child, "commands"):
            yield from _walk((*words, name), child)
        else:
            yield (*words, name), child


def _section(words: tuple[str, ...], command: Any) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    usage = " ".join([*words, *(_argument(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"## `{' '.join(words)}`", "", "```", usage, "```", "", _help(command), ""]
    for parameter in (*arguments, *options):
        if parameter.help:
            name = _argument(parameter) if parameter in arguments else ", ".join(parameter.opts)
            lines.append(f"- `{name}`: {parameter.help}")
    return "\n".join(lines).rstrip() + "\n"


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    many = "..." if argument.nargs == -1 and not argument.metavar else ""
    return f"{name}{many}" if argument.required or name.startswith("[") else f"[{name}{many}]"


def _help(command: Any) -> str:
    """Return the command's text; its examples become code."""
    text = inspect.cleandoc(command.help or "").split("\f")[0].strip()
    body, *examples = text.split("Example: ")
    return "\n\n".join([body.strip(), *(f"Example: `{example.strip()}`" for example in examples)])
