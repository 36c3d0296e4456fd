"""The arguments and options that several commands share, each written once."""

from __future__ import annotations

from typing import Annotated

import typer

Team = Annotated[str, typer.Argument(help="The team's slug.")]
Teams = Annotated[list[str], typer.Argument(help="The teams' slugs.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when the file is stale.")]
Packaged = Annotated[
    bool, typer.Option("--packaged", help="Put the libraries into the zip, as for AWS; deploying takes longer.")
]
