"""What tests of every kind use: the repository, copies of the project to do as one likes with, database servers."""

import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[1]
PARTS = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app")

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Each test has sessions of its own. What botocore's files say of AWS's services is the same for all, and slow to read.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
botocore.loaders.create_loader = botocore.session.create_loader  # where Chalice's clients, one a function, take it from

# No test asserts a time: an example may take long on a busy machine, and so may the search for one.
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


@pytest.fixture(scope="session")
def copy_project():
    """Return a function that copies the project, without tests and state, into a folder and returns that."""

    def copy(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        for name in PARTS:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, symlinks=True, ignore=ignore)
            else:
                shutil.copy2(source, folder / name)
        return folder

    return copy


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server for all tests that want one, as its superuser's secret."""
    from shared.local.postgres import Postgres  # moto takes time that few tests have to spend

    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def mysql(tmp_path_factory):
    """A MySQL or MariaDB server for all tests that want one, where one is installed, as its administrator's secret."""
    server = shutil.which("mariadbd") or shutil.which("mysqld")
    if server is None:
        pytest.skip("there is neither mariadbd nor mysqld here; Debian has them in mariadb-server")
    folder = tmp_path_factory.mktemp("mysql")
    options = ["--no-defaults", f"--datadir={folder / 'data'}", *(["--user=root"] if os.geteuid() == 0 else [])]
    if "mariadb" in server:
        make = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
    else:
        make = [server, *options, "--initialize-insecure"]
    subprocess.run(make, check=True, capture_output=True)
    password = secrets.token_urlsafe(24)
    first = folder / "first.sql"
    first.write_text(
        f"CREATE USER 'admin'@'%' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;\n"
        "CREATE DATABASE teams;\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listen = [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--port={port}",
        f"--socket={folder / 's'}",
        f"--init-file={first}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, *options, *listen], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        admin = {"engine": "mysql", "host": "127.0.0.1", "port": port, "username": "admin", "password": password}
        yield {**admin, "dbname": "teams"}
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["postgres", "mysql"])
def database_server(request):
    """Each kind of database that the teams' may be, as its superuser's secret."""
    return request.getfixturevalue(request.param)
