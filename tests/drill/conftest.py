"""The drill's harness, and one account for all tests of a file."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="module")
def drill():
    """What ``harness.py`` has, by name."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("harness.py"))))


@pytest.fixture(scope="module")
def account(drill, tmp_path_factory, copy_project):
    """An account with nothing in it, whose answers can be changed on their way."""
    folder = tmp_path_factory.mktemp("drill")
    with drill.ACCOUNT.account(copy_project(folder / "project"), folder / "cloud") as account:
        yield account
