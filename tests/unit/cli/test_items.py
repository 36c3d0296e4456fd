"""lanes items: a list is loaded where it stays, or not at all."""

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.errors import LanesError
from shared.local.state import STATE_DIR


def test_a_list_that_nothing_would_keep_is_refused_with_the_way_out(copy_project, tmp_path, monkeypatch):
    monkeypatch.chdir(copy_project(tmp_path / "project"))
    with pytest.raises(LanesError, match=r"(?s)no cloud is running that would keep the list.*lanes up"):
        CliRunner().invoke(
            app, ["items", "load", "topics", "statemachines/samples/simplelist.json"], catch_exceptions=False
        )
    assert not (tmp_path / "project" / STATE_DIR / "scratch").exists(), "no cloud was started for it"
