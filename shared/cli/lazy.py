"""Commands that are imported when they are asked for. All others are known by their name and their first sentence.

To import all fifty modules of commands takes longer than most commands do. ``lanes --help`` and the tab key only need
what stands in ``commands.json``, which ``lanes reference`` writes.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from shared.cli.help import PLAIN, LiteralGroup, make_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = (
    "teams",
    "workflow",
    "test",
    "plan",
    "deploy",
    "adopt",
    "sleep",
    "run",
    "dev",
    "history",
    "runs",
    "console_command",
    "redrive",
    "schedule",
    "stop",
    "logs",
    "debug",
    "invoke",
    "cloud",
    "data",
    "items",
    "secret",
    "model",
    "images",
    "isolation",
    "access",
    "rendezvous",
    "reference",
    "metrics",
    "trace",
    "cost",
    "ledger",
    "sweep",
    "compare",
    "report",
    "review",
    "verify",
    "predict",
    "archive",
    "clean",
)
"""The modules that have ``register(app)``, in the order of ``--help``."""
FILE = Path("shared/cli/commands.json")
"""The index, in the project's folder. A command says in which module it is, and how its help begins."""
_INDEX = Path(__file__).with_name("commands.json")


class LazyGroup(LiteralGroup):
    """The commands of the index, beside those that are registered already."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, told in _index().items():
            if name not in self.commands:
                self.commands[name] = _Unread(
                    name=name, help=told["help"], hidden=told["hidden"], module=told["module"]
                )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that *args* name, imported."""
        self.read(args[0])
        return super().resolve_command(ctx, args)

    def read(self, name: str) -> None:
        """Import the command *name*, and all others of its module, unless they are there or nobody knows them."""
        stand_in = self.commands.get(name)
        if isinstance(stand_in, _Unread):
            self.commands.update(read_module(stand_in.module))

    def read_all(self) -> None:
        """Import all commands, and take them as they are now, whatever the index says."""
        own = {name: command for name, command in self.commands.items() if not isinstance(command, _Unread)}
        self.commands = {**own, **{name: command for _, name, command in _everything()}}


class _Unread(TyperCommand):
    """Stands where a command will be, for whoever lists commands; *module* has the command."""

    def __init__(self, *, module: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.module = module


def whole(app: typer.Typer) -> TyperGroup:
    """Return the commands of *app*, a group that is lazy, with all of them imported."""
    group = typer.main.get_group(app)
    if isinstance(group, LazyGroup):
        group.read_all()
    return group


def read_module(module: str) -> dict[str, Any]:
    """Import *module* of ``shared.cli``, and return its commands by their names."""
    app = typer.Typer(**PLAIN)
    importlib.import_module(f"shared.cli.{module}").register(app)
    make_literal(app)
    return dict(typer.main.get_group(app).commands)


def index() -> str:
    """Return the index of all commands, as it is written."""
    told = {
        name: {"module": module, "help": (command.help or "").split("\n\n")[0], "hidden": command.hidden}
        for module, name, command in _everything()
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _everything() -> list[tuple[str, str, Any]]:
    """Return module, name and command of all: commands first, then groups of commands."""
    found = [(module, name, command) for module in MODULES for name, command in read_module(module).items()]
    return sorted(found, key=lambda each: isinstance(each[2], TyperGroup))


@cache
def _index() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(_INDEX.read_text(encoding="utf-8"))
    return found
