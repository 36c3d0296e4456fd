"""Keeps one PostgreSQL server alive as long as stdin is open. It is a program that uses only the standard library.

The process that started it may be killed at any moment. Then the pipe closes, and the server ends and its files are
removed. The arguments are the folder of PostgreSQL's programs and a folder for the data. The program reads the
superuser's password from stdin, and prints ``ready PORT`` or why there is no server.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ATTEMPTS = 3  # another program may take the port that we found
PATIENCE = 30.0  # seconds for the server to come up
_LOOK = 0.02  # seconds between two looks at whether it is up
_NOBODY = 65534
_STATUS_LINE = 7  # from 0
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=100",
    "shared_buffers=32MB",
    "unix_socket_directories=",
)
_AS_NOT_ROOT = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]


class Keeper:
    """Runs PostgreSQL's programs as a user who is not root, because they refuse root.

    Root becomes another user in a user namespace, where it still owns its files. If the kernel gives no namespace, it
    becomes the user nobody.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.before: list[str] = []
        self.user: int | None = None
        if os.geteuid() == 0:
            if _may_be_another_user():
                self.before = _AS_NOT_ROOT
            else:
                self.user = _nobody()
                folder = Path(tempfile.gettempdir())  # nobody may not enter other users' folders
        self.data = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
        if self.user is not None:
            os.chown(self.data, self.user, -1)

    def command(self, program: str, *words: str) -> list[str]:
        """Return the command that runs one of PostgreSQL's programs on our data."""
        return [*self.before, str(self.programs / program), "-D", str(self.data / "data"), *words]

    def initialise(self, password: str) -> None:
        """Make the data folder, with the superuser ``postgres`` and *password*.

        Raises:
            OSError: initdb fails. The message is its output.
        """
        told = self.data / "password"  # a file, because the user nobody could not open a pipe
        told.touch(mode=0o600)
        told.write_text(password, encoding="utf-8")
        if self.user is not None:
            os.chown(told, self.user, -1)
        words = ("-U", "postgres", "-A", "scram-sha-256", "-E", "utf8", "--no-locale", "--no-sync", f"--pwfile={told}")
        made = subprocess.run(
            self.command("initdb", *words), check=False, capture_output=True, text=True, user=self.user
        )
        told.unlink()
        if made.returncode:
            raise OSError(made.stderr.strip())

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start the server; return it and its port.

        Raises:
            OSError: It does not come up. The message is the end of its log.
        """
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        log = self.data / "log"
        for _ in range(ATTEMPTS):
            port = _free_port()
            command = self.command("postgres", "-h", "127.0.0.1", "-p", str(port), *settings)
            with log.open("wb") as file:
                server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, user=self.user)
            if self._comes_up(server):
                return server, port
            server.kill()
            server.wait()
        raise OSError(log.read_text(encoding="utf-8", errors="replace")[-2000:].strip())

    def _comes_up(self, server: subprocess.Popen[bytes]) -> bool:
        """Wait until the server accepts clients. Its port is open before that, but refuses them."""
        deadline = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < deadline:
            if says_ready(self.data / "data" / "postmaster.pid"):
                return True
            time.sleep(_LOOK)
        return False


def says_ready(lock_file: Path) -> bool:
    """Say whether a server's postmaster.pid says that it accepts clients. pg_ctl reads the same line, the eighth."""
    try:
        lines = lock_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def _may_be_another_user() -> bool:
    if shutil.which(_AS_NOT_ROOT[0]) is None:
        return False
    tried = subprocess.run([*_AS_NOT_ROOT, "true"], check=False, capture_output=True)
    return tried.returncode == 0


def _nobody() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return _NOBODY


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main(programs: str, folder: str) -> None:
    """Run a server until stdin closes."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.SIG_IGN)  # a terminal sends them to the whole group; only the pipe counts
    keeper = Keeper(Path(programs), Path(folder))
    try:
        keeper.initialise(sys.stdin.readline().strip())
        server, port = keeper.start()
        try:
            _answer(f"ready {port}")
            sys.stdin.read()
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: there is nothing to keep
            server.wait()
    except OSError as error:
        _answer(str(error).replace("\n", " "))
    finally:
        shutil.rmtree(keeper.data, ignore_errors=True)


def _answer(line: str) -> None:
    """Send the one line that the starter reads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
