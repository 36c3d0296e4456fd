"""``lanes down``, and Ctrl-C of ``lanes up --foreground``, with something running: whose it is, and what ends it."""

import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from shared.aws.client import connect_endpoint
from shared.cli.ending import ask_whether, told
from shared.local import daemon
from shared.local.door.sessions import new_owner_key
from shared.local.state import Running, State
from shared.run.running import TeamRuns

WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def state(project):
    state = State(project.root / ".lanes")
    yield state
    daemon.down(state)


def run_some(project, running):
    """Start two executions of a team and one of another."""
    aws = connect_endpoint(project.place, running.endpoint, running.key)
    role = aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    for name, times in (("team1-waits-1", 2), ("team2-waits-1", 1), ("team2-idle-1", 0)):
        made = aws.states.create_state_machine(name=name, definition=json.dumps(WAIT), roleArn=role)
        for _ in range(times):
            aws.states.start_execution(stateMachineArn=made["stateMachineArn"])
    aws.states.create_state_machine(name="team1-quick-1", definition=json.dumps(WAIT), roleArn=role, type="EXPRESS")


@pytest.fixture
def busy(project, state, lanes):
    assert lanes("up", "--port", "0")[0] == 0
    run_some(project, state.running())
    return state.running()


def test_a_terminal_is_asked_and_a_no_ends_nothing(lanes, state, busy):
    code, _, said = lanes("down", answer="n")
    assert code == 1
    assert "3 executions that run: team1 2 (since 2" in said
    assert "team2 1 (since 2" in said
    assert "they are lost" in said
    assert f"End {busy.endpoint}? [y/N]" in said
    assert state.running() == busy
    code, _, said = lanes("down", answer="y")
    assert (code, state.running()) == (0, None)


def test_without_a_terminal_it_says_what_it_ends(lanes, state, busy):
    code, out, said = lanes("down", "--json")
    assert (code, state.running()) == (0, None)
    assert "ends 3 executions that run: team1 2 (since 2" in said
    ended = json.loads(out)
    assert ended["ended"] == busy.endpoint
    assert [(each["team"], each["executions"]) for each in ended["ran"]] == [("team1", 2), ("team2", 1)]


def test_yes_asks_nobody(lanes, state, busy):
    assert "[y/N]" not in lanes("down", "--yes", answer="")[2]
    assert state.running() is None


def test_a_cloud_that_does_not_answer_may_end_all_the_same(capsys):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    silent = Running(endpoint, 1, "123456789012", "us-east-1", "now", any_key=False, key=new_owner_key())
    assert ask_whether(silent, yes=False) == []
    assert "it does not tell what runs in it" in capsys.readouterr().err


def test_an_idle_cloud_ends_without_a_question(lanes, state):
    lanes("up", "--port", "0")
    assert "[y/N]" not in lanes("down", answer="")[2]
    assert json.loads(lanes("down", "--json")[1]) == {"ended": None, "ran": []}


def test_what_a_cloud_keeps_begins_again():
    running = Running("http://x", 1, "1", "r", "now", any_key=False, key=None, persists=True)
    line = told([TeamRuns("a", 1, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))], running)
    assert line == (
        "1 execution that runs: a 1 (since 2026-01-02 03:04:05 UTC); "
        "they begin again when lanes up --persist starts it again"
    )


class Foreground:
    """``lanes up --foreground`` at a terminal of its own."""

    def __init__(self, folder):
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "shared.cli", "up", "--foreground", "--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.said = ""

    def until(self, word):
        while word not in self.said:
            assert select.select([self.master], [], [], 60)[0], f"waited 60 s for {word!r} after {self.said!r}"
            self.said += os.read(self.master, 4096).decode()
        said, self.said = self.said, ""
        return said

    def type(self, text):
        os.write(self.master, text.encode())

    def ended(self):
        return self.process.wait(timeout=60)

    def press_ctrl_c_until_it_ends(self):
        """A signal that comes after Python looked for one, and before it reads what is typed, waits for the next."""
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(timeout=2)
        raise AssertionError(f"Ctrl-C does not end it; it said {self.said!r}")

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def foreground(project, state):
    started = Foreground(project.root)
    started.until("lanes down ends it")
    run_some(project, state.running())
    yield started
    started.end()


def test_ctrl_c_in_the_foreground_asks_and_the_second_one_ends_it(foreground, state):
    foreground.process.send_signal(signal.SIGINT)
    assert "3 executions that run" in foreground.until("[y/N]")
    foreground.type("n\n")
    foreground.until("it goes on")
    assert state.running()
    foreground.process.send_signal(signal.SIGINT)
    foreground.until("[y/N]")
    assert foreground.press_ctrl_c_until_it_ends() == 0
    assert state.running() is None


def test_sigterm_in_the_foreground_ends_it_with_a_word(foreground, state):
    foreground.process.terminate()
    assert "ends 3 executions that run" in foreground.until("they are lost")
    assert foreground.ended() == 0
    assert state.running() is None
