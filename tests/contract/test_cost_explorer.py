"""``lanes cost --all --billed`` against moto's Cost Explorer, which answers what it was told before."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.helpers.servers import free_port, running

ACCOUNT = "123456789012"


def group(key, amount):
    return {"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}


@pytest.fixture
def explorer(tmp_path):
    """The URL of a moto that bills team2, and a team that has no file."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port, tmp_path / "moto.log", env=dict(os.environ), cwd=tmp_path):
        month = f"{datetime.now(UTC):%Y-%m}"
        period = {
            "TimePeriod": {"Start": f"{month}-01", "End": f"{month}-02"},
            "Groups": [group("team$team2", "1.25"), group("team$gone", "0.01"), group("team$", "7")],
            "Estimated": True,
            "Total": {},
        }
        answer = {"ResultsByTime": [period], "GroupDefinitions": [], "DimensionValueAttributes": []}
        url = f"http://127.0.0.1:{port}"
        request = urllib.request.Request(
            f"{url}/moto-api/static/ce/cost-and-usage-results",
            json.dumps({"results": [answer], "account_id": ACCOUNT}).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=60).close()
        yield url


def test_what_was_billed_stands_beside_what_is_estimated(explorer, copy_project, tmp_path):
    root = copy_project(tmp_path / "project")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    command = [sys.executable, "-m", "shared.cli", "cost", "--all", "--billed", "--endpoint", explorer]
    said = subprocess.run(command, cwd=root, env=os.environ | keys, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0].split() == ["team", "runs", "spent", "budget", "share", "forecast", "billed", "more", "by"]
    (team2,) = (line.split() for line in lines if line.startswith("team2 "))
    assert team2[-3:] == ["$1.25", "+$1.25", "-"]
    assert "billed by AWS: $1.26" in lines
    assert "billed to gone, which has no file here: $0.0100" in lines
    assert "1 request to Cost Explorer, $0.01" in said.stderr
