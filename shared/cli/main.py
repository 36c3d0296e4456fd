"""The ``lanes`` command: one file per group of commands, wired here.

Each group is a module with ``register(app)``; heavy imports stay inside its commands so that ``--help`` is quick.
Exit codes: 0 done, 1 an error, 2 asked wrongly, 130 interrupted.
"""

from __future__ import annotations

import errno
import inspect
import io
import sys
from importlib import metadata
from typing import Annotated

import typer

from shared.cli import (
    cloud,
    console,
    cost,
    data,
    deploy,
    images,
    isolation,
    items,
    logs,
    metrics,
    model,
    predict,
    reference,
    rendezvous,
    report,
    run,
    runs,
    stop,
    sweep,
    teams,
)
from shared.errors import LanesError

# What is no fault of ours: a checkout that may not be written, a disk that is full.
_MACHINE_SAYS_NO = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}

app = typer.Typer(
    name="lanes",
    help="One AWS account, a lane for every team: deploy, run and rehearse parallel science.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    teams,
    deploy,
    run,
    runs,
    stop,
    logs,
    cloud,
    data,
    items,
    model,
    images,
    isolation,
    rendezvous,
    reference,
    metrics,
    cost,
    sweep,
    report,
    predict,
):
    group.register(app)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  how typer calls it
    if wanted:
        typer.echo(f"lanes {metadata.version('teamlanes')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Hold the options of lanes itself."""


def _unwrap_help(group: typer.Typer) -> None:
    """Make each paragraph of every command's help one line: a terminal would show the source's line breaks too."""
    for command in group.registered_commands:
        text = inspect.getdoc(command.callback) or ""
        command.help = "\n\n".join(part.replace("\n", " ") for part in text.split("\n\n"))
    for below in group.registered_groups:
        if below.typer_instance is not None:
            _unwrap_help(below.typer_instance)


_unwrap_help(app)


def main() -> None:
    """Run the command line; an error of ours becomes its message and exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a locale that lacks a letter must not cost the answer
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except LanesError as error:
        console.fail(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _MACHINE_SAYS_NO:
            raise
        where = error.filename or "a file"  # a write that fails does not say which
        console.fail(f"{where}: {error.strerror}\n  fix: make it writable, or free space there")
        sys.exit(1)
    except Exception as error:
        if not type(error).__module__.startswith(("boto3", "botocore")):
            raise  # a fault of ours, which its traceback helps to find
        console.fail(f"AWS: {error}{_who_may(error)}")
        sys.exit(1)


def _who_may(error: Exception) -> str:
    """Return the fix for an *error* of AWS's that says no to these credentials; nothing for any other."""
    from shared.deploy.caller import WHO_MAY, is_denial  # noqa: PLC0415  only an error needs it

    return f"\n  fix: take credentials that may: {WHO_MAY}" if is_denial(error) else ""
