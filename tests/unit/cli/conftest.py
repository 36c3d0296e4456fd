"""The ``lanes`` command as a user types it, in a project."""

import io
import sys

import pytest

from shared.cli.main import main
from shared.config.load import load_project


class Terminal(io.StringIO):
    """A user who answers."""

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def project(copy_project, tmp_path_factory):
    return load_project(copy_project(tmp_path_factory.mktemp("project")))


@pytest.fixture
def here(project):
    """The folder that the commands are typed in."""
    return project.root


@pytest.fixture
def lanes(here, monkeypatch, capsys):
    """Return a function that runs a command and returns its exit code, its stdout and its stderr.

    The *answer* is typed at a terminal. Without one there is no terminal.
    """
    monkeypatch.chdir(here)

    def run(*words, answer=None):
        monkeypatch.setattr(sys, "argv", ["lanes", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(answer + "\n"))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run
