"""Shows the texts of ``--help`` as they are written. rich would take ``[a-z]`` for a style, and drop it."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from typer._click.shell_completion import CompletionItem
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from shared.cli.completion import complete_parameter
from shared.cli.options import with_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import typer


def make_literal(group: typer.Typer) -> None:
    """Let all commands of *group* show their help as it is written, with each paragraph as one line.

    Without that, a terminal would show the line breaks of the source too.
    """
    group.info.cls = LiteralGroup
    for command in group.registered_commands:
        text = inspect.getdoc(command.callback) or ""
        command.help = "\n\n".join(part.replace("\n", " ") for part in text.split("\n\n"))
        command.cls = _Command
    for below in group.registered_groups:
        if below.typer_instance is not None:
            make_literal(below.typer_instance)


class _Command(TyperCommand):
    """A command."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write its help, and that of its parameters."""
        with _escaped([self, *self.params]):
            super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words. A value of a workflow's parameter is one, also where it looks like options of ours."""
        if ctx.ignore_unknown_options:
            args = with_values(args, {name for part in self.params for name in part.opts})
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return what the tab key offers: options of ours, and the parameters of the workflow that is named."""
        offered = super().shell_complete(ctx, incomplete)
        if ctx.ignore_unknown_options and incomplete.startswith("-"):
            offered += map(CompletionItem, complete_parameter(ctx.params.get("words") or (), incomplete))
        return offered


class LiteralGroup(TyperGroup):
    """A group of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write its help, and that of its commands."""
        with _escaped([self, *self.params, *self.commands.values()]):
            super().format_help(ctx, formatter)


@contextlib.contextmanager
def _escaped(parts: Iterable[object]) -> Iterator[None]:
    """Escape the help of *parts* while the block runs. The reference needs it as it is."""
    helped = (part for part in parts if isinstance(part, TyperCommand | TyperGroup | TyperArgument | TyperOption))
    before = [(part, part.help) for part in helped if part.help]
    for part, text in before:
        part.help = escape(text)
    try:
        yield
    finally:
        for part, text in before:
            part.help = text
