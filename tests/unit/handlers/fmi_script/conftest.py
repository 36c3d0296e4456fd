"""The environment of team1's functions."""

import pytest

ENVIRONMENT = {
    "TEAM": "team1",
    "STAGE": "dev",
    "ACCOUNT": "123456789012",
    "BUCKET": "team1-data-0badcafe",
    "WORKFLOW": "fmi_script",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "RENDEZVOUS_ENDPOINT": "127.0.0.1:9",
    "RENDEZVOUS_TIMEOUT": "5",
    "RENDEZVOUS_DEGRADED_AFTER": "1",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return ENVIRONMENT
