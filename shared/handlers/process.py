"""Runs a program to its end, its output passed on line by line."""

from __future__ import annotations

import signal
import subprocess
from collections import deque
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LAST_LINES = 15
LINE_BYTES = 500  # of a line in an error: Step Functions keeps 32 KB of its cause


class ScriptFailed(LanesError):  # noqa: N818  Step Functions shows this name
    """A program ended badly. The message has its last lines."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    name: str,
    write: Callable[[str], object] = print,
) -> None:
    """Run *command* in *folder* and give each line of its output, stderr too, to *write* as it comes.

    Raises:
        ScriptFailed: It exits with another status than 0, or is killed; *name* says whose program it was.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(  # noqa: S603  running the team's program is what this is for
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                text = line.rstrip("\n")
                last.append(text[:LINE_BYTES])
                write(text)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        said = "\n".join(f"    {line}" for line in last) or "    (it printed nothing)"
        raise ScriptFailed(
            f"{name} {_ending(process.returncode)}; its last lines:\n{said}",
            fix="correct the program; lanes run --show-output prints all that each rank said",
        )


def _ending(status: int) -> str:
    if status > 0:
        return f"ended with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
