"""``lanes logs`` where there is nothing to show: what it says, and how it exits. With a cloud: tests/workflows."""

import sys
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.cli.logs import find_shown
from shared.cli.main import main
from shared.errors import UsageError


@pytest.fixture
def lanes(copy_project, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(copy_project(tmp_path / "project"))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lanes", "logs", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert told.out == ""
        return ended.value.code, told.err

    return run


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["team2", "cosmic"],
            1,
            "the log of a run ends with its cloud\n  fix: lanes up, then lanes run team2 cosmic again",
        ),
        (["nobody"], 2, "unknown team 'nobody'"),
        (["team2", "--since", "yesterday"], 2, "this is no time: 'yesterday'"),
    ],
)
def test_what_cannot_be_shown_is_said_with_the_way_out(lanes, words, code, said):
    ended, err = lanes(*words)
    assert ended == code
    assert said in err


class States:
    """No run of any name."""

    def get_paginator(self, _):
        return SimpleNamespace(paginate=lambda **_: [{"executions": []}])

    def describe_execution(self, executionArn):
        raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("cosmics", "unknown run or workflow 'cosmics'\n  fix: did you mean 'cosmic'"),
        ("20261130", "team2 has no run '20261130'\n  fix: lanes runs team2 lists them"),
        ("cosmic", "team2 has not run cosmic here"),
        (None, "team2 has run nothing here"),
    ],
)
def test_a_run_or_a_workflow_that_is_none_is_told(which, said):
    lane = SimpleNamespace(
        team="team2",
        workflows={"cosmic": SimpleNamespace(type="standard")},
        state_machine_arn=lambda key: f"arn:aws:states:us-east-1:123456789012:stateMachine:{key}",
    )
    with pytest.raises(UsageError) as raised:
        find_shown(SimpleNamespace(states=States()), lane, which)
    assert said in str(raised.value)
