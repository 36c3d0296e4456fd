"""The ``lanes`` command: one module for each group of commands, put together here.

Each of them has ``register(app)``, and is imported when one of its commands is asked for (``lazy.py``). Slow imports
stay inside the commands, so that ``--help`` is quick.
Exit codes: 0 done, 1 an error, 2 asked wrongly, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from shared.cli import console, interrupts
from shared.cli.help import PLAIN
from shared.cli.lazy import LazyGroup
from shared.errors import INTERRUPTED, LanesError

app = typer.Typer(
    cls=LazyGroup,
    name="lanes",
    help="""One AWS account, a lane for every team: deploy, run and rehearse parallel science.

    Without --aws or --endpoint, all commands work on the embedded cloud, on this machine.

    Example: lanes up && lanes deploy team2 && lanes run team2 cosmic
    """,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    **PLAIN,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  how typer calls it
    if wanted:
        from importlib import metadata  # 0.1 s

        console.line(f"lanes {metadata.version('teamlanes')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Hold the options of lanes itself."""


def main() -> None:
    """Run the command line. An error becomes its message and its exit code, and never a traceback."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to find them it reads of all packages, for 40 ms
    try:
        with interrupts.raising():
            code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _run() -> str | int | None:
    """Run the command line, and return its exit code."""
    _open_streams()
    try:
        app()
    except SystemExit as end:
        return _last_words(end.code)
    except LanesError as error:
        console.fail(str(error))
        return _last_words(error.exit_code)
    except KeyboardInterrupt:
        return _last_words(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  after this comes a person, who shall see no traceback
        from shared.cli import faults

        if interrupts.caused(error):
            return _last_words(INTERRUPTED)
        console.fail(faults.told(error))
        return _last_words(1)
    return _last_words(0)


def _open_streams() -> None:
    """Let stdout and stderr take any text, and open them where a shell has closed them (``>&-``)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):  # a locale that lacks a letter must not hide the answer
            stream.reconfigure(errors="backslashreplace")


def _last_words(code: str | int | None) -> str | int | None:
    """Write out what stdout still holds, and return the exit *code*; 1 where stdout cannot be written.

    Without this, Python would write it out as it ends, and print a traceback where it cannot.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        failed = ""  # its reader has seen enough
    except OSError as error:
        failed = f"stdout: {error.strerror}"
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if failed:
        console.fail(failed)
    return code or 1
