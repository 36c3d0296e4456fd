"""MiniStack, an emulator by others (MIT), in a process of its own on loopback; the real command line against it.

It is no requirement of the suite: it pins a botocore of its own, so it wants an environment of its own. Where it is not
found the tests here skip::

    python3 -m venv .ministack && .ministack/bin/pip install ministack==1.5.33 boto3
    .venv/bin/pytest tests/emulators

One elsewhere, not on the PATH, is named by the variable MINISTACK.

Its Lambda runs zips with the Python that it runs with, which must be the one that the zip's libraries are for, and
takes boto3 from there, as AWS's own runtime has it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from shared.config.load import load_project
from tests.helpers.project import REPOSITORY
from tests.helpers.servers import free_port, running

ACCOUNT = "123456789012"
_LISTENING = "0A"
_ANY_ADDRESS = {"00000000", "0" * 32}


def find_ministack():
    """Return the program, or None."""
    beside = f"{os.environ['PATH']}{os.pathsep}{REPOSITORY / '.ministack/bin'}"
    return os.environ.get("MINISTACK") or shutil.which("ministack", path=beside)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    """The URL of a MiniStack that knows nothing yet."""
    program = find_ministack()
    if program is None:
        pytest.skip("MiniStack is not installed: tests/emulators/conftest.py says how")
    folder = tmp_path_factory.mktemp("ministack")
    port = free_port()
    environment = {
        "PATH": f"{Path(program).resolve().parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",  # its default is every interface
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
    }
    with running([program], port, folder / "log", env=environment, cwd=folder) as process:
        assert listening_beyond_loopback(process.pid) == []
        yield f"http://127.0.0.1:{port}"


def listening_beyond_loopback(pid):
    """Return what the process listens on that others than this machine reach."""
    sockets = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == _LISTENING and f"socket:[{inode}]" in sockets and local.partition(":")[0] in _ANY_ADDRESS:
                found.append(local)
    return found


@pytest.fixture(scope="session")
def root(tmp_path_factory, copy_project):
    return copy_project(tmp_path_factory.mktemp("emulators") / "project")


@pytest.fixture(scope="session")
def project(root):
    return load_project(root)


@pytest.fixture
def clients(ministack):
    session = boto3.Session("test", "test", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=ministack)


@pytest.fixture
def lanes(ministack, root):
    """Type a command in the project's folder, in a shell whose only way to AWS is --endpoint."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LANES_"))}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "NO_COLOR": "1", "COLUMNS": "200"}

    def run(*words, code=0, given=None):
        command = [sys.executable, "-m", "shared.cli", *map(str, words), "--endpoint", ministack]
        done = subprocess.run(
            command, cwd=root, env=clean | keys, input=given, capture_output=True, text=True, timeout=600, check=False
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run
