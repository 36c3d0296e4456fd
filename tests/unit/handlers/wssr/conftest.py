"""The environment of team wssr's functions, and what needs R."""

import shutil

import pytest

ENVIRONMENT = {
    "TEAM": "wssr",
    "STAGE": "dev",
    "ACCOUNT": "123456789012",
    "BUCKET": "wssr-data-0badcafe",
    "WORKFLOW": "wssr",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return ENVIRONMENT


@pytest.fixture
def with_r():
    if not shutil.which("Rscript"):
        pytest.skip("there is no Rscript on this machine (apt install r-base-core)")


@pytest.fixture
def without_r(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
