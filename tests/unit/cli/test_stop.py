"""``lanes stop`` where no cloud is kept. With one: tests/workflows/test_leftovers.py; what it stops: unit/run."""

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.errors import LanesError


def test_without_a_cloud_there_is_nothing_to_stop(copy_project, tmp_path, monkeypatch):
    monkeypatch.chdir(copy_project(tmp_path / "project"))
    with pytest.raises(LanesError, match="no cloud is running here, so no run is\n  fix: --aws"):
        CliRunner().invoke(app, ["stop", "team2"], catch_exceptions=False)
    here = tmp_path / "project" / ".lanes"
    assert [path.name for path in here.iterdir()] == ["packages"]  # which all copies share
