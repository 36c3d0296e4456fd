"""Shows the texts of ``--help`` as they are written, and what the tab key offers of a workflow's parameters.

Click writes the help, not rich: to import what typer needs of rich takes longer than the help may.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from typer._click.shell_completion import CompletionItem
from typer.core import TyperCommand, TyperGroup

from shared.cli import console
from shared.cli.completion import complete_parameter
from shared.cli.options import with_values

if TYPE_CHECKING:
    import typer


PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 10_000},
}
"""How each group of commands is made; help is as wide as the terminal."""


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

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words. A value of a workflow's parameter is one, also where it looks like options of ours.

        ``--help`` alone is answered here where the command has a help of its own, before any value is read.
        """
        _convert_late(self, ctx)
        if not self.add_help_option and len(args) == 1 and args[0] in ctx.help_option_names:
            console.line(self.get_help(ctx))
            ctx.exit()
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

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words."""
        _convert_late(self, ctx)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write its commands, each with the whole first paragraph of its help. Click would cut it at the line's end."""
        listed = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, (each.help or "").split("\n\n")[0]) for name, each in listed if each and not each.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


class _Late:
    """Converts a value in place of pydantic's adapter where there is nothing to convert: its import takes 0.1 s."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return *value* as what it is declared to be; as it is written while the tab key asks."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if ctx.resilient_parsing:
            return value
        param._runtime_param = None  # typer makes its adapter then  # noqa: SLF001
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _convert_late(command: TyperCommand | TyperGroup, ctx: Any) -> None:
    for parameter in command.get_params(ctx):
        setattr(parameter, "_runtime_param", _Late())  # noqa: B010  it is typer's own
