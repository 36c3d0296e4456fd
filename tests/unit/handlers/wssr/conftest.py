"""The environment of team wssr's functions, with R and without."""

import shutil

import pytest


@pytest.fixture
def place():
    return {"TEAM": "wssr", "BUCKET": "wssr-data-0badcafe", "WORKFLOW": "wssr"}


@pytest.fixture
def with_r():
    if not shutil.which("Rscript"):
        pytest.skip("there is no Rscript on this machine (apt install r-base-core)")


@pytest.fixture
def without_r(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
