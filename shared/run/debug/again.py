"""Calls a deployed function's handler in this process, as Lambda would call it but for limits.

The environment is the function's alone: a variable that only this machine has is not there, as on Lambda. What the
machine needs to reach the network and a terminal stays.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
from bdb import BdbQuit
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import shared
from shared.errors import LanesError
from shared.local.handler import Context, OwnModules, find_handler, through_json
from shared.run.debug.told import Shown, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.handler import Handler
    from shared.run.debug.calls import Guard
    from shared.run.debug.deployed import Deployed
    from shared.values import Json

_KEPT = (
    *("PATH", "HOME", "USER", "TERM", "COLORTERM", "COLUMNS", "LINES", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR"),
    *("TMPDIR", "LD_LIBRARY_PATH", "PYTHONBREAKPOINT", "INPUTRC", "EDITOR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""Variables of this machine that a handler sees besides its own."""


class Debugger(Protocol):
    """What looks at the handler."""

    def call(self, handler: Handler, event: Json, context: Context) -> object:
        """Call *handler*, and return what it returns."""

    def stopped(self, error: BaseException) -> None:
        """Look at *error*, which the handler has raised, or its module as it was loaded."""


class NoDebugger:
    """Only calls."""

    def call(self, handler: Handler, event: Json, context: Context) -> object:
        """Return what *handler* returns."""
        return handler(event, context)

    def stopped(self, error: BaseException) -> None:
        """Look at nothing."""


@dataclass(frozen=True, slots=True)
class Here:
    """What it takes to call a function in this process.

    Attributes:
        deployed: The function.
        root: The project's folder.
        folder: The folder of a team's own workflow; None for a shared one.
        libraries: A folder of libraries that come first; None where this Python has them.
        variables: The credentials that its calls go with, and where they go.
        guard: Looks at its calls.
    """

    deployed: Deployed
    root: Path
    folder: Path | None
    libraries: Path | None
    variables: Mapping[str, str] = field(repr=False)
    guard: Guard

    @property
    def shown(self) -> Shown:
        """What may be shown of its errors and values."""
        secrets = secrets_in({**self.deployed.variables, **self.variables})
        return Shown(self.root, own_folders(self.root, self.folder), secrets)

    def environment(self, machine: Mapping[str, str]) -> dict[str, str]:
        """Return all variables of the process, which are those in *machine* now."""
        told, function = self.deployed, self.deployed.function
        region = told.arn.split(":")[3]
        return {
            **{name: machine[name] for name in _KEPT if name in machine},
            "TZ": ":UTC",
            **told.variables,
            "AWS_CONFIG_FILE": os.devnull,  # the user's own files are not the function's
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{told.runtime or 'python'}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(told.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "LAMBDA_TASK_ROOT": str(self.folder or self.root),
            "_HANDLER": told.handler,
            **self.variables,
        }


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a call here.

    Attributes:
        result: What the handler returned.
        error: What it raised; None unless it did.
        left: Whether the debugger was left before the end.
        seconds: How long it took, with what the debugger looked at.
    """

    result: Json = None
    error: BaseException | None = None
    left: bool = False
    seconds: float = 0.0


def own_folders(root: Path, folder: Path | None) -> tuple[Path, ...]:
    """Return where the user's own code lies: the workflow's *folder*, or what functions have of the project."""
    return (folder.resolve(),) if folder else (root / "shared" / "handlers", root / "shared" / "fmi")


def call_again(here: Here, event: Json, debugger: Debugger) -> Ended:
    """Call the function's handler with *event*.

    Raises:
        LanesError: The handler is the project's, and this command was started from another project.
    """
    if here.folder is None:
        _check_project(here.root)
    began = time.monotonic()
    told = here.deployed
    arn, name = told.arn, told.function.name
    with _inside(here), here.guard.standing():
        try:
            context = Context(name, arn, str(told.memory_mb), str(uuid.uuid4()), began + told.timeout)
            returned = debugger.call(find_handler(told.handler), through_json(event), context)
            result = through_json(returned)
        except BdbQuit:
            return Ended(left=True, seconds=time.monotonic() - began)
        except (Exception, SystemExit) as error:  # noqa: BLE001  the user's, whatever it is
            debugger.stopped(error)
            return Ended(error=error, seconds=time.monotonic() - began)
    return Ended(result=result, seconds=time.monotonic() - began)


def _check_project(root: Path) -> None:
    """Refuse a project whose ``shared/`` is not the one that this process runs."""
    loaded = Path(str(shared.__file__)).resolve().parents[1]
    if loaded != root.resolve():
        raise LanesError(
            f"the handler is in {root}/shared, and this lanes runs the code of {loaded}",
            fix="run lanes of that project's own environment, or python -m shared.cli in its folder",
        )


@contextmanager
def _inside(here: Here) -> Iterator[None]:
    """Have the function's environment, folder and modules inside of the block."""
    before, path = dict(os.environ), list(sys.path)
    libraries = [str(here.libraries)] if here.libraries else []
    with contextlib.chdir(here.folder or here.root):
        try:
            _replace(here.environment(before))
            sys.path[:0] = libraries
            with OwnModules(here.folder):
                yield
        finally:
            sys.path[:] = path
            _replace(before)


def _replace(variables: Mapping[str, str]) -> None:
    """Let the process's environment be *variables*, and nothing else."""
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
