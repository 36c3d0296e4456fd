"""A project to make workflows in, with what its checks and its tests go by."""

import shutil
import subprocess
import sys
from functools import partial

import pytest

from tests.helpers.project import REPOSITORY


@pytest.fixture
def root(tmp_path, copy_project):
    root = copy_project(tmp_path / "project")
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return root


@pytest.fixture
def lanes(root, lanes_in):
    return partial(lanes_in, root)


@pytest.fixture
def tool(root):
    """Return a function that runs a tool of the project's Python in its folder, and returns what it printed."""

    def run(*words, code=0):
        command = [sys.executable, "-m", *words]
        ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout

    return run
