"""What tests of every kind use: the repository, copies of the project to do as one likes with, database servers."""

import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import botocore.loaders
import botocore.session
import botocore.useragent
import pytest
from hypothesis import HealthCheck, settings

from tests.helpers import project
from tests.helpers.limit import limited
from tests.helpers.servers import free_port, running

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # and nohup the closing of a terminal
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Each test has sessions of its own. What botocore's files say of AWS's services is the same for all, and slow to read.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
botocore.loaders.create_loader = botocore.session.create_loader  # where Chalice's clients, one a function, take it from
# And each call tells the same of this machine, cleaned letter by letter.
botocore.useragent.sanitize_user_agent_string_component = functools.cache(
    botocore.useragent.sanitize_user_agent_string_component
)

# 1,300 machine images, which moto's EC2 reads for each account and after each reset, and nobody here looks at.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

# No test asserts a time: an example may take long on a busy machine, and so may the search for one.
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


_LONGEST = 600.0  # seconds; no test takes a fifth of it on two busy cores


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let no test hang for ever."""
    with limited(item.nodeid, _LONGEST):
        return (yield)


# The rooms whose files take longest. They go first, so that the last of a run are short ones and no core is idle.
_LONG = ("workflows", "drill", "console_browser", "emulators", "contract", "network", "isolation")
_LONG_UNITS = ("local", "cli", "deploy", "console")


def pytest_collection_modifyitems(items):
    """Order the files: those of long rooms first. ``--no-loadscope-reorder`` has xdist keep it."""
    folder = Path(__file__).parent
    rooms = [*(folder / name for name in _LONG), *(folder / "unit" / name for name in _LONG_UNITS)]

    def place(item):
        return next((number for number, room in enumerate(rooms) if room in item.path.parents), len(rooms))

    items.sort(key=place)


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def copy_project():
    """Return a function that copies the project, without tests and state, into a folder and returns that."""
    return project.copy_project


@pytest.fixture
def lanes_in(monkeypatch, capsys):
    """Return a function that runs a command in this process, in a folder, with its real entry point."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")

    from moto.core.base_backend import BackendDict  # few tests want these

    from shared.cli.main import main

    BackendDict.reset()  # a cloud of the command's own is in this process: what other tests left in moto is not its

    def run(folder, *words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["lanes", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return run


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
    port = free_port()
    listen = [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--port={port}",
        f"--socket={folder / 's'}",
        f"--init-file={first}",
    ]
    with running([server, *options, *listen], port, folder / "log"):
        admin = {"engine": "mysql", "host": "127.0.0.1", "port": port, "username": "admin", "password": password}
        yield {**admin, "dbname": "teams"}


@pytest.fixture(params=["postgres", "mysql"])
def database_server(request):
    """Each kind of database that the teams' may be, as its superuser's secret."""
    return request.getfixturevalue(request.param)
