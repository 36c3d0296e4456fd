"""One account for all tests of a file."""

import pytest

from tests.drill.account import account as open_account


@pytest.fixture(scope="module")
def account(tmp_path_factory, copy_project):
    """An account with nothing in it, whose answers can be changed on their way."""
    folder = tmp_path_factory.mktemp("drill")
    with open_account(copy_project(folder / "project"), folder / "cloud") as account:
        yield account
