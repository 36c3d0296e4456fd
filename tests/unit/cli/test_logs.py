"""``lanes logs`` where there is nothing to show: what it says, and how it exits. With a cloud: tests/workflows."""

import sys

import pytest

from shared.cli.main import main


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
        (["team2", "cosmics"], 2, "unknown workflow 'cosmics'\n  fix: did you mean 'cosmic'?"),
        (["team2", "--since", "yesterday"], 2, "this is no time: 'yesterday'"),
    ],
)
def test_what_cannot_be_shown_is_said_with_the_way_out(lanes, words, code, said):
    ended, err = lanes(*words)
    assert ended == code
    assert said in err
