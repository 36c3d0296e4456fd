"""Runs a program to its end and passes its output on, line by line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from io import FileIO
    from pathlib import Path

LAST_LINES = 15  # in an error: our choice
LINE_BYTES = 500  # of a line in an error: our choice, so that 15 of them are far below the 32 KB of a cause (AWS quota)


class ScriptFailed(LanesError):
    """A program ended badly. The message has its last lines."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    name: str,
    write: Callable[[str], object] = print,
) -> None:
    """Run *command* in *folder*, and give each line of its output to *write* as it comes, stderr too.

    It returns when the program ends. Processes that the program started and left behind may keep the pipe open; nobody
    waits for them.

    Raises:
        ScriptFailed: It exits with another status than 0, or is killed. *name* says whose program it was.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    reading, writing = os.pipe()
    end = uuid.uuid4().hex
    with (
        os.fdopen(writing, "wb", buffering=0) as pipe,
        os.fdopen(reading, encoding="utf-8", errors="replace") as output,
    ):
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=_mark_end, args=(process, pipe, end), name="program-end", daemon=True).start()
        try:
            for line in output:
                text = line.rstrip("\n").removesuffix(end)
                if text or not line.startswith(end):
                    last.append(text[:LINE_BYTES])
                    write(text)
                if line.endswith(f"{end}\n"):
                    break
        except BaseException:
            process.kill()
            raise
    process.wait()
    if process.returncode:
        said = "\n".join(f"    {line}" for line in last) or "    (it printed nothing)"
        raise ScriptFailed(
            f"{name} {_ending(process.returncode)}; its last lines:\n{said}",
            fix="correct the program; lanes run --show-output prints all that each rank said",
        )


def _mark_end(process: subprocess.Popen[bytes], pipe: FileIO, mark: str) -> None:
    """Write *mark* after all that *process* wrote."""
    process.wait()
    with contextlib.suppress(BrokenPipeError, ValueError):  # the pipe is closed: nobody reads any more
        pipe.write(f"{mark}\n".encode())


def _ending(status: int) -> str:
    if status > 0:
        return f"ended with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
