"""The embedded PostgreSQL starts when it is asked for, and ends with the process that asked, however that ends."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.deploy.database import ADMIN_SECRET
from shared.errors import LanesError, code_of
from shared.handlers.database import connect
from shared.local.postgres import Postgres, offered
from shared.local.postgres_keeper import says_ready


def answers(secret):
    with connect(secret).connect() as connection:
        return connection.exec_driver_sql("SELECT current_user").scalar_one()


def gone(pid):
    deadline = time.monotonic() + 120
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"{pid} still lives"
        time.sleep(0.02)
    return True


def test_it_starts_once_and_leaves_nothing(tmp_path):
    server = Postgres(tmp_path)
    assert list(tmp_path.iterdir()) == []
    secret = server.start()
    assert server.start() == secret
    assert answers(secret) == "postgres"
    for password in ("", "postgres"):
        with pytest.raises(Exception, match="password"):
            answers(secret | {"password": password})
    server.stop()
    server.stop()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Exception, match="Connection refused"):
        answers(secret)


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("", False),
        ("1\n/data\n1700000000\n5432\n\n127.0.0.1\n  123 456\n", False),
        ("1\n/data\n1700000000\n5432\n\n127.0.0.1\n  123 456\nstarting\n", False),
        ("1\n/data\n1700000000\n5432\n\n127.0.0.1\n  123 456\nready   \n", True),
        ("1\n/data\n1700000000\n5432\n\n127.0.0.1\n  123 456\nstopping\n", False),
    ],
)
def test_an_open_port_is_not_enough_to_be_ready(tmp_path, text, ready):
    assert not says_ready(tmp_path / "postmaster.pid")
    (tmp_path / "postmaster.pid").write_text(text)
    assert says_ready(tmp_path / "postmaster.pid") is ready


OWNER = """
import sys
from pathlib import Path
from shared.local.postgres import Postgres
print(Postgres(Path(sys.argv[1])).start()["port"], flush=True)
sys.stdin.read()
"""


def test_it_ends_with_an_owner_that_is_killed(tmp_path, processes_in):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert int(owner.stdout.readline()) > 0
        servers = [pid for pid in processes_in(tmp_path) if pid != owner.pid]
        assert servers
        owner.kill()
    assert all(gone(pid) for pid in servers)
    deadline = time.monotonic() + 120
    while list(tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def processes_in():
    """Return a function that finds the processes whose command names a folder."""

    def find(folder):
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if str(folder).encode() in entry.read_bytes():
                    found.append(int(entry.parent.name))
        return found

    return find


def test_it_is_started_by_the_first_who_reads_its_secret(tmp_path):
    with mock_aws(), offered(tmp_path):
        manager = boto3.client("secretsmanager", "us-east-1", aws_access_key_id="t", aws_secret_access_key="t")
        manager.create_secret(Name="team1/other", SecretString="{}")
        manager.get_secret_value(SecretId="team1/other")
        assert list(tmp_path.iterdir()) == []
        first, again = (manager.get_secret_value(SecretId=ADMIN_SECRET)["SecretString"] for _ in range(2))
        assert first == again
        assert answers(json.loads(first)) == "postgres"
    assert list(tmp_path.iterdir()) == []


def test_who_reads_its_secret_is_refused_for_good_where_it_cannot_start(tmp_path):
    with mock_aws(), offered(tmp_path / "nowhere"):
        client = boto3.client("secretsmanager", region_name="us-east-1")
        with pytest.raises(ClientError, match="PostgreSQL does not start") as refused:
            client.get_secret_value(SecretId=ADMIN_SECRET)
        assert code_of(refused.value) == "InvalidRequestException"


def test_what_keeps_it_from_starting_is_told(tmp_path):
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    with pytest.raises(LanesError, match="PostgreSQL does not start"):
        Postgres(nowhere).start()
