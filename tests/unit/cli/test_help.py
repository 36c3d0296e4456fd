"""``--help`` shows what is written: no bracket in it is taken for a style."""

import re

import pytest
from typer.testing import CliRunner

from shared.cli.lazy import whole
from shared.cli.main import app


def commands(words, command):
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands((*words, name), child)


ALL = list(commands((), whole(app)))


def words_of(text):
    """Return *text* without blanks: a long word may be broken at its hyphens."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) or "lanes" for words, _ in ALL])
def test_no_help_text_loses_a_word_or_a_bracket(words, command):
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "300", "TERM": "dumb"})
    assert done.exit_code == 0
    shown = words_of(done.output)
    for part in (command, *command.params):
        for paragraph in (getattr(part, "help", None) or "").split("\n\n"):
            assert words_of(paragraph).strip() in shown
    for child in getattr(command, "commands", {}).values():
        assert child.hidden or words_of((child.help or "").split("\n\n")[0]).strip() in shown


def test_the_slug_of_a_new_team_is_told_whole():
    done = CliRunner().invoke(app, ["team", "new", "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert "[a-z][a-z0-9]{1,11}" in done.output
