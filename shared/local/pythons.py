"""Other Pythons of this machine. Lambda runs a function on its runtime's Python; so does the embedded cloud if it can.

It needs a ``python3.X`` on the PATH that starts, has that version, and has AWS's runtime client, which is compiled for
one version. Without one, functions run on this project's own Python, and their package is made for that one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from shared.config.runtimes import MACHINE, RUNTIME_MODULES, machine_architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.config.runtimes import Architecture

_COMPILED = ("awslambdaric", "runtime_client")  # the others work on any Python
_ASK = """
import json, sys
from importlib.util import find_spec
found = {name: find_spec(name) for name in sys.argv[1:]}
origins = {name: spec.origin for name, spec in found.items() if spec and spec.origin}
version = "python%d.%d" % sys.version_info[:2]
print(json.dumps({"version": version, "prefixes": [sys.prefix, sys.base_prefix], "origins": origins}))
"""
_PATIENCE = 30  # seconds for an interpreter to start, on a busy machine


class Told(TypedDict):
    """What an interpreter says about itself; *origins* are the files of the modules that it has, by their names."""

    version: str
    prefixes: list[str]
    origins: dict[str, str]


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter: its command, its folders, and the folder or file of each runtime module by name."""

    command: str
    prefixes: tuple[Path, ...]
    modules: Mapping[str, Path]


def find_python(
    runtime: str,
    *,
    which: Callable[[str], str | None] = shutil.which,
    ask: Callable[[str, Iterable[str]], Told | None] | None = None,
) -> Python | str:
    """Return the machine's interpreter for *runtime*, or why there is none and how to get one.

    Args:
        runtime: Lambda's name for it, such as ``python3.13``.
        which: Finds a command on the PATH.
        ask: Asks a command for its version, prefixes and modules; returns None if it does not start.
    """
    command = which(runtime)
    if command is None:
        return f"there is no {runtime} on the PATH"
    told = (ask or _ask)(command, RUNTIME_MODULES)
    if told is None or told["version"] != runtime:
        return f"{command} does not start a {runtime}"
    if any(name not in told["origins"] for name in _COMPILED):
        return f"{command} has no awslambdaric ({command} -m pip install awslambdaric)"
    modules = {name: module_path(origin) for name, origin in told["origins"].items()}
    return Python(command, tuple(map(Path, told["prefixes"])), modules)


def module_path(origin: str) -> Path:
    """Return the folder or file of a module, by the *origin* in its spec."""
    path = Path(origin)
    return path.parent if path.stem == "__init__" else path


def other_python(runtime: str, *, find: Callable[[str], Python | str] = find_python) -> str:
    """Return what a user must know about functions of *runtime* on this machine's embedded cloud; "" if nothing.

    Args:
        runtime: The functions' runtime.
        find: Finds another interpreter.
    """
    if runtime == MACHINE:
        return ""
    found = find(runtime)
    if isinstance(found, Python):
        return f"functions run on {found.command}, as {runtime} on AWS"
    return f"functions are {runtime} on AWS; here they run on {MACHINE}: {found}"


def runtime_here(runtime: str, *, find: Callable[[str], Python | str] = find_python) -> str:
    """Return the runtime that functions of *runtime* really have on this machine: their own, or this Python's."""
    return runtime if runtime == MACHINE or isinstance(find(runtime), Python) else MACHINE


def other_machine(architecture: Architecture) -> str:
    """Return what a user must know about functions of *architecture* on this machine; "" if nothing."""
    own = machine_architecture()
    if architecture == own:
        return ""
    return f"functions are {architecture} on AWS; here they run on {own}, as this machine does, with libraries for it"


def _ask(command: str, modules: Iterable[str]) -> Told | None:
    try:
        done = subprocess.run(
            [command, "-c", _ASK, *modules], capture_output=True, text=True, timeout=_PATIENCE, check=True, cwd="/"
        )
        told: Told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return told
