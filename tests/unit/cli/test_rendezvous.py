"""``lanes rendezvous``, as typed."""

import inspect
import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import Any

import pytest

from shared.cli.rendezvous import serve
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.punch import own_port


@contextmanager
def serving(*options: Any, **environment: str) -> Any:
    command = [
        sys.executable,
        "-m",
        "shared.cli",
        "rendezvous",
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--http-port",
        "0",
    ]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, *options], **pipes, env={**os.environ, **environment}) as process:
        assert process.stdout
        rendezvous, http = process.stdout.readline().split()
        try:
            yield process, rendezvous, http
        finally:
            process.kill()


def lanes(*arguments: Any, **environment: str) -> Any:
    command = [sys.executable, "-m", "shared.cli", "rendezvous", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )


def test_served_without_options_it_has_the_limits_that_are_the_servers_own() -> None:
    options, usual = inspect.signature(serve).parameters, Limits()
    shared = [name for name in options if hasattr(usual, name)]
    assert len(shared) == 5
    assert {name: options[name].default for name in shared} == {name: getattr(usual, name) for name in shared}


def test_a_served_rendezvous_checks_healthy_and_ends_on_sigterm() -> None:
    with serving() as (process, endpoint, http):
        checked = lanes("check", endpoint, "--json")
        assert checked.returncode == 0, checked.stderr
        document = json.loads(checked.stdout)
        assert document["status"] == "healthy"
        assert document["milliseconds"] < 500
        with urllib.request.urlopen(f"http://{http}/metrics", timeout=5) as page:
            assert "fmi_rendezvous_pairings_total 1\n" in page.read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
        events = [json.loads(line)["event"] for line in process.stderr.read().splitlines()]
        assert events == ["listening", "closed"]


def test_a_server_with_a_master_key_lets_in_what_a_team_signed_alone() -> None:
    master = "6d" * 32
    key = lanes("key", "team1", FMI_MASTER_KEY=master).stdout.strip()
    with serving(FMI_MASTER_KEY=master) as (process, endpoint, _):
        assert lanes("check", endpoint, "--team", "team1", FMI_TEAM_KEY=key).returncode == 0
        other = lanes("check", endpoint, "--team", "team2", FMI_TEAM_KEY=key)
        assert other.returncode == 3
        assert "turned away a name signed with the key of team2" in other.stdout
        assert "fix: lanes deploy TEAM renews" in other.stderr
        process.send_signal(signal.SIGTERM)
        written = process.stderr.read()
    assert json.loads(written.splitlines()[0])["keyed"] is True
    assert master not in written
    assert key not in written
    with serving("--allow-open", FMI_MASTER_KEY=master) as (_, endpoint, _http):
        assert lanes("check", endpoint).returncode == 0


def test_a_master_key_that_is_none_is_refused_without_being_shown() -> None:
    refused = lanes("serve", FMI_MASTER_KEY="hunter2")
    assert refused.returncode == 2
    assert "FMI_MASTER_KEY does not hold 64 hex digits" in refused.stderr
    assert "hunter2" not in refused.stderr


def test_a_closed_port_exits_3_with_the_reason() -> None:
    with own_port() as unused:
        checked = lanes("check", f"127.0.0.1:{unused.getsockname()[1]}", "--timeout", "1")
    assert checked.returncode == 3
    assert "refused: " in checked.stdout
    assert "fix: start the server" in checked.stderr


@pytest.mark.parametrize("arguments", [("check", "nowhere:port"), ("check", "--team", "nobody"), ("key", "team1")])
def test_a_wrong_command_line_exits_2(arguments: Any) -> None:
    assert lanes(*arguments).returncode == 2


def test_a_taken_port_says_so() -> None:
    with serving() as (_, endpoint, _http):
        port = endpoint.rpartition(":")[2]
        taken = lanes("serve", "--host", "127.0.0.1", "--port", port, "--http-port", "0")
    assert taken.returncode == 1
    assert "cannot listen" in taken.stderr
