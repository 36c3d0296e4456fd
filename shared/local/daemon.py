"""``lanes up`` and ``lanes down``: an embedded cloud in a process of its own.

The starter reads one line from the new process: where it listens, or why it cannot. From then on the two
know each other only through :class:`shared.local.state.State`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.lane import Place
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from shared.local.state import Running, State, private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 15.0  # seconds that a start or a stop may take before something is wrong
_SLOWEST_START = 60.0  # seconds, on a machine that is busy with something else
_POLL = 0.05
_LOOK = 1.0  # seconds between two looks at whether our files are still there


class AlreadyRunningError(LanesError):
    """Another process holds this project's cloud, or is about to."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a cloud is started with: see :class:`EmbeddedCloud`."""

    place: Place
    port: int
    packaged: bool = False
    speed: float = 1.0
    any_key: bool = False


def serve(state: State, settings: Settings, ready: Callable[[Running], None]) -> None:
    """Run a cloud until SIGTERM, SIGINT or SIGHUP; *ready* is called once, when it answers.

    Raises:
        AlreadyRunningError: One runs already.
        LanesError: The cloud cannot start, or ended because its files were removed: no command could end it any more.
    """
    private_folder(state.folder)
    if not _acquire(state):
        raise AlreadyRunningError("a cloud runs here already", fix="use it, or end it with lanes down")
    try:
        place, packaged = settings.place, settings.packaged
        cloud = EmbeddedCloud(
            place,
            state.folder,
            port=settings.port,
            speed=settings.speed,
            any_key=settings.any_key,
        )
        with _stop_signals() as stop, cloud:
            running = Running(
                endpoint=cloud.endpoint,
                pid=os.getpid(),
                account=place.account,
                region=place.region,
                packaged=packaged,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
                any_key=settings.any_key,
                key=cloud.key,
            )
            state.write(running)
            ready(running)
            found = stay(stop.wait, state.lost)
        if not found:
            raise LanesError("the cloud ended, for its files were removed", where=str(state.folder), fix="lanes up")
    finally:
        state.clear()
        state.lock.release()


def stay(told: Callable[[float], bool], lost: Callable[[], bool]) -> bool:
    """Wait until somebody tells us to end (True) or we are lost (False).

    Args:
        told: Waits so many seconds for being told, and returns whether we were.
        lost: Says whether nobody finds us any more.
    """
    while not told(_LOOK):
        if lost():
            return False
    return True


def _acquire(state: State) -> bool:
    for _ in range(5):  # another command's look at the lock holds it for a moment
        if state.lock.acquire():
            return True
        time.sleep(_POLL)
    return False


def up(state: State, settings: Settings, *, patience: float = _SLOWEST_START) -> Running:
    """Start a cloud in the background and return where it listens.

    Args:
        state: The cloud's files.
        settings: What it is started with.
        patience: Seconds that it may take to start.

    Raises:
        AlreadyRunningError: One runs already.
        LanesError: It cannot start; the message is its own. Or it says nothing for too long, and was ended.
    """
    private_folder(state.folder)
    folder = state.folder.resolve()
    command = [sys.executable, "-m", "shared.local.daemon", str(folder), json.dumps(asdict(settings))]
    with (
        state.log.open("ab") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            said = json.loads(_first_line(process, state, patience) or "{}")
        except BaseException:  # too slow, or Ctrl-C: it must not live on unseen
            os.killpg(process.pid, signal.SIGKILL)
            raise
        running = state.running() if "ready" in said else None
        if running:
            process.returncode = 0  # it lives on: leaving the block must not wait for it
            return running
    if "what" not in said:
        raise LanesError(f"the cloud died as it started (exit code {process.returncode})", fix=f"read {state.log}")
    kind = AlreadyRunningError if said["already"] else LanesError
    raise kind(said["what"], where=said["where"], fix=said["fix"])


def _first_line(process: subprocess.Popen[bytes], state: State, patience: float) -> bytes:
    """Return what the new process says first, nothing when it died.

    Raises:
        LanesError: It says nothing for *patience* seconds.
    """
    stdout = process.stdout
    if stdout is None or not select.select([stdout], [], [], patience)[0]:
        raise LanesError(
            f"the cloud said nothing for {patience:.0f} s as it started, and was ended",
            where=str(state.log),
            fix="read the end of that log, then lanes doctor; lanes up again when the machine is less busy",
        )
    return stdout.readline()


def down(state: State) -> Running | None:
    """End the cloud that runs here and wait until it is gone; None when none does.

    Raises:
        LanesError: It does not end.
    """
    running = state.running()
    if running is None:
        return None
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, sign)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if not state.held():
                return running
            time.sleep(_POLL)
    raise LanesError(f"the cloud (process {running.pid}) does not end", fix=f"kill -9 {running.pid}")


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    for sign, handler in before.items():
        if sign != signal.SIGHUP or handler != signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(sign, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def main() -> None:
    """Be the background process: one JSON line on stdout, then silence."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("settings", type=json.loads)
    args = parser.parse_args()
    settings = Settings(**args.settings | {"place": Place(**args.settings["place"])})

    def say(answer: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the starter hears no more

    def ready(_: Running) -> None:
        say({"ready": True})  # the rest is in its files: this line has no secret

    try:
        serve(State(args.folder), settings, ready)
    except LanesError as error:
        already = isinstance(error, AlreadyRunningError)
        say({"what": error.what, "where": error.where, "fix": error.fix, "already": already})
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
