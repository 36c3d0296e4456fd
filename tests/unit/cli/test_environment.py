"""``lanes env``: what a shell has after it, what it has no more, and what it is told when no cloud is running."""

import json
import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from shared.aws.access_key import AccessKey
from shared.cli.environment import entering, leaving, variables
from shared.cli.main import app
from shared.config.load import load_project
from shared.errors import LanesError, UsageError
from shared.local import daemon
from shared.local.state import STATE_DIR, State

KEY = AccessKey("AKIALANES", 'a secret\'s $(touch evil) `x` "y"')
CLOUD = ("http://127.0.0.1:4599", "eu-central-1")
SHOW = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"


def shell(lines, before):
    """Return the environment after a shell has evaluated *lines*."""
    keep = {name: os.environ[name] for name in ("PATH",)}
    command = ["sh", "-euc", f'eval "$LINES_TO_DO"\n{SHOW}']
    environment = keep | before | {"LINES_TO_DO": lines}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def entered(before=None, key=KEY, lines=lambda text: text):
    before = before or {}
    return shell(lines(entering(variables(*CLOUD, key, before), before)), before)


def test_a_shell_has_the_cloud_and_its_key_however_that_is_spelt():
    after = entered()
    assert after["AWS_ENDPOINT_URL"] == CLOUD[0]
    assert (after["AWS_ACCESS_KEY_ID"], after["AWS_SECRET_ACCESS_KEY"]) == (KEY.id, KEY.secret)
    assert after["AWS_DEFAULT_REGION"] == after["AWS_REGION"] == CLOUD[1]
    assert after["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
    assert not os.path.exists("evil")


def test_nothing_is_left_that_leads_elsewhere():
    before = dict.fromkeys(
        ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ENDPOINT_URL_S3"), "x"
    )
    before |= {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_REGION": "mars"}
    after = entered(before)
    assert [name for name in before if name in after] == ["AWS_REGION"]
    assert after["AWS_REGION"] == CLOUD[1]


def test_a_session_brings_its_token():
    assert entered({"AWS_SESSION_TOKEN": "old"}, AccessKey("ASIA", "s", "new"))["AWS_SESSION_TOKEN"] == "new"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "127.0.0.1,localhost"),
        ("example.edu", "example.edu,127.0.0.1,localhost"),
        ("localhost,example.edu", "localhost,example.edu,127.0.0.1"),
        ("*", "*"),
    ],
)
def test_no_proxy_stands_between(before, after):
    told = entered({"NO_PROXY": before, "no_proxy": before})
    assert told["NO_PROXY"] == told["no_proxy"] == after


def test_forgotten_quotes_around_it_do_no_harm():
    key = AccessKey("AKIALANES", "plain")
    assert entered(key=key, lines=lambda text: " ".join(text.split())) == entered(key=key) | {
        "LINES_TO_DO": entered(key=key, lines=lambda text: " ".join(text.split()))["LINES_TO_DO"]
    }


def test_a_shell_leaves_again():
    before = {"HOME": "/home/x", **variables(*CLOUD, AccessKey("a", "b", "c"), {})}
    left = shell(leaving(), before)
    assert [name for name in left if name.startswith("AWS_")] == []


@pytest.fixture
def lanes(tmp_path, copy_project, monkeypatch):
    root = copy_project(tmp_path / "project")
    monkeypatch.chdir(root)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def running(lanes, tmp_path):
    project = load_project(tmp_path / "project")
    state = State(project.root / STATE_DIR)
    yield daemon.up(state, daemon.Settings(project.place, 0, any_key=True))
    daemon.down(state)


def test_without_a_cloud_it_says_how_to_have_one_and_prints_nothing(lanes):
    done = lanes("env")
    assert done.stdout == ""
    assert isinstance(done.exception, LanesError)
    assert "lanes up" in done.exception.fix
    assert lanes("env", "--unset").stdout == leaving()
    assert isinstance(lanes("env", "--unset", "--json").exception, UsageError)


def test_it_prints_the_running_clouds_key_which_nobody_else_finds(lanes, running, tmp_path):
    told = json.loads(lanes("env", "--json").stdout)
    assert told["AWS_ENDPOINT_URL"] == running.endpoint
    assert (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"]) == (running.key.id, running.key.secret)
    assert f"export AWS_SECRET_ACCESS_KEY={running.key.secret};\n" in lanes("env").stdout

    folder = tmp_path / "project" / STATE_DIR
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "cloud.key").stat().st_mode) == 0o600
    process = [(f"/proc/{running.pid}/{name}") for name in ("cmdline", "environ")]
    for path in (*process, *(path for path in folder.rglob("*") if path.is_file() and path.name != "cloud.key")):
        with open(path, "rb") as file:
            assert running.key.secret.encode() not in file.read(), path


def test_up_tells_no_secret_and_warns_of_an_open_door(lanes, running):
    done = lanes("up")
    assert running.key.secret not in done.output
    assert 'eval "$(lanes env)"' in done.stderr
    assert "warning: it takes any access key" in done.stderr


def test_down_says_whether_what_was_in_it_is_kept(lanes):
    assert "what is in it is kept as soon as it is acknowledged" in lanes("up", "--port", "0", "--persist").stderr
    assert "lanes up --persist goes on with what was in it" in lanes("down").stderr


def test_up_takes_no_other_cloud_for_the_one_that_is_asked_for(lanes, running):
    error = lanes("up", "--speed", "2", "--open").exception  # it is open
    assert isinstance(error, LanesError)
    assert (error.what, error.where) == ("a cloud runs already, without --speed 2", running.endpoint)
    assert error.fix.startswith("lanes down")
    assert lanes("up", "--open").exit_code == 0


@pytest.mark.parametrize("options", [("--speed", "10"), ("--port", "4566")], ids=" ".join)
def test_up_does_not_drop_an_option_because_a_cloud_runs_already(lanes, running, options):
    assert f"a cloud runs already, without {' '.join(options)}" in str(lanes("up", *options).exception)
    assert lanes("up", "--port", running.endpoint.rpartition(":")[2]).exit_code == 0
