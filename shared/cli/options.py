"""The arguments and options that several commands share, each written once, and how the values of some are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli.completion import complete_team
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team's slug.", autocompletion=complete_team)]
Teams = Annotated[list[str], typer.Argument(help="The teams' slugs.", autocompletion=complete_team)]
SomeTeams = Annotated[
    list[str] | None, typer.Argument(help="The teams' slugs.", autocompletion=complete_team, show_default=False)
]
AllTeams = Annotated[bool, typer.Option("--all", help="Every team that has a file.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when the file is stale.")]
Rank = Annotated[int | None, typer.Option(min=0, help="The rank or map item that is meant.")]
Step = Annotated[
    str | None, typer.Option(help="The state that is meant, or a function as the workflow's card calls it.")
]
Write = Annotated[bool, typer.Option("--write", help="Let the calls of the handler change what the cloud holds.")]
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def with_values(words: Sequence[str], ours: Collection[str]) -> list[str]:
    """Return *words* with the value of each option that is none of *ours* behind an equals sign: ``--args=-f help``.

    A value that begins with one dash would else be read letter by letter, as options of ours.
    """
    joined: list[str] = []
    rest = iter(words)
    for word in rest:
        value = None
        if word.startswith("--") and len(word) > len("--") and "=" not in word and word not in ours:
            value = next(rest, None)
        if value is not None and not value.startswith("--"):
            joined.append(f"{word}={value}")
        else:
            joined += [word] if value is None else [word, value]
    return joined


def read_moment(text: str, now: datetime) -> datetime:
    """Return the moment that *text* means: ``30m``, ``12h`` or ``7d`` before *now*, or an ISO date, by default in UTC.

    Raises:
        UsageError: It is neither.
    """
    try:
        if ago := re.fullmatch(r"(\d+)([mhdw])", text.strip()):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        when = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"this is no time: {text!r}", where="--since", fix="30m, 12h, 7d, or 2026-01-31") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)
