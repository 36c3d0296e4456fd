"""``lanes up`` and ``lanes down``: an embedded cloud in a process of its own.

The starter reads one line from the new process: that it is ready, or why it cannot start. From then on the two know
each other only through :class:`shared.local.state.State`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.config.cloud_bounds import Bound, CloudBounds
from shared.config.lane import Place
from shared.disks import disk_error
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from shared.local.cloud_log import CloudLog, Folded, open_log, to_stderr
from shared.local.pacing.account import Account
from shared.local.state import Running, State, private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Seconds.
_SLOWEST_START = 60.0  # for a start, on a busy machine
_SLOWEST_END = 15.0  # for a process to end after a signal
_LOOK_AT_LOCK = 0.25  # another command that only looks at the lock holds it for less than that
_POLL = 0.05  # between two looks at a lock
_LOOK = 1.0  # between two looks at whether our files are still there


class AlreadyRunningError(LanesError):
    """Another process runs this project's cloud, or is starting it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a cloud: see :class:`EmbeddedCloud`."""

    place: Place
    port: int
    speed: float = 1.0
    any_key: bool = False
    persist: bool = False
    bounds: CloudBounds = field(default_factory=CloudBounds)
    as_aws: bool = False


def serve(
    state: State,
    settings: Settings,
    ready: Callable[[Running], None],
    watch: Callable[[], None] = lambda: None,
    may_end: Callable[[int], bool] = lambda _: True,
) -> None:
    """Run a cloud until SIGTERM, SIGINT or SIGHUP.

    Args:
        state: The cloud's files.
        settings: Its settings.
        ready: Called once, as soon as it answers.
        watch: Called each second.
        may_end: Says whether it may end, given the signal.

    Raises:
        AlreadyRunningError: One runs already.
        LanesError: The cloud cannot start. Or its files were removed, so that no command could end it any more.
    """
    private_folder(state.folder)
    if not _until(state.lock.acquire, _LOOK_AT_LOCK):
        raise AlreadyRunningError("a cloud runs here already", fix="use it, or end it with lanes down")
    try:
        place = settings.place
        cloud = EmbeddedCloud(
            place,
            state.folder,
            port=settings.port,
            speed=settings.speed,
            any_key=settings.any_key,
            persist=settings.persist,
            bounds=settings.bounds,
            account=Account(place.region, idle=60 * settings.bounds.idle_minutes) if settings.as_aws else None,
        )
        with _stop_signals() as stop, cloud:
            running = Running(
                endpoint=cloud.endpoint,
                pid=os.getpid(),
                account=place.account,
                region=place.region,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
                any_key=settings.any_key,
                persists=settings.persist,
                carries=str(cloud.carries),
                as_aws=settings.as_aws,
                key=cloud.key,
            )
            state.write(running)
            ready(running)
            while found := stay(stop.wait, state.lost, watch):
                stop.clear()
                if may_end(stop.sign):
                    break
        if not found:
            raise LanesError("the cloud ended because its files were removed", where=str(state.folder), fix="lanes up")
    finally:
        state.clear()
        state.lock.release()


def stay(told: Callable[[float], bool], lost: Callable[[], bool], watch: Callable[[], None] = lambda: None) -> bool:
    """Wait until we are told to end (True), or until nobody can find us (False).

    Args:
        told: Waits at most so many seconds to be told, and returns whether we were.
        lost: Says whether nobody can find us any more.
        watch: Called each time.
    """
    while not told(_LOOK):
        if lost():
            return False
        watch()
    return True


def _until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until *done* returns True, at most so many *seconds*; return whether it did."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def up(
    state: State,
    settings: Settings,
    *,
    patience: float = _SLOWEST_START,
    lifeline: int | None = None,
    on_ready: Callable[[Running], object] = id,
) -> Running:
    """Start a cloud in the background and return where it listens. Ctrl-C before that ends it.

    Args:
        state: The cloud's files.
        settings: Its settings.
        patience: Seconds that it may take to start.
        lifeline: The end to read from of a pipe, if the cloud is to end when nobody holds the other end any more.
        on_ready: Told of it. Until that is through, Ctrl-C ends it, as nobody knows that it runs.

    Raises:
        AlreadyRunningError: One runs already.
        LanesError: It cannot start, with its own message; or it said nothing for too long, and was ended.
    """
    private_folder(state.folder)
    folder = state.folder.resolve()
    command = [sys.executable, "-m", "shared.local.daemon", str(folder), json.dumps(asdict(settings))]
    command += [] if lifeline is None else ["--lifeline", str(lifeline)]
    with (
        os.fdopen(open_log(state.log), "ab") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=() if lifeline is None else (lifeline,),
        ) as process,
    ):
        try:
            said = json.loads(_first_line(process, state, patience) or "{}")
            running = state.running() if "ready" in said else None
            if running:
                on_ready(running)
        except BaseException:  # too slow, or Ctrl-C: it must not go on unseen
            _end(process)
            raise
        if running:
            process.returncode = 0  # it goes on: leaving the block must not wait for it
            return running
    if "what" not in said:
        raise LanesError(f"the cloud died as it started (exit code {process.returncode})", fix=f"read {state.log}")
    kind = AlreadyRunningError if said["already"] else LanesError
    raise kind(said["what"], where=said["where"], fix=said["fix"])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a cloud that nobody knows of: asked first, so that it removes its files, and killed if that is not heard."""
    try:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_SLOWEST_END)
    finally:  # also at a second Ctrl-C
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _first_line(process: subprocess.Popen[bytes], state: State, patience: float) -> bytes:
    """Return the first line of the new process; empty if it died.

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
    """End the cloud that runs here, wait until it has ended, and return it; None if there is none.

    Raises:
        LanesError: It does not end.
    """
    running = state.running()
    if running is None:
        return None
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, sign)
        if _until(lambda: not state.held(), _SLOWEST_END):
            return running
    raise LanesError(f"the cloud (process {running.pid}) does not end", fix=f"kill -9 {running.pid}")


class _Stop(threading.Event):
    """Whether we are told to end, and by which signal."""

    sign = 0

    def told(self, sign: int, _: object) -> None:
        self.sign = sign
        self.set()


@contextlib.contextmanager
def _stop_signals() -> Iterator[_Stop]:
    stop = _Stop()
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    for sign, handler in before.items():
        if sign != signal.SIGHUP or handler != signal.SIG_IGN:  # nohup: it must outlive the terminal
            signal.signal(sign, stop.told)
    try:
        yield stop
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _is_cut(lifeline: int) -> bool:
    """Say whether nobody holds the other end of a pipe any more. Nobody ever writes into it."""
    return bool(select.select([lifeline], [], [], 0)[0])


def _read_settings(told: dict[str, Any]) -> Settings:
    runs, logs, idle_minutes = (told["bounds"][name] for name in ("runs", "logs", "idle_minutes"))
    bounds = CloudBounds(Bound(**runs), Bound(**logs), idle_minutes)
    return Settings(**told | {"place": Place(**told["place"]), "bounds": bounds})


def main() -> None:
    """Be the background process: write one JSON line to stdout, then nothing more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("settings", type=json.loads)
    parser.add_argument("--lifeline", type=int)
    args = parser.parse_args()
    settings, state = _read_settings(args.settings), State(args.folder)
    folded, log = Folded(to_stderr), CloudLog(state.log)
    logging.basicConfig(handlers=[folded])

    def say(answer: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the starter reads no more

    heard = False

    def ready(_: Running) -> None:
        nonlocal heard
        heard = True
        say({"ready": True})  # the rest is in its files: this line holds no secret

    def watch() -> None:
        folded.look()
        log.look()
        if args.lifeline is not None and _is_cut(args.lifeline):
            signal.raise_signal(signal.SIGTERM)

    try:
        serve(state, settings, ready, watch)
    except BrokenPipeError:
        sys.exit("the cloud ended: who started it was gone before it was ready")
    except (LanesError, OSError, sqlite3.Error) as error:
        known = error if isinstance(error, LanesError) else disk_error(error, [state.folder, tempfile.gettempdir()])
        if known is None:
            raise
        if heard:
            logging.getLogger(__name__).error("the cloud ended: %s", known)  # noqa: TRY400  it is told in words
            sys.exit(known.exit_code)
        already = isinstance(known, AlreadyRunningError)
        say({"what": known.what, "where": known.where, "fix": known.fix, "already": already})
        sys.exit(known.exit_code)


if __name__ == "__main__":
    main()
